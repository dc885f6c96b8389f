import { type Digest, FixityError } from '#kernel';
import { isOwnRepository, ownRepositoryRefusal } from '#registry';
import type { Store, Uploads } from '#store';
import { send } from './answer.ts';
import { OciRefusal, requireDigest, unsupportedAlgorithm } from './errors.ts';
import type { Exchange } from './options.ts';

interface Things {
  readonly store: Store;
  readonly uploads: Uploads;
}

/** end-4 and end-11: all at once with `?digest`, mounted from another repository, or the begin of a session. */
export async function startUpload({ store, uploads }: Things, { request, response, query }: Exchange, name: string) {
  if (isOwnRepository(name)) throw ownRepositoryRefusal(name);
  const mount = query.get('mount');
  if (mount !== null) {
    const known = await store.stat(requireDigest(mount));
    if (known !== undefined) return send(response, 201, blobHeaders(name, known.digest));
  }
  const algorithm = query.get('digest-algorithm');
  if (algorithm !== null && algorithm !== 'sha256') {
    throw new OciRefusal('UNSUPPORTED', unsupportedAlgorithm(algorithm), { status: 400 });
  }
  const digest = query.get('digest');
  if (digest !== null && mount === null) {
    const stat = await store.put(request, requireDigest(digest));
    return send(response, 201, blobHeaders(name, stat.digest));
  }
  return send(response, 202, progress(name, await uploads.begin(), 0));
}

/** end-5: the next chunk, at the place `Content-Range` says or at the end of what has arrived. */
export async function appendChunk({ uploads }: Things, { request, response }: Exchange, name: string, id: string) {
  const offset = chunkStart(request.headers) ?? (await uploads.size(id));
  const size = await uploads.append(id, offset, request);
  send(response, 202, progress(name, id, size));
}

/** end-6: the last chunk, if there is a body, and the digest that all must have. */
export async function finishUpload(
  { uploads }: Things,
  { request, response, query }: Exchange,
  name: string,
  id: string,
) {
  const expected = requireDigest(query.get('digest') ?? '');
  const start = chunkStart(request.headers);
  const { 'content-length': length, 'transfer-encoding': encoding } = request.headers;
  if (Number(length ?? 0) > 0 || encoding !== undefined) {
    await uploads.append(id, start ?? (await uploads.size(id)), request);
  }
  const stat = await uploads.commit(id, expected);
  send(response, 201, blobHeaders(name, stat.digest));
}

/** end-13: how far an upload has got, so that a client can go on after its connection broke. */
export async function uploadStatus({ uploads }: Things, { response }: Exchange, name: string, id: string) {
  send(response, 204, progress(name, id, await uploads.size(id)));
}

/** end-14. */
export async function cancelUpload({ uploads }: Things, { response }: Exchange, id: string) {
  await uploads.cancel(id);
  send(response, 204);
}

function blobHeaders(name: string, digest: Digest) {
  return { Location: `/v2/${name}/blobs/${digest}`, 'Docker-Content-Digest': digest };
}

function progress(name: string, id: string, size: number) {
  return {
    Location: `/v2/${name}/blobs/uploads/${id}`,
    // An upload of nothing says 0-0 too: the specification has no other form, and clients expect it.
    Range: `0-${Math.max(0, size - 1)}`,
    'Docker-Upload-UUID': id,
  };
}

/** The first byte of `Content-Range: <start>-<end>`; the length must say the same as the range. */
function chunkStart(headers: Record<string, string | string[] | undefined>): number | undefined {
  const text = headers['content-range'];
  if (text === undefined) return undefined;
  const [, start = '', end = ''] = /^(\d{1,15})-(\d{1,15})$/.exec(String(text)) ?? [];
  if (start === '' || Number(end) < Number(start)) {
    throw new FixityError('range-invalid', `"${String(text).slice(0, 60)}" is not a range of a chunk`, {
      next: ['send Content-Range: <first byte>-<last byte>, both counted from 0'],
    });
  }
  if (Number(headers['content-length']) !== Number(end) - Number(start) + 1) {
    const error = new FixityError('invalid-input', 'Content-Length and Content-Range of the chunk differ', {
      next: ['send a Content-Length of exactly the range'],
    });
    throw new OciRefusal('SIZE_INVALID', error);
  }
  return Number(start);
}
