import { createHash } from 'node:crypto';
import type { TestRegistry } from './registry.ts';

export const imageManifest = 'application/vnd.oci.image.manifest.v1+json';
export const imageIndex = 'application/vnd.oci.image.index.v1+json';

export const sha256 = (bytes: Uint8Array | string) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/** Pushes a blob with one POST and answers its descriptor. */
export async function pushBlob(registry: TestRegistry, name: string, text: string, mediaType = 'text/plain') {
  const digest = sha256(text);
  const path = `/v2/${name}/blobs/uploads/?digest=${digest}`;
  const response = await registry.call(path, { method: 'POST', body: text });
  if (response.status !== 201) throw new Error(`blob: ${response.status} ${await response.text()}`);
  return { mediaType, digest, size: Buffer.byteLength(text) };
}

/** A manifest with one layer; `more` replaces or adds members. */
export async function makeManifest(
  registry: TestRegistry,
  name: string,
  text: string,
  more: Record<string, unknown> = {},
): Promise<{ bytes: string; digest: string }> {
  const config = await pushBlob(registry, name, '{}', 'application/vnd.oci.empty.v1+json');
  const layer = await pushBlob(registry, name, text);
  // Spaced on purpose: the bytes must come back as they were, not as some encoder would write them.
  const bytes = JSON.stringify(
    { schemaVersion: 2, mediaType: imageManifest, config, layers: [layer], ...more },
    null,
    3,
  );
  return { bytes, digest: sha256(bytes) };
}

export function putManifest(
  registry: TestRegistry,
  name: string,
  reference: string,
  bytes: string,
  type = imageManifest,
) {
  const path = `/v2/${name}/manifests/${reference}`;
  return registry.call(path, { method: 'PUT', body: bytes, headers: { 'Content-Type': type } });
}

/** The first error of an OCI error body. */
export async function errorOf(response: Response) {
  const { errors } = (await response.json()) as {
    errors: [{ code: string; message: string; detail: Record<string, unknown> & { next: string[]; facts: string[] } }];
  };
  return errors[0];
}
