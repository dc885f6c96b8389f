import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { digestOf, hexOf } from '#kernel';
import { writeLayout } from './layout.case.ts';
import { sampleCollections } from './sample.case.ts';

const run = promisify(execFile);
const missing = (tool: string): string | false =>
  spawnSync(tool, ['--version']).error === undefined ? false : `${tool} is not installed`;
const scratch = await mkdtemp(join(tmpdir(), 'fixity-oci-'));
after(() => rm(scratch, { recursive: true, force: true }));

interface LayoutIndex {
  readonly manifests: readonly { readonly digest: string; readonly annotations?: Readonly<Record<string, string>> }[];
}

const sample = sampleCollections();
const from = join(scratch, 'from');
await writeLayout(from, sample.all, sample.revision.index, 'prod');

/** Every byte that the revision reaches has arrived, named by its digest, and the name is of the same index. */
async function assertWhole(layout: string): Promise<void> {
  const index = JSON.parse(await readFile(join(layout, 'index.json'), 'utf8')) as LayoutIndex;
  const named = index.manifests.find(
    ({ annotations }) => annotations?.['org.opencontainers.image.ref.name'] === 'prod',
  );
  assert.equal(named?.digest, sample.revision.index.descriptor.digest);
  for (const { descriptor, bytes } of sample.all) {
    if (descriptor.digest === sample.release.index.descriptor.digest) continue; // a revision names what its releases list
    const arrived = await readFile(join(layout, 'blobs', 'sha256', hexOf(descriptor.digest)));
    assert.equal(digestOf(arrived), digestOf(bytes));
  }
}

void describe('a revision is carried whole', () => {
  void it('by skopeo copy --all', { skip: missing('skopeo') }, async () => {
    const to = join(scratch, 'skopeo');
    await run('skopeo', [
      '--insecure-policy',
      'copy',
      '--all',
      '--preserve-digests',
      `oci:${from}:prod`,
      `oci:${to}:prod`,
    ]);
    await assertWhole(to);
  });

  void it('by oras copy', { skip: missing('oras') }, async () => {
    const to = join(scratch, 'oras');
    await run('oras', ['copy', '--from-oci-layout', '--to-oci-layout', `${from}:prod`, `${to}:prod`]);
    await assertWhole(to);
  });
});
