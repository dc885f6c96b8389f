import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hexOf } from '#kernel';
import type { Content } from './index.ts';

/** Writes an OCI image layout (image-spec 1.1, image-layout.md) that names one manifest. */
export async function writeLayout(
  folder: string,
  contents: readonly Content[],
  named: Content,
  name: string,
): Promise<void> {
  const blobs = join(folder, 'blobs', 'sha256');
  await mkdir(blobs, { recursive: true });
  for (const { descriptor, bytes } of contents) await writeFile(join(blobs, hexOf(descriptor.digest)), bytes);
  await writeFile(join(folder, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  const annotations = { 'org.opencontainers.image.ref.name': name };
  const index = { schemaVersion: 2, manifests: [{ ...named.descriptor, annotations }] };
  await writeFile(join(folder, 'index.json'), JSON.stringify(index));
}
