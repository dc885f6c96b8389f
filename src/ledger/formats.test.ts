import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { formatCheckpoint, openCheckpoint, parseCheckpoint, signCheckpoint } from './checkpoint.ts';
import { key, origin } from './ledger.case.ts';
import { openStatement, parseStatement } from './statement.ts';
import { formatTilePath, parseTilePath, type TilePath } from './tile-path.ts';

const root = Buffer.alloc(32, 9);
const base64 = root.toString('base64');

describe('tile paths', () => {
  it('are those of C2SP tlog-tiles', () => {
    const examples: [string, TilePath][] = [
      ['tile/0/x001/x234/067', { kind: 'tile', level: 0, index: 1_234_067, width: 256 }],
      ['tile/63/000', { kind: 'tile', level: 63, index: 0, width: 256 }],
      ['tile/1/999.p/255', { kind: 'tile', level: 1, index: 999, width: 255 }],
      ['tile/entries/x001/000.p/1', { kind: 'entries', index: 1000, width: 1 }],
    ];
    for (const [path, parsed] of examples) {
      assert.deepEqual(parseTilePath(path), parsed);
      assert.equal(formatTilePath(parsed), path);
    }
  });

  it('round-trip', () => {
    const index = fc.oneof(fc.integer({ min: 0, max: 2000 }), fc.maxSafeNat());
    const width = fc.integer({ min: 1, max: 256 });
    const tile = fc.record({
      kind: fc.constant('tile' as const),
      level: fc.integer({ min: 0, max: 63 }),
      index,
      width,
    });
    const entries = fc.record({ kind: fc.constant('entries' as const), index, width });
    fc.assert(
      fc.property(fc.oneof(tile, entries), (path) =>
        assert.deepEqual(parseTilePath(formatTilePath(path)), { ...path }),
      ),
    );
  });

  it('have one spelling only', () => {
    const wrong = [
      '',
      'tile',
      'tile/0',
      'tile/0/',
      'tile/64/000',
      'tile/00/000',
      'tile/-1/000',
      'tile/0/00',
      'tile/0/0000',
    ];
    wrong.push(
      'tile/0/x000/001',
      'tile/0/001/002',
      'tile/0/x001',
      'tile/0/000.p/0',
      'tile/0/000.p/256',
      'tile/0/000.p/01',
    );
    wrong.push(
      'tile/0/000.p/',
      '/tile/0/000',
      'tile/0/000/',
      'tile/Entries/000',
      'tile/0/000\n',
      'tile/entries/../000',
    );
    wrong.push('tile/0/x999/x999/x999/x999/x999/999', `tile/0/${'x001/'.repeat(6)}000`);
    for (const path of wrong) assert.equal(parseTilePath(path), undefined, path);
    fc.assert(
      fc.property(fc.stringMatching(/^tile\/[0-9entris]{1,7}\/[x0-9/.p]{1,20}$/), (path) => {
        const parsed = parseTilePath(path);
        if (parsed !== undefined) assert.equal(formatTilePath(parsed), path);
      }),
    );
  });
});

describe('checkpoints', () => {
  it('are read as they are written, extension lines aside', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.uint8Array({ minLength: 32, maxLength: 32 }), (size, bytes) => {
        const text = formatCheckpoint({ origin, size, root: bytes });
        const parsed = parseCheckpoint(text);
        assert.equal(formatCheckpoint(parsed), text);
        assert.deepEqual(parseCheckpoint(`${text}extension 1\nextension 2\n`), parsed);
        assert.equal(openCheckpoint(signCheckpoint(parsed, key), origin, [key.verifier]).size, size);
      }),
    );
  });

  it('are refused when malformed', () => {
    const wrong = [
      '',
      '\n',
      `${origin}\n1\n`,
      `${origin}\n1\n${base64}`,
      `${origin}\n01\n${base64}\n`,
      `\n1\n${base64}\n`,
    ];
    wrong.push(`${origin}\n-1\n${base64}\n`, `${origin}\n1\n${base64.slice(4)}\n`, `${origin}\n1\n${base64}\n\nx\n`);
    wrong.push(
      `${origin}\n9007199254740992\n${base64}\n`,
      `${origin}\n1\n${base64.slice(0, -1)}\n`,
      `${origin}\n1 \n${base64}\n`,
    );
    for (const text of wrong)
      assert.throws(() => parseCheckpoint(text), { code: 'invalid-input' }, JSON.stringify(text));
  });

  it('of another log are refused', () => {
    const note = signCheckpoint({ origin: 'other.example', size: 1, root }, key);
    assert.throws(() => openCheckpoint(note, origin, [key.verifier]), { code: 'tampered' });
  });
});

describe('state statements', () => {
  it('are refused when malformed, and are not checkpoints', () => {
    const good = `fixity-state-v1\n${origin}\n3\n${base64}\nenvironment/prod\n118\n`;
    assert.deepEqual(parseStatement(good), { origin, size: 3, root, subject: 'environment/prod', version: 118 });
    const wrong = [
      good.replace('v1', 'v2'),
      good.replace('118', '0118'),
      good.replace('environment', 'planet'),
      `${good}x\n`,
    ];
    wrong.push(good.slice(0, -1), good.replace('\n3\n', '\n\n3\n'), good.replace(base64, 'AAAA'), '');
    for (const text of wrong)
      assert.throws(() => parseStatement(text), { code: 'invalid-input' }, JSON.stringify(text));
    const checkpoint = signCheckpoint({ origin, size: 3, root }, key);
    assert.throws(() => openStatement(checkpoint, origin, [key.verifier]), { code: 'invalid-input' });
  });
});
