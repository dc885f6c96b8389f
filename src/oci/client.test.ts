import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, describe, it } from 'node:test';
import { digestOf } from '#kernel';
import { DistributionClient, mediaTypes } from './index.ts';

type Answer = (request: IncomingMessage, response: ServerResponse, body: Buffer) => void;

const servers: Server[] = [];
after(() => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
});

/** A registry that answers as the test says, and what it was asked. */
async function registry(answer: Answer): Promise<{ endpoint: string; asked: string[] }> {
  const asked: string[] = [];
  const respond = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await whole(request);
    if (body === undefined) return;
    asked.push(`${request.method} ${request.url} ${request.headers.authorization ?? 'without token'}`);
    answer(request, response, body);
  };
  const server = createServer((request, response) => void respond(request, response));
  servers.push(server);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return { endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

const json = (
  response: ServerResponse,
  status: number,
  document: unknown,
  headers: Record<string, string> = {},
): void => {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(document));
};
const layer = { digest: digestOf('layer'), size: 5 };

async function* inPieces(text: string): AsyncGenerator<Uint8Array> {
  for (const character of text) yield Buffer.from(character);
}

const text = async (stream: AsyncIterable<Uint8Array>): Promise<string> =>
  Buffer.concat(await Array.fromAsync(stream)).toString();

/** Undefined when the sender broke off. */
async function whole(request: AsyncIterable<Buffer>): Promise<Buffer | undefined> {
  try {
    return Buffer.concat(await Array.fromAsync(request));
  } catch {
    return undefined;
  }
}

