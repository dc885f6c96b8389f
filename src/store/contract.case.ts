import type strict from 'node:assert/strict';
import { type Readable, Writable } from 'node:stream';
import { type Digest, digestOf } from '#kernel';
import type { Outlet } from './outlet.ts';
import type { Store } from './store.ts';
import type { Uploads } from './uploads.ts';

/** A store under test. `reopen` is the restart of its process on the same data. */
export interface OpenedStore {
  readonly store: Store & Outlet;
  readonly uploads: Uploads;
  reopen(): Promise<OpenedStore>;
  close(): Promise<void>;
}

/**
 * What every driver of {@link Store} and {@link Uploads} must do, as tests; each driver's own test file runs it.
 * The test runner is loaded here and not at the top, so that the server does not load it with the door.
 */
export async function storeContractSuite(name: string, open: () => Promise<OpenedStore>): Promise<void> {
  const { describe, it, beforeEach, afterEach } = await import('node:test');
  const assert: typeof strict = (await import('node:assert/strict')).default;
  const absent: Digest = `sha256:${'0'.repeat(64)}`;

  let opened: OpenedStore;
  let store: Store & Outlet;
  let uploads: Uploads;
  const use = (next: OpenedStore): void => {
    opened = next;
    ({ store, uploads } = next);
  };
  const withSuite = (title: string, body: () => void): void => {
    void describe(`${name}: ${title}`, () => {
      beforeEach(async () => use(await open()));
      afterEach(() => opened.close());
      body();
    });
  };

  withSuite('things', () => {
    void it('gives back what was put, whole and in ranges', async () => {
      const bytes = pattern(300_000);
      const stat = await store.put(pieces(bytes, 7_001), digestOf(bytes));
      assert.deepEqual(stat, { digest: digestOf(bytes), size: bytes.length });
      assert.deepEqual(await collect(await store.open(stat.digest)), bytes);
      const slice = await store.open(stat.digest, { start: 10, end: 19 });
      assert.deepEqual(await collect(slice), bytes.subarray(10, 20));
      const tail = await store.open(stat.digest, { start: 299_990, end: 999_999 });
      assert.deepEqual(await collect(tail), bytes.subarray(299_990));
      await assert.rejects(store.open(stat.digest, { start: 300_000 }), { code: 'range-invalid' });
      await assert.rejects(store.open(stat.digest, { start: 20, end: 19 }), { code: 'range-invalid' });
    });

    void it('sends what was put, whole and in ranges, and leaves the sink open', async () => {
      const bytes = pattern(3_000_001);
      const { digest } = await store.put(bytes);
      const empty = await store.put(new Uint8Array());
      const received: Buffer[] = [];
      const sink = new Writable({
        write(chunk: Buffer, _encoding, done) {
          // Late, as a slow client would: until then the bytes must stay as they are.
          setImmediate(() => {
            received.push(Buffer.from(chunk));
            done();
          });
        },
      });
      await store.send(digest, undefined, () => sink);
      await store.send(empty.digest, undefined, () => sink);
      await store.send(digest, { start: 1_000_000, end: 1_000_009 }, () => sink);
      await store.send(digest, { start: 2_999_990, end: 9_999_999 }, () => sink);
      assert.equal(sink.writable, true);
      const expected = [bytes, bytes.subarray(1_000_000, 1_000_010), bytes.subarray(2_999_990)];
      assert.ok(Buffer.concat(received).equals(Buffer.concat(expected)));
    });

    void it('calls for no sink when there is nothing to send', async () => {
      const { digest } = await store.put(Buffer.from('abc'));
      const never = () => assert.fail('a sink was called for');
      await assert.rejects(store.send(absent, undefined, never), { code: 'not-found' });
      await assert.rejects(store.send(digest, { start: 3 }, never), { code: 'range-invalid' });
    });

    void it('stops sending when the sink fails or goes away', async () => {
      const { digest } = await store.put(pattern(5_000_000));
      const failing = new Writable({ write: (_chunk, _encoding, done) => done(new Error('the sink failed')) });
      failing.on('error', () => {});
      await assert.rejects(
        store.send(digest, undefined, () => failing),
        /the sink failed/,
      );
      // It never calls back for what it was given.
      const leaving = new Writable({ write: () => void setImmediate(() => leaving.destroy()) });
      const gone = { code: /^ERR_STREAM_(PREMATURE_CLOSE|DESTROYED)$/ };
      await assert.rejects(
        store.send(digest, undefined, () => leaving),
        gone,
      );
      await assert.rejects(
        store.send(digest, undefined, () => leaving),
        gone,
      );
    });

    void it('holds the empty thing', async () => {
      const { digest, size } = await store.put(new Uint8Array());
      assert.equal(size, 0);
      assert.equal((await collect(await store.open(digest))).length, 0);
      assert.equal((await store.read(digest, 0)).length, 0);
    });

    void it('keeps its own copy of bytes that the sender goes on to reuse', async () => {
      const buffer = Buffer.alloc(64, 'a');
      async function* reusing(): AsyncGenerator<Uint8Array> {
        yield buffer;
        buffer.fill('b');
        yield buffer;
      }
      const stat = await store.put(reusing());
      assert.equal(stat.digest, digestOf('a'.repeat(64) + 'b'.repeat(64)));
      assert.equal(Buffer.from(await store.read(stat.digest, 128)).toString(), 'a'.repeat(64) + 'b'.repeat(64));
    });

    void it('reads no more into memory than it is told', async () => {
      const { digest } = await store.put(pattern(1_000));
      assert.equal((await store.read(digest, 1_000)).length, 1_000);
      await assert.rejects(store.read(digest, 999), { code: 'too-large' });
    });

    void it('stores nothing when the bytes are not what was promised', async () => {
      const bytes = pattern(5_000);
      await assert.rejects(store.put(bytes, absent), { code: 'digest-mismatch' });
      assert.equal(await store.stat(digestOf(bytes)), undefined);
      assert.equal(await store.stat(absent), undefined);
      assert.deepEqual(await listed(store), []);
    });

    void it('stores nothing when the source breaks off', async () => {
      await assert.rejects(store.put(broken(pattern(5_000))), /broke off/);
      assert.deepEqual(await listed(store), []);
    });

    void it('takes the same thing again, also from many at once, and checks it each time', async () => {
      const bytes = pattern(200_000);
      const stats = await Promise.all(Array.from({ length: 8 }, () => store.put(pieces(bytes, 4_096))));
      assert.deepEqual(new Set(stats.map((stat) => stat.digest)), new Set([digestOf(bytes)]));
      await assert.rejects(store.put(pattern(10), digestOf(bytes)), { code: 'digest-mismatch' });
      assert.deepEqual(Buffer.from(await store.read(digestOf(bytes), 200_000)), bytes);
      assert.deepEqual(await listed(store), [digestOf(bytes)]);
    });

    void it('says what is not there', async () => {
      assert.equal(await store.stat(absent), undefined);
      await assert.rejects(store.open(absent), { code: 'not-found' });
      await assert.rejects(store.read(absent, 10), { code: 'not-found' });
      await store.remove(absent);
    });

    void it('lists in order, and forgets what is removed', async () => {
      const digests = await Promise.all(
        ['a', 'b', 'c', 'd'].map(async (text) => (await store.put(Buffer.from(text))).digest),
      );
      assert.deepEqual(await listed(store), [...digests].sort());
      await store.remove(digestOf('b'));
      assert.deepEqual(await listed(store), digests.filter((digest) => digest !== digestOf('b')).sort());
      assert.equal(await store.stat(digestOf('b')), undefined);
    });

    void it('has after a restart what it acknowledged before', async () => {
      const { digest } = await store.put(Buffer.from('kept'));
      use(await opened.reopen());
      assert.equal(Buffer.from(await store.read(digest, 4)).toString(), 'kept');
    });
  });

  withSuite('uploads', () => {
    void it('puts pieces together', async () => {
      const bytes = pattern(250_000);
      const id = await uploads.begin();
      assert.equal(await uploads.size(id), 0);
      assert.equal(await uploads.append(id, 0, pieces(bytes.subarray(0, 100_001), 999)), 100_001);
      assert.equal(await uploads.append(id, 100_001, bytes.subarray(100_001)), 250_000);
      assert.deepEqual(await uploads.commit(id, digestOf(bytes)), { digest: digestOf(bytes), size: 250_000 });
      assert.deepEqual(await collect(await store.open(digestOf(bytes))), bytes);
      await assert.rejects(uploads.size(id), { code: 'not-found' });
    });

    void it('refuses bytes at the wrong place', async () => {
      const id = await uploads.begin();
      await uploads.append(id, 0, Buffer.from('abc'));
      await assert.rejects(uploads.append(id, 2, Buffer.from('d')), { code: 'range-invalid' });
      await assert.rejects(uploads.append(id, 4, Buffer.from('d')), { code: 'range-invalid' });
      assert.equal(await uploads.append(id, 3, Buffer.from('d')), 4);
      assert.equal((await uploads.commit(id, digestOf('abcd'))).size, 4);
    });

    void it('lets only one append run at a time', async () => {
      const id = await uploads.begin();
      const gate = Promise.withResolvers<void>();
      async function* slow(): AsyncGenerator<Uint8Array> {
        yield Buffer.from('ab');
        await gate.promise;
        yield Buffer.from('cd');
      }
      const first = uploads.append(id, 0, slow());
      await assert.rejects(uploads.append(id, 0, Buffer.from('xy')), { code: 'range-invalid' });
      await assert.rejects(uploads.commit(id, digestOf('ab')), { code: 'range-invalid' });
      gate.resolve();
      assert.equal(await first, 4);
      await uploads.commit(id, digestOf('abcd'));
    });

    void it('keeps what arrived when the sender breaks off, and goes on from there', async () => {
      const bytes = pattern(90_000);
      const id = await uploads.begin();
      await assert.rejects(uploads.append(id, 0, broken(bytes.subarray(0, 40_000))), /broke off/);
      const size = await uploads.size(id);
      assert.equal(size, 40_000);
      await uploads.append(id, size, bytes.subarray(size));
      await uploads.commit(id, digestOf(bytes));
      assert.deepEqual(await collect(await store.open(digestOf(bytes))), bytes);
    });

    void it('goes on after a restart', async () => {
      const bytes = pattern(150_000);
      const id = await uploads.begin();
      await uploads.append(id, 0, bytes.subarray(0, 70_000));
      use(await opened.reopen());
      assert.equal(await uploads.size(id), 70_000);
      await uploads.append(id, 70_000, bytes.subarray(70_000));
      await uploads.commit(id, digestOf(bytes));
      assert.deepEqual(await collect(await store.open(digestOf(bytes))), bytes);
    });

    void it('stores nothing when the digest is another, and forgets the upload', async () => {
      const id = await uploads.begin();
      await uploads.append(id, 0, Buffer.from('abc'));
      await assert.rejects(uploads.commit(id, absent), { code: 'digest-mismatch' });
      await assert.rejects(uploads.size(id), { code: 'not-found' });
      assert.deepEqual(await listed(store), []);
    });

    void it('cancels', async () => {
      const id = await uploads.begin();
      await uploads.append(id, 0, Buffer.from('abc'));
      await uploads.cancel(id);
      await assert.rejects(uploads.append(id, 3, Buffer.from('d')), { code: 'not-found' });
    });

    void it('knows no upload it did not begin', async () => {
      const strangers = [
        '',
        '.',
        '..',
        '../sha256',
        'nothing',
        '0198b1c2-0000-7000-8000-000000000000',
        'a\0b',
        '%2e%2e',
      ];
      for (const id of strangers) {
        await assert.rejects(uploads.size(id), { code: 'not-found' });
        await assert.rejects(uploads.append(id, 0, Buffer.from('x')), { code: 'not-found' });
        await assert.rejects(uploads.commit(id, absent), { code: 'not-found' });
        await assert.rejects(uploads.cancel(id), { code: 'not-found' });
      }
    });
  });
}

/** Bytes that repeat with a period no buffer size shares, so that a swapped or doubled piece shows. */
function pattern(size: number): Buffer {
  const bytes = Buffer.alloc(size);
  for (let at = 0; at < size; at += 1) bytes[at] = (at * 31 + (at >> 8)) % 251;
  return bytes;
}

async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function* broken(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
  throw new Error('the sender broke off');
}

async function collect(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

async function listed(store: Store): Promise<Digest[]> {
  const digests: Digest[] = [];
  for await (const digest of store.list()) digests.push(digest);
  return digests;
}
