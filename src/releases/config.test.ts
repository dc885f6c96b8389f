import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { stringify as toYaml } from 'yaml';
import { FixityError } from '#kernel';
import { configKeys } from './config-keys.ts';
import { checkAgainstSchema } from './config-schema.ts';

const bytes = (text: string) => Buffer.from(text);

test('a configuration is the same keys in JSON, YAML and TOML', () => {
  const expected = [
    ['tax.mode', '"floor"'],
    ['servers[0].port', '80'],
    ['servers[1].port', '81'],
    ['odd["a.b"]', 'true'],
  ];
  const json = '{"tax":{"mode":"floor"},"servers":[{"port":80},{"port":81}],"odd":{"a.b":true}}';
  const yaml = 'tax: {mode: floor}\nservers:\n- port: 80\n- port: 81\nodd: {a.b: true}\n';
  const toml = '[tax]\nmode = "floor"\n[[servers]]\nport = 80\n[[servers]]\nport = 81\n[odd]\n"a.b" = true\n';
  assert.deepEqual([...(configKeys(bytes(json), 'application/json') ?? [])], expected);
  assert.deepEqual([...(configKeys(bytes(yaml), 'application/yaml') ?? [])], expected);
  assert.deepEqual([...(configKeys(bytes(toml), 'application/toml') ?? [])], expected);
});

test('what cannot be told apart by key has no keys', () => {
  assert.equal(configKeys(bytes('listen 80;'), 'text/plain'), undefined);
  assert.equal(configKeys(bytes('{"a":'), 'application/json'), undefined);
  assert.equal(configKeys(bytes(`${'['.repeat(200)}1${']'.repeat(200)}`), 'application/json'), undefined);
  assert.equal(configKeys(Uint8Array.of(0xff, 0xfe), 'application/yaml'), undefined);
});

test('different documents have different keys, the same document the same in YAML and JSON', () => {
  const value = fc.jsonValue({ maxDepth: 3 });
  fc.assert(
    fc.property(value, (document) => {
      // YAML has no minus zero of its own and JSON drops it.
      const text = JSON.stringify(document);
      const plain = JSON.parse(text) as unknown;
      assert.deepEqual(
        configKeys(bytes(toYaml(plain, { aliasDuplicateObjects: false })), 'text/yaml'),
        configKeys(bytes(text), 'application/json'),
      );
    }),
    { numRuns: 100 },
  );
});

const schema = JSON.stringify({
  type: 'object',
  required: ['tax'],
  additionalProperties: false,
  properties: { tax: { type: 'object', properties: { mode: { enum: ['floor', 'half-even'] } } } },
});
const check = (text: string, mediaType = 'application/yaml', rules = schema) =>
  checkAgainstSchema({ bytes: bytes(text), mediaType, name: 'checkout.yaml' }, bytes(rules));
const refused = (code: string, facts?: RegExp) => (error: unknown) => {
  assert.ok(error instanceof FixityError);
  assert.equal(error.code, code);
  if (facts !== undefined) assert.match(error.facts.join('\n'), facts);
  return true;
};

test('a configuration is held to its schema, and a refusal names each path', () => {
  check('tax: {mode: floor}');
  assert.throws(() => check('tax: {mode: round}\nextra: 1'), refused('schema-violation', /\/tax\/mode must be one of/));
  assert.throws(() => check('tax: {mode: round}\nextra: 1'), refused('schema-violation', /must not have "extra"/));
  assert.throws(() => check('a: [1'), refused('schema-violation', /not well-formed YAML/));
  assert.throws(() => check('x', 'text/plain'), refused('unsupported'));
  assert.throws(() => check('a: 1', 'application/yaml', '{"$ref":"https://example.com/x"}'), refused('invalid-input'));
  assert.throws(() => check('a: 1', 'application/yaml', '[]'), refused('invalid-input'));
});

test('draft-07 is read when the schema asks for it, and at most 20 paths are shown', () => {
  const draft07 = JSON.stringify({
    $schema: 'http://json-schema.org/draft-07/schema#',
    type: 'array',
    items: { type: 'number' },
  });
  check('[1, 2]', 'application/json', draft07);
  const many = JSON.stringify(Array.from({ length: 30 }, () => 'x'));
  assert.throws(
    () => check(many, 'application/json', draft07),
    (error: unknown) => error instanceof FixityError && error.facts.length === 21 && error.facts[20] === 'and 10 more',
  );
});