void describe('the distribution client', () => {
  void it('looks first, then sends a blob as a stream of known length', async () => {
    let received = '';
    const { endpoint, asked } = await registry((request, response, body) => {
      if (request.method === 'HEAD') response.writeHead(404).end();
      else if (request.method === 'POST') response.writeHead(202, { location: '/v2/r/blobs/uploads/7?_state=x' }).end();
      else {
        received = `${body.toString()} ${request.headers['content-length']}`;
        response.writeHead(201).end();
      }
    });
    const client = new DistributionClient({ endpoint, token: 't' });
    assert.equal(await client.pushBlob('r', layer, () => inPieces('layer')), true);
    assert.equal(received, 'layer 5');
    assert.deepEqual(asked, [
      `HEAD /v2/r/blobs/${layer.digest} Bearer t`,
      'POST /v2/r/blobs/uploads/ Bearer t',
      `PUT /v2/r/blobs/uploads/7?_state=x&digest=${encodeURIComponent(layer.digest)} Bearer t`,
    ]);
  });

  void it('sends nothing that the registry has', async () => {
    const { endpoint, asked } = await registry((_, response) => response.writeHead(200).end());
    const client = new DistributionClient({ endpoint });
    assert.equal(await client.pushBlob('r', layer, () => assert.fail('the source was opened')), false);
    assert.deepEqual(asked, [`HEAD /v2/r/blobs/${layer.digest} without token`]);
  });

  void it('keeps its token from another place that an upload is sent to', async () => {
    const other = await registry((_, response) => response.writeHead(201).end());
    const { endpoint } = await registry((request, response) => {
      if (request.method === 'HEAD') response.writeHead(404).end();
      else response.writeHead(202, { location: `${other.endpoint}/upload` }).end();
    });
    await new DistributionClient({ endpoint, token: 'secret' }).pushBlob('r', layer, () => Buffer.from('layer'));
    assert.deepEqual(other.asked, [`PUT /upload?digest=${encodeURIComponent(layer.digest)} without token`]);
  });

  void it('passes on what a Fixity server says: code, sentence, facts and what to do', async () => {
    const detail = { code: 'tag-final', detail: 'r:1 is already frozen as 4be1', facts: ['by ana'], next: ['use r:2'] };
    const { endpoint } = await registry((_, response) =>
      json(response, 409, { errors: [{ code: 'DENIED', message: 'no', detail }] }),
    );
    const pushing = new DistributionClient({ endpoint }).pushManifest(
      'r',
      '1',
      Buffer.from('{}'),
      mediaTypes.imageIndex,
    );
    await assert.rejects(pushing, {
      code: 'tag-final',
      message: detail.detail,
      facts: detail.facts,
      next: detail.next,
    });
  });

  void it('translates what other registries say', async () => {
    const said: [number, unknown, string][] = [
      [404, { errors: [{ code: 'NAME_UNKNOWN', message: 'who?' }] }, 'not-found'],
      [400, { errors: [{ code: 'DIGEST_INVALID' }] }, 'digest-mismatch'],
      [401, {}, 'unauthenticated'],
      [403, 'no', 'forbidden'],
      [429, { errors: [{ code: 'TOOMANYREQUESTS' }] }, 'unreachable'],
      [500, { errors: [{ code: 'tag-final', detail: { code: 'no such code' } }] }, 'internal'],
    ];
    for (const [status, document, code] of said) {
      const { endpoint } = await registry((_, response) => json(response, status, document));
      await assert.rejects(new DistributionClient({ endpoint }).pullManifest('r', '1'), { code });
    }
  });

  void it('says when there is no answer', async () => {
    const { endpoint } = await registry((_, response) => response.destroy());
    await assert.rejects(new DistributionClient({ endpoint }).hasBlob('r', layer.digest), {
      code: 'unreachable',
      retryable: true,
    });
    const { endpoint: silent } = await registry(() => undefined);
    await assert.rejects(new DistributionClient({ endpoint: silent, timeout: 1 }).hasBlob('r', layer.digest), {
      code: 'timed-out',
    });
  });

  void it('says when a blob is shorter than it should be', async () => {
    const { endpoint } = await registry((request, response) => {
      if (request.method === 'HEAD') response.writeHead(404).end();
      else response.writeHead(202, { location: '/upload' }).end();
    });
    async function* short(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('lay');
    }
    await assert.rejects(new DistributionClient({ endpoint }).pushBlob('r', layer, short), { code: 'unreachable' });
  });

  void it('gives a blob only if it is the one', async () => {
    const { endpoint } = await registry((request, response) =>
      response.end(request.url?.includes('/short/') ? 'laye' : 'layers'),
    );
    const client = new DistributionClient({ endpoint });
    assert.equal(await text(await client.pullBlob('long', { digest: digestOf('layers'), size: 6 })), 'layers');
    await assert.rejects(text(await client.pullBlob('long', layer)), { code: 'digest-mismatch', message: /longer/ });
    await assert.rejects(text(await client.pullBlob('short', layer)), { code: 'digest-mismatch' });
  });

  void it('gives a manifest only if it is the one and is sound', async () => {
    const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, manifests: [] }));
    const { endpoint } = await registry((request, response) => {
      assert.match(request.headers.accept ?? '', /image\.index/);
      response.writeHead(200, { 'content-type': mediaTypes.imageIndex }).end(bytes);
    });
    const client = new DistributionClient({ endpoint });
    const { digest, manifest } = await client.pullManifest('r', 'latest');
    assert.equal(digest, digestOf(bytes));
    assert.equal(manifest.kind, 'index');
    assert.deepEqual((await client.pullManifest('r', digest)).bytes, bytes);
    await assert.rejects(client.pullManifest('r', layer.digest), { code: 'digest-mismatch' });
  });

  void it('lists referrers page by page, and filters if the registry did not', async () => {
    const one = (artifactType: string): object => ({
      mediaType: mediaTypes.imageManifest,
      digest: digestOf(artifactType),
      size: 1,
      artifactType,
    });
    const { endpoint, asked } = await registry((request, response) => {
      const second = request.url?.includes('page=2') ?? false;
      const link = { link: `</v2/r/referrers/${layer.digest}?page=2>; rel="next"` };
      const headers = { 'content-type': mediaTypes.imageIndex, ...(second ? {} : link) };
      json(response, 200, { schemaVersion: 2, manifests: [one(second ? 'a/b' : 'a/c')] }, headers);
    });
    const client = new DistributionClient({ endpoint });
    const types = (await client.listReferrers('r', layer.digest)).map((found) => found.artifactType);
    assert.deepEqual(types, ['a/c', 'a/b']);
    assert.equal((await client.listReferrers('r', layer.digest, 'a/b')).length, 1);
    assert.equal(asked.length, 4);
  });

  void it('does not take a web page for a list of referrers', async () => {
    const { endpoint } = await registry((_, response) =>
      response.writeHead(200, { 'content-type': 'text/html' }).end('<p>'),
    );
    await assert.rejects(new DistributionClient({ endpoint }).listReferrers('r', layer.digest), {
      code: 'unreachable',
    });
  });
});
