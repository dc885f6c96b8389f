import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { showAnswer } from '#contract';
import { type Digest, FixityError } from '#kernel';
import { freezeManifest } from '#registry';
import { releaseOf } from '#releases';
import { openShipyard, type Shipyard } from '../../tests/support/shipyard.ts';

describe('show', () => {
  let shop: Shipyard;
  let first: Digest;
  let second: Digest;
  const show = async (reference: string) => showAnswer.parse(await shop.history.show({ reference }));
  const fact = (answer: { facts: { label: string; value: string }[] }, label: string) =>
    answer.facts.find((one) => one.label === label)?.value;

  before(async () => {
    shop = await openShipyard();
    const release = (content: string, tag: string) =>
      shop.release({ service: 'checkout', files: { run: content }, commit: 'a'.repeat(40), tag });
    first = await release('one', '1.0.0');
    await shop.ship('checkout', first, 1);
    second = await release('two', '1.1.0');
    await shop.ship('checkout', second, 1);
  });
  after(() => shop.close());

  it('finds a release by number, tag of its own, digest and prefix', async () => {
    for (const reference of ['checkout r2', 'checkout:r2', 'release/checkout:r2', second, second.slice(7, 19)]) {
      const answer = await show(reference);
      assert.equal(`${answer.kind} ${answer.name}`, 'release checkout r2', reference);
      assert.equal(answer.digest, second);
      assert.deepEqual(answer.live, ['prod/checkout']);
      assert.equal(fact(answer, 'commit'), 'a'.repeat(40));
      assert.ok(answer.entries.every(({ digests }) => digests.includes(second)));
    }
    assert.deepEqual((await show('checkout r1')).live, []);
  });

  it('finds a tag and an artifact, and where they are live', async () => {
    const tag = await show('checkout:1.1.0');
    assert.equal(`${tag.kind} ${tag.name}`, 'tag checkout:1.1.0');
    assert.deepEqual(tag.live, ['prod/checkout']);
    assert.equal(tag.digest, releaseOf(shop.domain.views, second)?.build);
    const artifact = await show(`checkout@${tag.digest}`);
    assert.equal(artifact.kind, 'artifact');
    assert.equal(fact(artifact, 'repository'), 'checkout');
  });

  it('finds a revision, a rollout, an instance, a node, a service and an entry', async () => {
    const revision = await show('prod#1');
    assert.equal(`${revision.kind} ${revision.name}`, 'revision prod#1');
    assert.deepEqual(revision.live, []);
    assert.deepEqual((await show('prod')).live, ['prod/checkout']);
    const live = await shop.history.live({ environment: 'prod' });
    const instance = live.services[0]?.instances[0]?.instance ?? '';
    assert.equal((await show(instance)).kind, 'instance');
    assert.equal(fact(await show(`instance/${instance}`), 'traffic'), 'yes, weight 100');
    const node = await show('web-1');
    assert.equal(node.kind, 'node');
    assert.deepEqual(node.live, ['prod/checkout']);
    assert.equal((await show('checkout')).kind, 'service');
    const log = await shop.history.log({ type: 'dev.fixity.rollouts.planned.v1', limit: 1 });
    const planned = log.entries[0];
    const rollout = await show(planned?.subject ?? '');
    assert.equal(rollout.kind, 'rollout');
    assert.equal(fact(rollout, 'revision'), 'prod#2');
    const entry = await show(String(planned?.index));
    assert.equal(`${entry.kind} ${entry.name}`, `entry ${planned?.index}`);
    assert.equal(fact(entry, 'says'), planned?.says);
  });

  it('refuses what nothing is named, and lists what a short prefix could be', async () => {
    for (const reference of ['nothing', 'prod#9', 'checkout:9.9.9', 'sha256:'.padEnd(71, '0')]) {
      await assert.rejects(
        show(reference),
        (error) => error instanceof FixityError && error.code === 'not-found',
        reference,
      );
    }
    for (const last of ['0', '1']) {
      const digest: Digest = `sha256:beef${'0'.repeat(59)}${last}`;
      const manifest = { repository: 'twins', tags: [], digest, mediaType: 'application/json', size: 2 };
      await shop.domain.writer.submit(freezeManifest, manifest, { actor: 'user:test' });
    }
    await assert.rejects(
      show('beef'),
      (error) => error instanceof FixityError && error.code === 'ambiguous-digest' && error.facts.length === 2,
    );
  });
});
