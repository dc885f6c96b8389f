import { createHash } from 'node:crypto';
import type { Installation } from './installation.ts';

/** What the registry said to a push: the status and body of the first request that was refused, or of the last. */
export interface Pushed {
  readonly status: number;
  readonly body: string;
}

const manifestType = 'application/vnd.oci.image.manifest.v1+json';

export function digestOfBytes(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** Pushes one layer under a tag, as a container client does with plain requests. */
export async function push(fixity: Installation, name: string, tag: string, layer: Uint8Array): Promise<Pushed> {
  const config = Buffer.from('{}');
  for (const bytes of [config, layer]) {
    const answer = await fixity.api(`/v2/${name}/blobs/uploads/?digest=${digestOfBytes(bytes)}`, {
      method: 'POST',
      headers: { 'content-type': 'application/octet-stream' },
      body: bytes,
    });
    const body = await answer.text();
    if (answer.status !== 201) return { status: answer.status, body };
  }
  const part = (mediaType: string, bytes: Uint8Array) => ({
    mediaType,
    digest: digestOfBytes(bytes),
    size: bytes.length,
  });
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: manifestType,
    config: part('application/vnd.oci.image.config.v1+json', config),
    layers: [part('application/vnd.oci.image.layer.v1.tar', layer)],
  });
  const headers = { 'content-type': manifestType };
  const answer = await fixity.api(`/v2/${name}/manifests/${tag}`, { method: 'PUT', headers, body: manifest });
  return { status: answer.status, body: await answer.text() };
}

/** The bytes of the only layer under a tag, fetched from the registry. */
export async function pull(fixity: Installation, name: string, tag: string): Promise<Buffer> {
  const headers = { accept: manifestType };
  const answer = await fixity.api(`/v2/${name}/manifests/${tag}`, { headers });
  const { layers } = (await answer.json()) as { layers: { digest: string }[] };
  const blob = await fixity.api(`/v2/${name}/blobs/${layers[0]?.digest ?? ''}`);
  return Buffer.from(await blob.arrayBuffer());
}
