import { FixityError } from '#kernel';
import type { Outlet, Range, Store } from '#store';
import { apiVersion, send } from './answer.ts';
import { OciRefusal, requireDigest } from './errors.ts';
import type { Exchange } from './options.ts';

/**
 * end-2: a blob, whole or one range of it (RFC 9110, section 14). One organisation owns the server and entries do not
 * track which repository a blob came through, so whoever may read gets a known blob under any repository name.
 */
export async function getBlob(
  store: Store & Outlet,
  { request, response }: Exchange,
  name: string,
  text: string,
): Promise<void> {
  const digest = requireDigest(text);
  const stat = await store.stat(digest);
  if (stat === undefined) {
    throw new FixityError('not-found', `${name} holds no blob ${digest}`, { next: ['push the blob first'] });
  }
  const range = rangeOf(request.headers.range, stat.size);
  const headers = {
    ...apiVersion,
    'Content-Type': 'application/octet-stream',
    'Docker-Content-Digest': digest,
    'Accept-Ranges': 'bytes',
    ETag: `"${digest}"`,
  };
  if (request.headers['if-none-match'] === headers.ETag) return send(response, 304, headers);
  const length = range === undefined ? stat.size : range.end - range.start + 1;
  const partial = range && { 'Content-Range': `bytes ${range.start}-${range.end}/${stat.size}` };
  const status = range === undefined ? 200 : 206;
  if (request.method === 'HEAD') {
    response.writeHead(status, { ...headers, ...partial, 'Content-Length': length });
    response.end();
    return;
  }
  await store.send(digest, range, () =>
    response.writeHead(status, { ...headers, ...partial, 'Content-Length': length }),
  );
  response.end();
}

const single = /^bytes=(\d{0,15})-(\d{0,15})$/;

/** Several ranges at once and other units are answered with the whole, as RFC 9110 allows. */
function rangeOf(header: string | undefined, size: number): Required<Range> | undefined {
  const [, first = '', last = ''] = single.exec(header ?? '') ?? [];
  if (first === '' && last === '') return undefined;
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === '' || last === '' ? size - 1 : Math.min(Number(last), size - 1);
  if (first !== '' && last !== '' && Number(last) < start) return undefined;
  if (start <= end && (first !== '' || Number(last) > 0)) return { start, end };
  const error = new FixityError('range-invalid', `the blob has ${size} bytes and none in ${header}`, {
    next: ['ask for a range inside the blob'],
  });
  throw new OciRefusal('SIZE_INVALID', error, { headers: { 'Content-Range': `bytes */${size}` } });
}
