import { Readable } from 'node:stream';
import { type Digest, digestOf, isDigest, shortDigest } from '#kernel';
import { bounded, expectStatus, mismatch, nextPage, notARegistry, verified } from './answer.ts';
import type { Descriptor } from './descriptor.ts';
import { descriptorOf, listOf, membersOf } from './fields.ts';
import { type Manifest, maximumDescriptors, maximumManifest, parseManifest } from './manifest.ts';
import { bareMediaType, manifestKinds, mediaTypes } from './media-types.ts';
import { failureOf } from './refusal.ts';

export interface DistributionClientOptions {
  /** Where `/v2/` is, for example `http://127.0.0.1:7070`. */
  readonly endpoint: string;
  /** Sent as `Authorization: Bearer`, to the endpoint only, never to where it redirects. */
  readonly token?: string;
  readonly fetch?: typeof fetch;
  /** Milliseconds for requests without a body; 30,000 when absent. Blobs take as long as they take. */
  readonly timeout?: number;
}

export interface PulledManifest {
  readonly digest: Digest;
  readonly bytes: Uint8Array;
  readonly manifest: Manifest;
}

type Body = AsyncIterable<Uint8Array> | Uint8Array;

interface Options {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** A stream is sent as it comes. */
  readonly body?: Body;
  /** Gives up after the client's timeout. */
  readonly timed?: boolean;
}

const pageLimit = 100;

/**
 * Pushes to and pulls from an OCI registry (distribution-spec 1.1).
 *
 * Every method throws the refusal of the registry as a FixityError with its code; `unreachable` or `timed-out` when there
 * is no answer.
 */
export class DistributionClient {
  readonly #endpoint: URL;
  readonly #token: string | undefined;
  readonly #fetch: typeof fetch;
  readonly #timeout: number;

  constructor({ endpoint, token, fetch: fetcher = fetch, timeout = 30_000 }: DistributionClientOptions) {
    this.#endpoint = new URL(endpoint);
    this.#token = token;
    this.#fetch = fetcher;
    this.#timeout = timeout;
  }

  async hasBlob(repository: string, digest: Digest): Promise<boolean> {
    const response = await this.#request(this.#url(repository, `blobs/${digest}`), 'look for a blob', {
      method: 'HEAD',
      timed: true,
    });
    if (response.status === 404) return false;
    await expectStatus(response, [200], 'look for a blob');
    return true;
  }

  /** Sends the blob unless the registry has it: one POST, one PUT that streams. Answers whether bytes were sent. */
  async pushBlob(
    repository: string,
    { digest, size }: Pick<Descriptor, 'digest' | 'size'>,
    source: () => Body,
  ): Promise<boolean> {
    if (await this.hasBlob(repository, digest)) return false;
    const doing = `take blob ${shortDigest(digest)}`;
    const begun = await this.#request(this.#url(repository, 'blobs/uploads/'), doing, { method: 'POST', timed: true });
    await expectStatus(begun, [202], doing);
    await begun.body?.cancel();
    const location = begun.headers.get('location');
    if (location === null) throw notARegistry('it began an upload without saying where');
    const target = new URL(location, this.#endpoint);
    target.searchParams.set('digest', digest);
    const finished = await this.#request(target, doing, {
      method: 'PUT',
      headers: { 'content-type': 'application/octet-stream', 'content-length': String(size) },
      body: source(),
    });
    await expectStatus(finished, [201], doing);
    await finished.body?.cancel();
    return true;
  }

  /** Pushes a manifest under a tag or its digest and answers its digest. */
  async pushManifest(repository: string, reference: string, bytes: Uint8Array, mediaType: string): Promise<Digest> {
    const doing = `take ${repository}:${reference}`;
    const response = await this.#request(this.#url(repository, `manifests/${reference}`), doing, {
      method: 'PUT',
      headers: { 'content-type': mediaType },
      body: bytes,
      timed: true,
    });
    await expectStatus(response, [201], doing);
    await response.body?.cancel();
    return digestOf(bytes);
  }

  /** @throws FixityError also `digest-mismatch` when asked for by digest and the answer is something else. */
  async pullManifest(repository: string, reference: string): Promise<PulledManifest> {
    const doing = `give ${repository}:${reference}`;
    const response = await this.#request(this.#url(repository, `manifests/${reference}`), doing, {
      headers: { accept: [...manifestKinds.keys()].join(', ') },
      timed: true,
    });
    await expectStatus(response, [200], doing);
    const bytes = await bounded(response, maximumManifest);
    const digest = digestOf(bytes);
    if (isDigest(reference) && digest !== reference) throw mismatch(reference, digest);
    return { digest, bytes, manifest: parseManifest(bytes, response.headers.get('content-type') ?? undefined) };
  }

  /**
   * The bytes of a blob. The stream fails with `digest-mismatch` at its end, or as soon as it is too long: nothing read
   * from it may be acted on before it has ended.
   */
  async pullBlob(repository: string, { digest, size }: Pick<Descriptor, 'digest' | 'size'>): Promise<Readable> {
    const doing = `give blob ${shortDigest(digest)}`;
    const response = await this.#request(this.#url(repository, `blobs/${digest}`), doing);
    await expectStatus(response, [200], doing);
    const origin = this.#endpoint.origin;
    return Readable.from(
      verified(response.body ?? [], digest, size, (error) => failureOf(error, origin, doing)),
      {
        objectMode: false,
      },
    );
  }

  /** What has this manifest as its subject; with a type, only that. All pages, up to 100. */
  async listReferrers(repository: string, digest: Digest, artifactType?: string): Promise<Descriptor[]> {
    const doing = `list what refers to ${shortDigest(digest)}`;
    const found: Descriptor[] = [];
    let url: URL | undefined = this.#url(repository, `referrers/${digest}`);
    if (artifactType !== undefined) url.searchParams.set('artifactType', artifactType);
    for (let page = 0; url !== undefined && page < pageLimit; page += 1) {
      const response: Response = await this.#request(url, doing, {
        headers: { accept: mediaTypes.imageIndex },
        timed: true,
      });
      await expectStatus(response, [200], doing);
      if (bareMediaType(response.headers.get('content-type') ?? '') !== mediaTypes.imageIndex) {
        throw notARegistry('its list of referrers is not an index');
      }
      const { manifests } = membersOf(
        JSON.parse((await bounded(response, maximumManifest)).toString()),
        'the list of referrers',
      );
      const members = listOf(manifests, 'manifests', maximumDescriptors);
      found.push(...members.map((one, at) => descriptorOf(one, `manifests[${at}]`)));
      url = nextPage(response, url);
    }
    // A registry may leave the filtering to the client.
    return artifactType === undefined ? found : found.filter((one) => one.artifactType === artifactType);
  }

  #url(repository: string, rest: string): URL {
    return new URL(`/v2/${repository}/${rest}`, this.#endpoint);
  }

  async #request(
    url: URL,
    doing: string,
    { method = 'GET', headers = {}, body, timed = false }: Options = {},
  ): Promise<Response> {
    const authorized = this.#token !== undefined && url.origin === this.#endpoint.origin;
    try {
      return await this.#fetch(url, {
        method,
        headers: { ...headers, ...(authorized && { authorization: `Bearer ${this.#token}` }) },
        ...(body !== undefined && { body, duplex: 'half' as const }),
        ...(timed && { signal: AbortSignal.timeout(this.#timeout) }),
      });
    } catch (error) {
      throw failureOf(error, url.origin, doing);
    }
  }
}
