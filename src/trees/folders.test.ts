import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { appendFileSync, rmSync, truncateSync } from 'node:fs';
import { chmod, link, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import {
  contentsOf,
  decodeTree,
  diffTrees,
  materialise,
  packTree,
  readTarball,
  scanTree,
  showPath,
  unpackTree,
  verifyTree,
} from './index.ts';
import { collect, goldenTree, openSample, sampleTrees } from './sample.case.ts';

const run = promisify(execFile);
const scratch = await mkdtemp(join(tmpdir(), 'fixity-trees-'));
after(() => rm(scratch, { recursive: true, force: true }));
const newFolder = (): Promise<string> => mkdtemp(join(scratch, 'case-'));

/** A folder with one of everything a person would freeze. */
async function project(): Promise<string> {
  const folder = await newFolder();
  await mkdir(join(folder, 'bin'));
  await writeFile(join(folder, 'bin', 'serve'), '#!/bin/sh\n', { mode: 0o700 });
  await writeFile(join(folder, 'app.js'), 'x'.repeat(3_000_000), { mode: 0o600 });
  await writeFile(Buffer.concat([Buffer.from(`${folder}/caf`), Buffer.from([0xe9])]), 'latin');
  await symlink('bin/serve', join(folder, 'run'));
  await symlink('/nowhere', join(folder, 'dangling'));
  await mkdir(join(folder, 'empty'), { mode: 0o700 });
  return folder;
}

const shown = (differences: { path: Uint8Array; change: string }[]): string[] =>
  differences.map(({ path, change }) => `${change} ${showPath(path)}`);

void describe('a folder as a tree', () => {
  void it('lists everything normalised, links unfollowed, in order', async () => {
    const { entries, digest, bytes } = await scanTree(await project());
    const lines = entries.map(
      (entry) => `${entry.type} ${entry.mode.toString(8)} ${entry.uid}:${entry.gid} ${showPath(entry.path)}`,
    );
    assert.deepEqual(lines, [
      'file 644 0:0 app.js',
      'folder 755 0:0 bin',
      'file 755 0:0 bin/serve',
      'file 644 0:0 caf\\xe9',
      'link 777 0:0 dangling',
      'folder 755 0:0 empty',
      'link 777 0:0 run',
    ]);
    assert.deepEqual(diffTrees(decodeTree(bytes), entries), []);
    assert.match(digest, /^sha256:/);
  });

  void it('keeps owners and modes when told to', async () => {
    const { entries } = await scanTree(await project(), { preserve: true });
    const serve = entries.find((entry) => showPath(entry.path) === 'bin/serve');
    assert.equal(serve?.mode, 0o700);
    assert.equal(serve?.uid, process.getuid?.());
  });

  void it('has the same digest wherever and by whomever it is checked out', async () => {
    const [one, two] = [await project(), await project()];
    await chmod(join(two, 'app.js'), 0o666);
    assert.equal((await scanTree(one)).digest, (await scanTree(two)).digest);
    await chmod(join(two, 'app.js'), 0o755);
    assert.notEqual((await scanTree(one)).digest, (await scanTree(two)).digest);
  });

  void it('takes extended attributes from the port, and only those of a tree', async () => {
    const folder = await project();
    const readXattrs = (): { name: Buffer; value: Buffer }[] =>
      ['user.b', 'system.posix_acl_access', 'user.a'].map((name) => ({
        name: Buffer.from(name),
        value: Buffer.from('v'),
      }));
    const { entries } = await scanTree(folder, { readXattrs });
    const named = entries.map((entry) => entry.xattrs.map(({ name }) => Buffer.from(name).toString()).join());
    assert.deepEqual(named, [
      'user.a,user.b',
      'user.a,user.b',
      'user.a,user.b',
      'user.a,user.b',
      '',
      'user.a,user.b',
      '',
    ]);
  });

  void it('cannot hold a FIFO or a socket, and says which', async () => {
    const folder = await project();
    await run('mkfifo', [join(folder, 'bin', 'pipe')]);
    await assert.rejects(scanTree(folder), { code: 'unsupported', message: /"bin\/pipe"/ });
    const other = await newFolder();
    const server = createServer().listen(join(other, 'sock'));
    await new Promise((done) => server.once('listening', done));
    await assert.rejects(scanTree(other), { code: 'unsupported', message: /"sock"/ });
    server.close();
  });

  void it('is bounded', async () => {
    const folder = await project();
    await assert.rejects(scanTree(folder, { limits: { entries: 6, bytes: 1e9 } }), {
      code: 'too-large',
      message: /6 entries/,
    });
    await assert.rejects(scanTree(folder, { limits: { entries: 7, bytes: 1_000 } }), {
      code: 'too-large',
      message: /1000 bytes/,
    });
  });

  void it('is refused when a file changes while it is read', async () => {
    const folder = await newFolder();
    const path = join(folder, 'app.js');
    const changes = [
      (): void => appendFileSync(path, 'more'),
      (): void => truncateSync(path, 5),
      (): void => rmSync(path),
    ];
    for (const change of changes) {
      await writeFile(path, 'x'.repeat(3_000_000));
      // A large file is hashed in several turns, of which the first is over when the call returns.
      const scanning = scanTree(folder);
      change();
      await assert.rejects(scanning, { code: 'digest-mismatch', message: /"app\.js" changed/ });
    }
  });

  void it('is not packed when a file is no longer what was listed', async () => {
    const folder = await project();
    const { entries } = await scanTree(folder);
    await writeFile(join(folder, 'app.js'), 'y'.repeat(3_000_000));
    await assert.rejects(collect(packTree(entries, contentsOf(folder))), {
      code: 'digest-mismatch',
      message: /"app\.js"/,
    });
    await rm(join(folder, 'app.js'));
    await assert.rejects(collect(packTree(entries, contentsOf(folder))), {
      code: 'digest-mismatch',
      message: /"app\.js"/,
    });
  });

  void it('says when it is not there', async () => {
    await assert.rejects(scanTree(join(scratch, 'missing')), /missing/);
  });
});

void describe('a tree as an archive', () => {
  void it('is the golden tar, byte for byte', async () => {
    const sample = goldenTree();
    const expected = await readFile(new URL('../../tests/golden/trees/sample.tar', import.meta.url));
    assert.deepEqual(await collect(packTree(sample.entries.toReversed(), openSample(sample))), expected);
  });

  void it('comes back as it went: packed, unpacked, scanned', async () => {
    await fc.assert(
      fc.asyncProperty(sampleTrees({ full: false }), async (sample) => {
        const folder = join(await newFolder(), 'into');
        const written = await unpackTree(packTree(sample.entries, openSample(sample)), folder);
        assert.deepEqual(diffTrees(sample.entries, written), []);
        assert.deepEqual(diffTrees(sample.entries, (await scanTree(folder)).entries), []);
        assert.deepEqual(await verifyTree(folder, sample.entries), []);
        await rm(folder, { recursive: true });
      }),
      { numRuns: 50 },
    );
  });

  void it('keeps all that a listing can say', async () => {
    await fc.assert(
      fc.asyncProperty(sampleTrees({ full: true }), async (sample) => {
        const folder = join(await newFolder(), 'into');
        const written = await unpackTree(packTree(sample.entries, openSample(sample)), folder, { attributes: false });
        assert.deepEqual(diffTrees(sample.entries, written), []);
        await rm(folder, { recursive: true });
      }),
      { numRuns: 50 },
    );
  });

  void it('is read by tar, and what tar writes is the same tree', async () => {
    const folder = await project();
    await link(join(folder, 'app.js'), join(folder, 'zz-hard'));
    const tree = await scanTree(folder);
    const ours = join(scratch, 'ours.tar');
    await writeFile(ours, await collect(packTree(tree.entries, contentsOf(folder))));
    const out = await newFolder();
    await run('tar', ['-xf', ours, '-C', out]);
    assert.equal((await scanTree(out)).digest, tree.digest);
    for (const format of ['gnu', 'pax', 'ustar', 'oldgnu']) {
      const theirs = join(scratch, `${format}.tar`);
      await run('tar', [`--format=${format}`, '-cf', theirs, '-C', folder, '.']);
      await using tarball = await readTarball(theirs, { spool: scratch });
      assert.deepEqual(shown(diffTrees(tree.entries, tarball.entries)), [], format);
      assert.equal(tarball.digest, tree.digest, format);
      assert.deepEqual(await collect(tarball.layer()), await readFile(ours), format);
    }
  });

  void it('may be compressed; a damaged one is refused and leaves nothing', async () => {
    const sample = goldenTree();
    const zipped = gzipSync(await collect(packTree(sample.entries, openSample(sample))));
    const spool = await newFolder();
    const pieces = async function* (bytes: Uint8Array): AsyncGenerator<Uint8Array> {
      for (let at = 0; at < bytes.length; at += 100) yield bytes.subarray(at, at + 100);
    };
    {
      await using tarball = await readTarball(pieces(zipped), { spool, preserve: true });
      assert.deepEqual(diffTrees(sample.entries, tarball.entries), []);
    }
    await assert.rejects(readTarball(pieces(zipped.subarray(0, 300)), { spool }), { code: 'invalid-input' });
    await assert.rejects(readTarball(pieces(Buffer.from('not an archive')), { spool }), { code: 'invalid-input' });
    await assert.rejects(readTarball(pieces(Buffer.alloc(0)), { spool }), { code: 'invalid-input' });
    assert.deepEqual(await readdir(spool), []);
  });
});

void describe('an instance of a tree', () => {
  void it('is the tree, and every change to it is found', async () => {
    const source = await project();
    const { entries } = await scanTree(source);
    const folder = join(await newFolder(), 'instance');
    await materialise(entries, packTree(entries, contentsOf(source)), folder);
    assert.deepEqual(await verifyTree(folder, entries), []);
    await writeFile(join(folder, 'bin', 'serve'), '#!/bin/sH\n');
    await rm(join(folder, 'run'));
    await writeFile(join(folder, 'stray'), '');
    await rm(join(folder, 'app.js'));
    await run('mkfifo', [join(folder, 'app.js'), join(folder, 'pipe')]);
    const differences = await verifyTree(folder, entries);
    assert.deepEqual(shown(differences), [
      'changed app.js',
      'changed bin/serve',
      'added pipe',
      'removed run',
      'added stray',
    ]);
    assert.match(differences[0]?.reason ?? '', /FIFO/);
  });

  void it('belongs to whom it is given', {
    skip: process.getuid?.() !== 0 && 'only root can give files away',
  }, async () => {
    const source = await project();
    const { entries } = await scanTree(source);
    const folder = join(await newFolder(), 'instance');
    const owner = { uid: 4711, gid: 4712 };
    await materialise(entries, packTree(entries, contentsOf(source)), folder, owner);
    assert.deepEqual(await verifyTree(folder, entries, { owner }), []);
    const held = await scanTree(folder, { preserve: true });
    assert.ok(held.entries.every((entry) => entry.uid === 4711 && entry.gid === 4712));
  });

  void it('is not made of another archive, nor of one that cannot be set, nor over something', async () => {
    const sample = goldenTree();
    const layer = (): AsyncIterable<Uint8Array> => packTree(sample.entries, openSample(sample));
    const folder = join(await newFolder(), 'instance');
    const [first, ...fewer] = sample.entries;
    assert.ok(first);
    await assert.rejects(materialise([...fewer, { ...first, path: Buffer.from('zzz') }], layer(), folder), /./);
    const other = sample.entries.with(0, { ...first, mode: 0o700 });
    await assert.rejects(materialise(other, layer(), folder), { code: 'digest-mismatch' });
    await assert.rejects(materialise(sample.entries, layer(), folder), { code: 'unsupported', message: /bin\/serve/ });
    await assert.rejects(readFile(join(folder, 'conf.yaml')), { code: 'ENOENT' });
    await mkdir(folder);
    await writeFile(join(folder, 'mine'), 'kept');
    await assert.rejects(materialise(sample.entries, layer(), folder), {
      code: 'invalid-input',
      message: /not an empty/,
    });
    assert.equal(await readFile(join(folder, 'mine'), 'utf8'), 'kept');
  });
});
