/** What a URL under `/v2/` asks for (OCI distribution-spec 1.1, "Endpoints"). */
export type OciPath =
  | { readonly kind: 'version' }
  | { readonly kind: 'token' }
  | { readonly kind: 'catalog' }
  | { readonly kind: 'tags'; readonly name: string }
  | { readonly kind: 'blob'; readonly name: string; readonly digest: string }
  | { readonly kind: 'uploads'; readonly name: string }
  | { readonly kind: 'upload'; readonly name: string; readonly id: string }
  | { readonly kind: 'manifest'; readonly name: string; readonly reference: string }
  | { readonly kind: 'referrers'; readonly name: string; readonly digest: string };

const shapes: readonly (readonly [RegExp, (name: string, last: string) => OciPath])[] = [
  // Names may hold slashes, so the longest name wins and the endpoint is read from the right.
  [/^\/v2\/(.+)\/blobs\/uploads\/?$/, (name) => ({ kind: 'uploads', name })],
  [/^\/v2\/(.+)\/blobs\/uploads\/([^/]+)$/, (name, id) => ({ kind: 'upload', name, id })],
  [/^\/v2\/(.+)\/blobs\/([^/]+)$/, (name, digest) => ({ kind: 'blob', name, digest })],
  [/^\/v2\/(.+)\/manifests\/([^/]+)$/, (name, reference) => ({ kind: 'manifest', name, reference })],
  [/^\/v2\/(.+)\/tags\/list$/, (name) => ({ kind: 'tags', name })],
  [/^\/v2\/(.+)\/referrers\/([^/]+)$/, (name, digest) => ({ kind: 'referrers', name, digest })],
];

/** Reads the path of a URL, without the query; undefined when there is no such endpoint. Names are not checked yet. */
export function parseOciPath(path: string): OciPath | undefined {
  if (path === '/v2' || path === '/v2/') return { kind: 'version' };
  if (path === '/v2/token') return { kind: 'token' };
  if (path === '/v2/_catalog') return { kind: 'catalog' };
  for (const [pattern, make] of shapes) {
    const match = pattern.exec(path);
    if (match !== null) return make(decode(match[1] ?? ''), decode(match[2] ?? ''));
  }
  return undefined;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A broken escape is no valid name, digest or tag; the grammar refuses it with a sentence.
    return text;
  }
}
