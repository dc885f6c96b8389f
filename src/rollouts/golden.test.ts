import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fleetEntries } from '#fleet';
import { canonicalJson, type JsonObject } from '#kernel';
import type { Entry, EntryDefinition } from '#ledger';
import { rolloutEntries } from './index.ts';

interface Golden {
  readonly type: string;
  readonly data: JsonObject;
  readonly touches: readonly string[];
  readonly says: string;
}

for (const [room, entries] of [
  ['fleet', fleetEntries],
  ['rollouts', rolloutEntries],
] as const) {
  const definitions = entries as unknown as readonly EntryDefinition[];
  test(`the entries of ${room} read as they always did`, () => {
    const lines = readFileSync(new URL(`../../tests/golden/${room}/entries.jsonl`, import.meta.url), 'utf8');
    const golden = lines
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Golden);
    assert.deepEqual(golden.map(({ type }) => type).toSorted(), definitions.map(({ type }) => type).toSorted());
    const told = golden.map(({ type, data }) => {
      const definition = definitions.find((one) => one.type === type);
      assert.ok(definition !== undefined);
      const parsed = definition.data.parse(data);
      const entry = { subject: '', data: parsed } as unknown as Entry;
      return canonicalJson({
        data: parsed,
        says: definition.says(parsed, entry),
        touches: definition.touches(parsed, entry),
        type,
      });
    });
    assert.equal(`${told.join('\n')}\n`, lines);
  });
}
