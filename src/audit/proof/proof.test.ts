import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import * as fc from 'fast-check';
import { type ProofBundle, proofBundle } from '#contract';
import { type Digest, digestOf, toInstant } from '#kernel';
import { generateKey, verifierKey } from '#signing';
import { openShipyard, type Shipyard } from '../../../tests/support/shipyard.ts';
import { changesQuestion, liveQuestion } from './question.ts';
import { verifyProof } from './verify.ts';

describe('proofs', () => {
  let shop: Shipyard;
  const bundles = new Map<string, ProofBundle>();
  const prod = { environment: 'prod' };
  const since = '2026-11-22T00:00:00.000Z';
  const keep = async (name: string, proof: Promise<ProofBundle>) => bundles.set(name, proofBundle.parse(await proof));
  const one = (name: string): ProofBundle => structuredClone(bundles.get(name) as ProofBundle);
  const verify = (bundle: unknown) => verifyProof(JSON.parse(JSON.stringify(bundle)), shop.key);

  before(async () => {
    shop = await openShipyard();
    const config = (text: string) => ({ name: 'checkout.yaml', mediaType: 'application/yaml', text });
    const first = await shop.release({ service: 'checkout', files: { run: '1' }, config: config('pool: 40\n') });
    const second = await shop.release({
      service: 'checkout',
      files: { run: '2' },
      config: config('pool: 4\n'),
      commit: 'c'.repeat(40),
    });
    const rollout = await shop.begin('checkout', first);
    await shop.turn();
    await keep('live before the first revision', shop.proofs.proveLive(prod));
    assert.equal(await shop.finish(rollout), 'done');
    const then = toInstant(shop.domain.clock.now());
    await shop.ship('cart', await shop.release({ service: 'cart', files: { run: 'cart' } }), 1);
    const passing = await shop.begin('checkout', second);
    await shop.turn();
    await keep('live during a rollout', shop.proofs.proveLive(prod));
    assert.equal(await shop.finish(passing), 'done');
    await keep('live now', shop.proofs.proveLive(prod));
    await keep('live then', shop.proofs.proveLive({ ...prod, time: then }));
    await keep('live at a revision', shop.proofs.proveLive({ ...prod, revision: 1 }));
    await keep('changes', shop.proofs.proveChanges({ ...prod, since }));
    await keep('changes of a part', shop.proofs.proveChanges({ ...prod, since: then, service: 'cart' }));
    await keep(
      'changes to a time',
      shop.proofs.proveChanges({ ...prod, since, until: toInstant(Date.parse(then) + 1) }),
    );
    await keep('entry', shop.proofs.proveEntry({ index: 3 }));
  });
  after(() => shop.close());

  it('hold, and say what is proved and what is not', async () => {
    for (const [name, bundle] of bundles) {
      const { lines, problems } = await verify(bundle);
      assert.deepEqual(problems, [], name);
      assert.equal(lines[0], bundle.question);
      assert.ok(
        lines.some((line) => line.startsWith('proved: ')),
        name,
      );
      assert.ok(
        lines.some((line) => line.startsWith('not proved: ')),
        name,
      );
    }
    const { lines } = await verify(one('live now'));
    assert.ok(lines.some((line) => line.startsWith('proved: prod#3 ')));
    assert.ok(lines.includes('proved: its 2 services with release, build, configuration, commit, weight and scale'));
    const during = await verify(one('live before the first revision'));
    assert.ok(during.lines.includes('not proved: that a rollout was bringing checkout'));
  });

  it('hold later, when the ledger has grown', async () => {
    const later = await shop.proofs.proveLive({ ...prod, revision: 1 });
    assert.ok(later.subjects.find(({ subject }) => subject === 'environment/prod')?.next !== undefined);
    assert.deepEqual((await verify(later)).problems, []);
  });

  it('a flipped bit anywhere is a problem that names the part', async () => {
    for (const name of ['live now', 'changes', 'entry']) {
      const text = Buffer.from(JSON.stringify(bundles.get(name)));
      await fc.assert(
        fc.asyncProperty(fc.nat(text.length - 1), fc.nat(7), async (at, bit) => {
          const flipped = Buffer.from(text);
          flipped[at] = (flipped[at] ?? 0) ^ (1 << bit);
          const parsed = parsedOrNot(flipped);
          if (parsed === undefined) return;
          const { problems } = await verifyProof(parsed, shop.key);
          assert.ok(
            problems.length > 0,
            `${name}, byte ${at}: ${flipped.toString('utf8', Math.max(0, at - 40), at + 40)}`,
          );
          assert.match(problems[0] ?? '', /^(answer|checkpoint|entry|proof|question|subject|subjects|thing)\b.*: /);
        }),
        { numRuns: 300, seed: 20_261_122 },
      );
    }
  });

  it('another key, another answer, or half of the proof is refused', async () => {
    const other = await verifyProof(one('live now'), verifierKey(generateKey('test.example/domain')));
    assert.match(other.problems[0] ?? '', /^checkpoint: the note is not signed by a known key/);
    await assert.rejects(verifyProof(one('live now'), 'no key'), /is not a verifier key/);
    const swapped = { ...one('live now'), answer: one('live then').answer, question: one('live then').question };
    assert.notDeepEqual((await verify(swapped)).problems, []);
    for (const part of ['entries', 'subjects'] as const) {
      for (const place of one('live now')[part].keys()) {
        const bundle = one('live now');
        bundle[part].splice(place, 1);
        assert.notDeepEqual((await verify(bundle)).problems, [], `without ${part} ${place}`);
      }
    }
    for (const digest of Object.keys(one('live now').things)) {
      const bundle = one('live now');
      delete bundle.things[digest];
      assert.notDeepEqual((await verify(bundle)).problems, [], `without thing ${digest}`);
    }
  });

  it('a lie about what was live is found, however consistent', async () => {
    const lie = async (
      change: (service: { [name: string]: unknown; instances: { [name: string]: unknown }[] }) => void,
    ) => {
      const bundle = one('live now');
      const answer = bundle.answer as unknown as { services: Parameters<typeof change>[0][] };
      const [, checkout] = answer.services;
      assert.ok(checkout !== undefined);
      change(checkout);
      return (await verify({ ...bundle, question: liveQuestion(answer as never) })).problems.join('\n');
    };
    const fake: Digest = digestOf('fake');
    assert.match(await lie((one) => (one['build'] = fake)), /answer\.services\.checkout\.build: says/);
    assert.match(await lie((one) => (one['config'] = fake)), /answer\.services\.checkout\.config: says/);
    assert.match(await lie((one) => (one['commit'] = 'd'.repeat(40))), /checkout\.commit: no entry says/);
    assert.match(await lie((one) => (one['wanted'] = 7)), /checkout\.wanted: says 7/);
    assert.match(await lie((one) => one.instances.pop()), /which took traffic, is left out/);
    assert.match(await lie(({ instances: [one] }) => one && (one['node'] = 'web-9')), /node: says "web-9"/);
    assert.match(await lie(({ instances: [one] }) => one && (one['serving'] = false)), /serving: says false/);
    assert.equal(await lie((one) => (one['by'] = 'somebody')), '', 'names are not proved, and the proof says so');
  });

  it('a change that is kept back is found', async () => {
    const bundle = one('changes');
    const answer = bundle.answer as unknown as { changes: { index: number }[] };
    const [gone] = answer.changes.splice(1, 1);
    const question = changesQuestion(answer as never, undefined);
    const { problems } = await verify({ ...bundle, question });
    assert.deepEqual(problems, [`answer.changes: entry ${gone?.index} is left out`]);
    const entries = bundle.entries.filter(({ index }) => index !== gone?.index);
    assert.match((await verify({ ...bundle, question, entries })).problems.join(), /subject environment\/prod: /);
  });

  it('hostile input is refused, not obeyed', async () => {
    const deep = `${'['.repeat(50_000)}${']'.repeat(50_000)}`;
    const many = { ...one('entry'), entries: Array.from({ length: 50_001 }, () => one('entry').entries[0]) };
    for (const input of [null, 1, 'x', [], {}, many, { ...one('entry'), answer: JSON.parse(deep) as unknown }]) {
      const { problems } = await verifyProof(input, shop.key);
      assert.notDeepEqual(problems, []);
    }
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), async (input) => {
        assert.notDeepEqual((await verifyProof(input, shop.key)).problems, []);
      }),
      { numRuns: 100 },
    );
  });
});

function parsedOrNot(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    return undefined;
  }
}
