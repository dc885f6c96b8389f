import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import * as fc from 'fast-check';
import { canonicalJson, type Digest, digestOf } from '#kernel';
import type { EntryDefinition } from '#ledger';
import { asOfTime, foldedSize } from '#views';
import { type Domain, openDomain } from '../../tests/support/domain.ts';
import {
  configureRepository,
  deleteTag,
  findRepository,
  findTag,
  freezeManifest,
  listTags,
  registryEntries,
  resolve,
  tags,
} from './index.ts';

const meta = { actor: 'user:test' };
const mediaType = 'application/vnd.oci.image.manifest.v1+json';
const digests = ['one', 'two', 'three'].map((text) => digestOf(text));

describe('the registry', () => {
  let domain: Domain;
  before(async () => {
    domain = await openDomain();
  });
  after(() => domain.close());

  const freeze = (repository: string, tag: string, digest: Digest) =>
    domain.writer.submit(freezeManifest, { repository, tags: [tag], digest, mediaType, size: 10 }, meta);

  it('behaves as the naive model of final and moving tags, at every moment', async () => {
    const act = fc.record({
      what: fc.constantFrom('freeze', 'freeze', 'freeze', 'delete'),
      tag: fc.constantFrom('final', 'moving-a', 'moving-b'),
      digest: fc.constantFrom(...digests),
    });
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(act, { maxLength: 12 }), async (acts) => {
        const repository = `model-${(run += 1)}`;
        const settings = { repository, moving: ['moving-*'], policy: 'final' as const };
        await domain.writer.submit(configureRepository, settings, meta);
        const model = new Map<string, Digest | 'deleted'>();
        const past: { time: string; held: Map<string, Digest | 'deleted'> }[] = [];
        for (const { what, tag, digest } of acts) {
          domain.clock.time += 1_000;
          const held = model.get(tag);
          const done =
            what === 'delete'
              ? held !== undefined && held !== 'deleted'
              : held === undefined || held === digest || (held !== 'deleted' && tag !== 'final');
          const size = foldedSize(domain.views);
          const submitted =
            what === 'delete'
              ? domain.writer.submit(deleteTag, { repository, tag }, meta)
              : freeze(repository, tag, digest);
          if (done) await submitted;
          else await assert.rejects(submitted, { code: what === 'delete' ? 'not-found' : 'tag-final' });
          if (!done || held === digest) {
            if (what === 'freeze') assert.equal(foldedSize(domain.views), size, 'nothing is recorded twice');
          }
          if (done) model.set(tag, what === 'delete' ? 'deleted' : digest);
          past.push({ time: new Date(domain.clock.time).toISOString(), held: new Map(model) });
        }
        for (const { time, held } of past) {
          for (const [tag, expected] of held) {
            const found = findTag(domain.views, repository, tag, asOfTime(domain.views, time));
            assert.equal(found?.state === 'deleted' ? 'deleted' : found?.digest, expected);
          }
        }
        const living = [...model].filter(([, held]) => held !== 'deleted').map(([tag]) => tag);
        const listed = listTags(domain.views, repository, { limit: 9 }).map(({ tag }) => tag);
        assert.deepEqual(listed, living.sort());
        assert.equal(findRepository(domain.views, repository)?.tags, living.length);
      }),
      { numRuns: 40 },
    );
    const { grown, rebuilt } = await domain.rowDigests();
    assert.equal(grown, rebuilt);
  });

  it('keeps a frozen tag final when a pattern declared later would let it move', async () => {
    const [one, two] = digests as [Digest, Digest];
    await freeze('later', 'latest', one);
    const settings = { repository: 'later', moving: ['*'], policy: 'final' as const };
    await domain.writer.submit(configureRepository, settings, meta);
    await assert.rejects(freeze('later', 'latest', two), { code: 'tag-final' });
  });

  it('completes a digest prefix, and lists the candidates of an ambiguous one', async () => {
    const near = (end: string): Digest => `sha256:abcd${end.repeat(60)}`;
    await freeze('prefix', 'a', near('1'));
    await freeze('prefix', 'b', near('2'));
    assert.equal(resolve(domain.views, { reference: 'abcd1' }, domain.clock).digest, near('1'));
    assert.equal(resolve(domain.views, { reference: 'prefix@sha256:abcd2' }, domain.clock).digest, near('2'));
    assert.throws(() => resolve(domain.views, { reference: 'abcd' }, domain.clock), {
      code: 'ambiguous-digest',
      facts: [`${near('1')} in prefix`, `${near('2')} in prefix`],
    });
    assert.throws(() => resolve(domain.views, { reference: 'prefix:c' }, domain.clock), { code: 'not-found' });
    const listed = tags(domain.views, { repository: 'prefix' }).tags;
    assert.deepEqual(
      listed.map(({ tag, by, moving }) => [tag, by, moving]),
      [
        ['a', 'user:test', false],
        ['b', 'user:test', false],
      ],
    );
    assert.throws(() => tags(domain.views, { repository: 'nowhere' }), { code: 'not-found' });
  });

  it('keeps its entries in the form they were given once and for all', async () => {
    const golden = join(import.meta.dirname, '..', '..', 'tests', 'golden', 'registry', 'entries.jsonl');
    const lines = (await readFile(golden, 'utf8')).trimEnd().split('\n');
    const definitions = registryEntries as unknown as readonly EntryDefinition[];
    assert.equal(lines.length, 8);
    for (const line of lines) {
      const { type, data } = JSON.parse(line) as { type: string; data: never };
      const definition = definitions.find((one) => one.type === type);
      assert.ok(definition, type);
      const read = definition.data.parse(data);
      const { change } = definition;
      const word = typeof change === 'function' ? change(read) : change;
      const says = definition.says(read, undefined as never);
      const touches = definition.touches(read, undefined as never);
      assert.equal(canonicalJson({ type, data: read, says, touches, change: word }), line);
    }
  });
});
