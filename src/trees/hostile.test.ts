import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { after, beforeEach, describe, it } from 'node:test';
import * as fc from 'fast-check';
import { type Pack, pack } from 'tar-stream';
import { unpackTree } from './index.ts';
import { collect } from './sample.case.ts';

const scratch = await mkdtemp(join(tmpdir(), 'fixity-hostile-'));
after(() => rm(scratch, { recursive: true, force: true }));

type Member = Parameters<Pack['entry']>[0];

let outside: string;
let folder: string;
beforeEach(async () => {
  outside = await mkdtemp(join(scratch, 'case-'));
  folder = join(outside, 'into');
  await writeFile(join(outside, 'victim'), 'untouched');
});

/** An archive by another writer than ours, which lets through what ours refuses to write. */
async function archive(...members: [Member, string?][]): Promise<Buffer> {
  const writer = pack();
  for (const [header, content] of members) {
    if (content === undefined) writer.entry(header);
    else writer.entry(header, content);
  }
  writer.finalize();
  return await collect(Readable.from(writer));
}

async function* whole(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

const symlinkTo = (name: string, linkname: string): [Member] => [{ name, type: 'symlink', linkname }];
const hardLink = (name: string, linkname: string): [Member] => [{ name, type: 'link', linkname }];
const file = (name: string): [Member, string] => [{ name }, 'evil'];

void describe('a hostile archive', () => {
  const refused: Record<string, [Member, string?][]> = {
    'a name that climbs out': [file('../victim')],
    'a name that climbs out further down': [file('a/../../victim')],
    'an absolute name': [file('/tmp/fixity-evil')],
    'an absolute folder': [[{ name: '/', type: 'directory' }]],
    'a file through a link': [symlinkTo('l', '..'), file('l/victim')],
    'a folder through a link': [symlinkTo('l', '..'), [{ name: 'l/sub', type: 'directory' }]],
    'a folder in the place of a link': [symlinkTo('l', '..'), [{ name: 'l', type: 'directory' }], file('l/victim')],
    'a file in the place of a link': [symlinkTo('l', '../victim'), file('l')],
    'a link in the place of a folder': [[{ name: 'd', type: 'directory' }], symlinkTo('d', '..'), file('d/victim')],
    'a hard link to outside': [hardLink('h', '../victim'), file('h')],
    'a hard link through a link': [symlinkTo('l', '..'), hardLink('h', 'l/victim')],
    'a hard link to a link': [symlinkTo('l', '../victim'), hardLink('h', 'l')],
    'a file twice': [file('a'), file('a')],
    'a file under a file': [file('a'), file('a/b')],
    'a long name that climbs out': [file(`${'x/'.repeat(100)}${'../'.repeat(101)}victim`)],
    'a FIFO': [[{ name: 'p', type: 'fifo' }]],
    'a device': [[{ name: 'sda', type: 'block-device', devmajor: 8, devminor: 0 }]],
  };
  for (const [title, members] of Object.entries(refused)) {
    void it(`cannot get in ${title}`, async () => {
      await assert.rejects(unpackTree(whole(await archive(...members)), folder), (error: { code?: string }) => {
        assert.match(error.code ?? '', /^(invalid-input|unsupported)$/);
        return true;
      });
      assert.deepEqual(await readdir(outside), ['victim']);
      assert.equal(await readFile(join(outside, 'victim'), 'utf8'), 'untouched');
    });
  }

  void it('is bounded in count and in bytes, hard links counted as copies', async () => {
    const many = await archive(file('a'), file('b'), file('c'));
    await assert.rejects(unpackTree(whole(many), folder, { limits: { entries: 2, bytes: 100 } }), {
      code: 'too-large',
    });
    await assert.rejects(unpackTree(whole(many), folder, { limits: { entries: 3, bytes: 11 } }), { code: 'too-large' });
    const copies = await archive(file('a'), hardLink('b', 'a'), hardLink('c', 'a'));
    await assert.rejects(unpackTree(whole(copies), folder, { limits: { entries: 9, bytes: 11 } }), {
      code: 'too-large',
    });
    const deep = await archive(file(`${'d/'.repeat(50)}f`));
    await assert.rejects(unpackTree(whole(deep), folder, { limits: { entries: 50, bytes: 100 } }), {
      code: 'too-large',
    });
    assert.equal((await unpackTree(whole(copies), folder, { limits: { entries: 3, bytes: 12 } })).length, 3);
  });

  void it('that claims a huge file is refused before anything is written', async () => {
    const writer = pack();
    writer.entry({ name: 'huge', size: 2 ** 50 });
    const header = (await once(writer, 'data'))[0] as Buffer;
    await assert.rejects(unpackTree(whole(header), folder), { code: 'too-large' });
  });

  void it('is refused or read, and never crashes, whatever its bytes are', async () => {
    const sound = await archive(
      [{ name: 'd', type: 'directory' }],
      file('d/f'),
      symlinkTo('d/l', 'f'),
      file('n'.repeat(150)),
    );
    const damage = fc.record({ at: fc.nat({ max: sound.length - 1 }), byte: fc.nat({ max: 255 }), cut: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(damage, async ({ at, byte, cut }) => {
        const bytes = Buffer.from(cut ? sound.subarray(0, at) : sound);
        if (!cut) bytes[at] = byte;
        try {
          await unpackTree(whole(bytes), folder);
        } catch (error) {
          assert.match((error as { code?: string }).code ?? '', /^(invalid-input|unsupported|too-large)$/);
        }
        await rm(folder, { recursive: true, force: true });
        assert.deepEqual(await readdir(outside), ['victim']);
      }),
    );
  });
});
