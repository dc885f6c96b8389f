import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { FixityError } from '#kernel';
import { matchesMoving } from './moving.ts';
import { isRepository, isTag } from './names.ts';
import { parseReference } from './reference.ts';
import { nextTag } from './refusals.ts';

const now = Date.parse('2026-11-22T12:00:00Z');
const part = fc.stringMatching(/^[a-z0-9]{1,8}((\.|_|__|-{1,3})[a-z0-9]{1,8}){0,2}$/);
const repository = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'));
const tag = fc.stringMatching(/^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,40}$/);
const hex = fc.stringMatching(/^[0-9a-f]{4,64}$/);

describe('references', () => {
  it('read back what they were made of', () => {
    fc.assert(
      fc.property(repository, tag, hex, (name, label, digits) => {
        fc.pre(!/^sha256$/.test(name));
        assert.deepEqual(parseReference(`${name}:${label}`, now), { by: 'tag', repository: name, tag: label });
        const byDigest = { by: 'digest', repository: name, hex: digits };
        assert.deepEqual(parseReference(`${name}@sha256:${digits}`, now), byDigest);
        assert.deepEqual(parseReference(`${name}:${label}@${digits}`, now), byDigest);
        assert.deepEqual(parseReference(digits, now), { by: 'digest', hex: digits });
        const at = '2026-11-22T02:03:00.000Z';
        const moment = { by: 'tag', repository: name, tag: label, at };
        assert.deepEqual(parseReference(`${name}:${label}@2026-11-22T02:03Z`, now), moment);
      }),
    );
  });

  it('of any other form are refused, and nothing else is thrown', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[a-z:@/.-]{0,30}$/)), (text) => {
        try {
          const found = parseReference(text, now);
          if (found.by === 'tag') assert.ok(isRepository(found.repository) && isTag(found.tag));
          else assert.ok(found.repository === undefined || isRepository(found.repository));
        } catch (error) {
          assert.ok(error instanceof FixityError && error.code === 'invalid-input');
        }
      }),
    );
  });

  it('keep to the grammar of the specification', () => {
    for (const name of ['a', 'a/b', 'a.b', 'a__b', 'a---b', '0/1']) assert.ok(isRepository(name), name);
    for (const name of ['', 'A', '/a', 'a/', 'a//b', 'a___b', '-a', 'a..b', 'a-', 'a'.repeat(256)]) {
      assert.ok(!isRepository(name), name);
    }
    for (const text of ['1', '_', 'A.b-c_', 'x'.repeat(128)]) assert.ok(isTag(text), text);
    for (const text of ['', '.a', '-a', 'a b', 'a:b', 'x'.repeat(129)]) assert.ok(!isTag(text), text);
  });
});

describe('moving patterns', () => {
  it('match as the regular expression they stand for', () => {
    const pattern = fc.stringMatching(/^[ab.*-]{1,8}$/);
    fc.assert(
      fc.property(pattern, fc.stringMatching(/^[ab.-]{0,10}$/), (glob, text) => {
        const parts = glob.split('*').map((literal) => literal.replaceAll(/[.-]/g, '\\$&'));
        assert.equal(matchesMoving([glob], text), new RegExp(`^${parts.join('.*')}$`).test(text));
      }),
    );
  });
});

describe('the tag suggested instead', () => {
  it('is another one, and a valid one', () => {
    assert.deepEqual(['1.4.2', 'v9', '2026-rc1', 'main'].map(nextTag), ['1.4.3', 'v10', '2026-rc2', 'main-2']);
    fc.assert(
      fc.property(fc.stringMatching(/^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,126}$/), (text) => {
        assert.ok(nextTag(text) !== text && isTag(nextTag(text)));
      }),
    );
  });
});
