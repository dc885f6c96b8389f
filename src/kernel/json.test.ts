import assert from 'node:assert/strict';
import { test } from 'node:test';
import canonicalize from 'canonicalize';
import * as fc from 'fast-check';
import { canonicalBytes, canonicalJson } from './json.ts';

const text = fc.string({ unit: 'binary' });
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constant(null),
    fc.boolean(),
    fc.maxSafeInteger(),
    text,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(text, tie('value'), { maxKeys: 4 }),
  ),
}));

test('canonical JSON is what another implementation of RFC 8785 writes', () => {
  fc.assert(fc.property(value, (sample) => assert.equal(canonicalJson(sample), canonicalize(sample))));
});

test('reading canonical JSON and writing it again changes nothing', () => {
  fc.assert(fc.property(value, (sample) => canonicalJson(JSON.parse(canonicalJson(sample))) === canonicalJson(sample)));
});

test('keys are sorted by UTF-16 code units, as RFC 8785 section 3.2.3 shows', () => {
  const sample = {
    '\u20ac': 'Euro Sign',
    '\r': 'Carriage Return',
    '\ufb33': 'Hebrew Letter Dalet With Dagesh',
    '1': 'One',
    '\ud83d\ude00': 'Emoji: Grinning Face',
    '\u0080': 'Control',
    '\u00f6': 'Latin Small Letter O With Diaeresis',
  };
  const order = [...canonicalJson(sample).matchAll(/:"([^"]*)"/g)].map((match) => match[1]);
  assert.deepEqual(order, [
    'Carriage Return',
    'One',
    'Control',
    'Latin Small Letter O With Diaeresis',
    'Euro Sign',
    'Emoji: Grinning Face',
    'Hebrew Letter Dalet With Dagesh',
  ]);
});

test('strings and literals are written as the bytes of RFC 8785 section 3.2.4', () => {
  const sample = { string: '\u20ac$\u000f\nA\'B"\\\\"/', literals: [null, true, false] };
  assert.equal(
    Buffer.from(canonicalBytes(sample)).toString('utf8'),
    '{"literals":[null,true,false],"string":"\u20ac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
  );
});

test('what cannot be told apart or read back is refused', () => {
  for (const bad of [1.5, 2 ** 53, Number.NaN, Number.POSITIVE_INFINITY, '\ud800', { '\udc00': 1 }, 1n, [undefined]]) {
    assert.throws(() => canonicalJson(bad), TypeError);
  }
  assert.equal(canonicalJson({ absent: undefined, zero: -0 }), '{"zero":0}');
});
