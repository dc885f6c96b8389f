import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { FixityError } from '#kernel';
import { note, openRig } from './rig.case.ts';

const command = fc.record({
  node: fc.constantFrom('a', 'b'),
  texts: fc.array(fc.constantFrom('x', 'y', 'refused', 'unfoldable'), { maxLength: 2 }),
  commandId: fc.option(fc.constantFrom('k1', 'k2', 'k3', 'k4')),
  version: fc.option(fc.nat(4)),
  actor: fc.constantFrom('user:ana', 'user:bo'),
});
type Command = typeof command extends fc.Arbitrary<infer C> ? C : never;
const group = fc.record({
  commands: fc.array(command, { minLength: 1, maxLength: 6 }),
  append: fc.constantFrom('works', 'works', 'works', 'is full', 'lands and fails'),
  restart: fc.boolean(),
});

/** What the writer promises, as plainly as it can be said. */
class Model {
  size = 0;
  readonly versions = new Map<string, number>();
  readonly first = new Map<string, { input: string; outcome: object }>();

  run({ node, texts, commandId, version, actor }: Command): object {
    const key = commandId === null ? undefined : `${actor} ${commandId}`;
    const input = JSON.stringify([node, texts]);
    const first = key === undefined ? undefined : this.first.get(key);
    if (first !== undefined) {
      return first.input === input ? { ...first.outcome, repeated: true } : { code: 'command-reused' };
    }
    const was = this.versions.get(node) ?? 0;
    if (version !== null && version !== was) return { code: 'version-conflict' };
    if (texts.includes('refused')) return { code: 'nothing-to-do' };
    if (texts.includes('unfoldable')) return { code: 'internal' };
    const indexes = texts.map((_, offset) => this.size + offset);
    this.size += texts.length;
    this.versions.set(node, was + texts.length);
    const outcome = { answer: { was }, indexes, size: this.size, repeated: false };
    if (key !== undefined && texts.length > 0) this.first.set(key, { input, outcome });
    return outcome;
  }

  copy(): Model {
    const copy = new Model();
    copy.size = this.size;
    for (const [node, version] of this.versions) copy.versions.set(node, version);
    for (const [key, first] of this.first) copy.first.set(key, first);
    return copy;
  }
}

test('in any groups, with repeats, conflicts, refusals, failures and restarts, the writer does what the model does', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(group, { maxLength: 8 }), async (groups) => {
      const folder = mkdtempSync(join(tmpdir(), 'fixity-model-'));
      let rig = await openRig(folder);
      let model = new Model();
      try {
        for (const { commands, append, restart } of groups) {
          const next = model.copy();
          const expected = commands.map((one) => next.run(one));
          const full = append === 'is full' && next.size > model.size;
          rig.storage.next = append as typeof rig.storage.next;
          const outcomes = await Promise.all(
            commands.map(({ node, texts, commandId, version, actor }) =>
              rig.loop
                .submit(
                  note,
                  { node, texts },
                  {
                    actor,
                    ...(commandId === null ? {} : { commandId }),
                    ...(version === null ? {} : { ifMatch: { subject: `node/${node}`, version } }),
                  },
                )
                .catch(({ code }: FixityError) => ({ code })),
            ),
          );
          assert.deepEqual(outcomes, full ? commands.map(() => ({ code: 'storage-full' })) : expected);
          rig.storage.next = 'works';
          if (!full) model = next;
          if (restart) {
            await rig.close();
            rig = await openRig(folder);
          }
        }
        assert.equal((await rig.storage.head())?.size ?? 0, model.size);
        assert.equal(rig.views.size, model.size);
        assert.equal(rig.views.rowDigest(), await rig.rebuiltDigest());
      } finally {
        await rig.close();
        rmSync(folder, { recursive: true });
      }
    }),
    { numRuns: 25 },
  );
});
