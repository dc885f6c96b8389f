import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { verifyProof } from './verify.ts';

const golden = (name: string): string =>
  readFileSync(new URL(`../../../tests/golden/audit/${name}`, import.meta.url), 'utf8');

for (const name of ['live', 'changes', 'entry']) {
  test(`a proof of ${name} that was given once holds for ever, and says the same`, async () => {
    const { lines, problems } = await verifyProof(JSON.parse(golden(`${name}.json`)), golden('key'));
    assert.deepEqual(problems, []);
    assert.equal(`${lines.join('\n')}\n`, golden(`${name}.txt`));
  });
}
