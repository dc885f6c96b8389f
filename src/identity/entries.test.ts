import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { canonicalJson } from '#kernel';
import { type Entry, EntryCatalogue, type EntryDefinition } from '#ledger';
import { nameErased, tokenIssued, tokenRevoked } from './entries.ts';

test('the entries keep the form they were given once and for all', () => {
  const golden = join(import.meta.dirname, '..', '..', 'tests', 'golden', 'identity', 'entries.jsonl');
  const definitions = [tokenIssued, tokenRevoked, nameErased] as unknown as readonly EntryDefinition<never>[];
  const catalogue = new EntryCatalogue(definitions);
  const lines = readFileSync(golden, 'utf8').trimEnd().split('\n');
  assert.equal(lines.length, 4);
  for (const line of lines) {
    const written = JSON.parse(line) as Pick<Entry, 'type' | 'data'>;
    const definition = catalogue.definition(written.type);
    assert.ok(definition, written.type);
    const data = definition.data.parse(written.data);
    const recorded = { index: 0, entry: { ...written, data, subject: 'token/9xwk2m4p' } as Entry };
    const [says, touches] = [catalogue.says(recorded), catalogue.touches(recorded)];
    assert.equal(canonicalJson({ type: written.type, data, says, touches }), line);
  }
});
