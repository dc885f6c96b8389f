import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { openViewDatabase } from '#drivers/sqlite';
import { FixityError, toInstant, uuidv7 } from '#kernel';
import { leafBytes, type Recorded } from '#ledger';
import { ViewMachine } from '#views';
import { resolveMoment } from './moments.ts';
import { environmentsFold, revisionAt } from './view.ts';

const start = Date.parse('2026-11-22T01:00:00.000Z');
const at = (milliseconds: number) => toInstant(start + milliseconds);

/** When a revision of which environment became true, and when that was recorded, in milliseconds after the start. */
interface Told {
  readonly environment: string;
  readonly time: number;
  readonly recorded: number;
}

function recordedOf(told: readonly Told[]): Recorded[] {
  const numbers = new Map<string, number>();
  return told.map(({ environment, time, recorded }, index) => {
    const number = (numbers.get(environment) ?? 0) + 1;
    numbers.set(environment, number);
    const digest = `sha256:${String(index).padStart(64, '0')}`;
    return {
      index,
      entry: {
        specversion: '1.0',
        id: uuidv7(start + recorded, () => new Uint8Array(10)),
        source: 'test.example',
        type: 'dev.fixity.environments.revision-activated.v1',
        subject: `environment/${environment}`,
        time: at(time),
        datacontenttype: 'application/json',
        data: { environment, number, digest, kind: 'rollout', services: 0, changed: [] },
        recordedtime: at(recorded),
        subjectversion: String(number),
        actor: 'user:test',
        basis: 'observed',
        commandid: `c${index}`,
      },
    };
  });
}

async function opened(told: readonly Told[]) {
  const database = openViewDatabase(':memory:');
  const machine = new ViewMachine({ database, folds: [environmentsFold], origin: 'test.example' });
  const entries = recordedOf(told);
  const leaves = entries.map(({ entry }) => leafBytes(entry));
  const ledger = {
    sizeAt: async (instant: string) => entries.filter(({ entry }) => entry.recordedtime <= instant).length,
    leaves: async (from: number, to: number) => leaves.slice(from, to),
  };
  await machine.start({ head: async () => undefined, leaves: ledger.leaves });
  machine.begin();
  machine.apply(entries);
  machine.commit();
  return { views: machine.reader, ledger, close: () => database.close() };
}

/** Late facts: what is recorded at some time may have happened long before. */
const history = fc
  .array(
    fc.record({
      environment: fc.constantFrom('prod', 'staging'),
      lateness: fc.oneof(fc.constant(0), fc.nat(20)),
      gap: fc.nat(3),
    }),
    { minLength: 1, maxLength: 12 },
  )
  .map((steps) => {
    let recorded = 20;
    return steps.map(({ environment, lateness, gap }): Told => {
      recorded += gap;
      return { environment, recorded, time: recorded - lateness };
    });
  });

test('a moment is what a naive reading of the whole history finds', async () => {
  await fc.assert(
    fc.asyncProperty(history, fc.nat(70), fc.option(fc.nat(70)), async (told, time, knownAt) => {
      const { views, ledger, close } = await opened(told);
      const environment = told[0]?.environment ?? '';
      const known = knownAt === null ? {} : { knownAt: at(knownAt) };
      const rows = told
        .map((one, index) => ({ ...one, index }))
        .filter((one) => one.environment === environment)
        .map((one, position) => ({ ...one, number: position + 1 }));
      const seen = rows.filter(({ recorded }) => knownAt === null || recorded <= knownAt);
      const ordered = seen.toSorted((a, b) => a.time - b.time || a.index - b.index);
      const now = at(100);

      const there = await resolveMoment(views, ledger, { environment, time: at(time), ...known }, now);
      assert.equal(there.revision, ordered.findLast((one) => one.time <= time)?.number);
      const newest = await resolveMoment(views, ledger, { environment, ...known }, now);
      assert.equal(newest.revision, ordered.at(-1)?.number);
      assert.equal(newest.now, knownAt === null);
      for (const { number, index, time: since } of seen) {
        const found = await resolveMoment(views, ledger, { environment, revision: number, ...known }, now);
        assert.deepEqual([found.revision, found.size, found.since], [number, index + 1, at(since)]);
      }
      for (let back = 1; back < ordered.length; back += 1) {
        const found = await resolveMoment(views, ledger, { environment, back, ...known }, now);
        assert.equal(found.revision, ordered.at(-1 - back)?.number);
      }
      for (const [index, { recorded }] of told.entries()) {
        if (knownAt !== null && recorded > knownAt) continue;
        const found = await resolveMoment(views, ledger, { environment, index, ...known }, now);
        const then = rows.filter((one) => one.index <= index).toSorted((a, b) => a.time - b.time || a.index - b.index);
        assert.equal(found.revision, then.at(-1)?.number);
      }
      close();
    }),
    { numRuns: 60 },
  );
});

const message = (code: string, text: RegExp) => (error: unknown) => {
  assert.ok(error instanceof FixityError);
  assert.equal(error.code, code);
  assert.match(`${error.message} ${error.facts.join(' ')}`, text);
  return true;
};

test('a moment that is not there is refused with what is there', async () => {
  const { views, ledger, close } = await opened([
    { environment: 'prod', time: 10, recorded: 10 },
    { environment: 'prod', time: 20, recorded: 20 },
  ]);
  const ask = (query: object) => resolveMoment(views, ledger, { environment: 'prod', ...query }, at(30));
  await assert.rejects(ask({ revision: 9 }), message('not-found', /prod has no revision #9, the latest is #2/));
  await assert.rejects(ask({ revision: 2, knownAt: at(15) }), message('not-found', /no revision #2, the latest is #1/));
  await assert.rejects(ask({ back: 2 }), message('not-found', /prod~2 is before its first revision/));
  await assert.rejects(ask({ index: 2 }), message('not-found', /there is no entry 2, the latest is 1/));
  await assert.rejects(ask({ environment: 'prdo' }), message('not-found', /no environment prdo there are: prod/));
  await assert.rejects(ask({ time: at(31) }), message('invalid-input', /has not come yet/));
  await assert.rejects(
    ask({ time: at(5), back: 1 }),
    message('invalid-input', /one of time, revision, back and index/),
  );
  assert.equal((await ask({ time: at(5) })).revision, undefined);
  close();
});

test('two revisions of one millisecond are told apart by number', async () => {
  const { views, ledger, close } = await opened([
    { environment: 'prod', time: 10, recorded: 10 },
    { environment: 'prod', time: 10, recorded: 10 },
  ]);
  const first = await resolveMoment(views, ledger, { environment: 'prod', revision: 1 }, at(30));

  assert.equal(revisionAt(views, 'prod', first)?.number, 1);
  close();
});
