import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { Installation } from '../support/installation.ts';
import { refused } from '../support/problems.ts';
import { digestOfBytes, pull, push } from '../support/pushing.ts';

const megabyte = 1024 * 1024;

/** Bytes that look like nothing else, the same for the same number. */
function layer(number: number): Buffer {
  const seed = createHash('sha256').update(String(number)).digest();
  return Buffer.alloc(megabyte, seed);
}

function canMount(): boolean {
  try {
    execFileSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt'], { stdio: 'ignore' });
    return process.getuid?.() === 0;
  } catch {
    return false;
  }
}

suite('a disk that is full or closed loses nothing', {
  skip: canMount() ? false : 'a file system of its own needs root and mount',
  timeout: 120_000,
}, () => {
  const fixity = new Installation();
  const things = join(fixity.data, 'things');
  const filler = join(fixity.data, 'filler');
  /** What was acknowledged: the digest of the layer under each tag. */
  const kept = new Map<string, string>();
  const mounts: string[] = [];
  const mount = (...words: readonly string[]): void => {
    execFileSync('mount', words);
    mounts.push(words.at(-1) ?? '');
  };
  const unmount = (): void => void execFileSync('umount', [mounts.pop() ?? assert.fail('nothing is mounted')]);

  const one = async (number: number) => {
    const bytes = layer(number);
    const pushed = await push(fixity, 'checkout', `v${number}`, bytes);
    if (pushed.status === 201) kept.set(`v${number}`, digestOfBytes(bytes));
    return pushed;
  };
  const configure = (number: number): Promise<Response> =>
    fixity.api('/api/v1/repositories', {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ repository: `repository-${number}`, moving: [`m${'x'.repeat(100)}`], policy: 'final' }),
    });
  const everythingIsGiven = async (): Promise<void> => {
    for (const [tag, digest] of kept) assert.equal(digestOfBytes(await pull(fixity, 'checkout', tag)), digest, tag);
  };
  const everythingIsThere = async (): Promise<void> => {
    await everythingIsGiven();
    const { tags } = (await (await fixity.api('/v2/checkout/tags/list')).json()) as { tags: string[] };
    assert.deepEqual(tags.sort(), [...kept.keys()].sort());
    const { code, out, err } = await fixity.fixity('verify', '--data', fixity.data);
    assert.equal(code, 0, `${out}${err}`);
  };
  const fill = (): void => {
    const file = openSync(filler, 'a');
    const [large, small] = [Buffer.alloc(megabyte), Buffer.alloc(4096)];
    for (const piece of [large, small]) {
      try {
        for (;;) if (writeSync(file, piece) < piece.length) break;
      } catch (error) {
        assert.equal((error as NodeJS.ErrnoException).code, 'ENOSPC');
      }
    }
    closeSync(file);
  };

  before(async () => {
    mkdirSync(fixity.data);
    mount('-t', 'tmpfs', '-o', 'size=24m', 'tmpfs', fixity.data);
    await fixity.server.start();
  });
  after(async () => {
    await fixity.server.kill();
    while (mounts.length > 0) unmount();
    await fixity.close();
  });

  test('pushes are taken until the disk is full, and then refused in words', async (t) => {
    let number = 0;
    let last = await one(number);
    while (last.status === 201 && number < 60) last = await one((number += 1));
    t.diagnostic(`${kept.size} pushes of 1 MiB were taken`);
    assert.equal(last.status, 507, last.body);
    assert.ok(kept.size > 10);
    const { errors } = JSON.parse(last.body) as { errors: { code: string; message: string }[] };
    assert.match(errors[0]?.message ?? '', /full|no space/);
    await everythingIsGiven();
  });

  test('with not a byte left, commands are refused in words, and reading goes on', async (t) => {
    fill();
    let taken = 0;
    let answer = await configure(taken);
    while (answer.status === 200 && taken < 5_000) {
      await answer.text();
      answer = await configure((taken += 1));
    }
    t.diagnostic(`${taken} commands found room in what the databases had already`);
    const problem = await refused(answer, 507, 'storage-full', 'a command on a full disk');
    assert.equal(problem.retryable, true);
    const { repositories } = (await (await fixity.api('/api/v1/repositories')).json()) as {
      repositories: { repository: string }[];
    };
    assert.equal(repositories.filter(({ repository }) => repository.startsWith('repository-')).length, taken);
    await everythingIsGiven();
  });

  test('with room again the same server goes on by itself', async () => {
    rmSync(filler);
    execFileSync('mount', ['-o', 'remount,size=60m', fixity.data]);
    assert.equal((await configure(9_999)).status, 200);
    await everythingIsThere();
  });

  test('killed while full and started with room, everything acknowledged is there', async () => {
    fill();
    assert.equal((await one(100)).status, 507);
    await fixity.server.kill();
    rmSync(filler);
    await fixity.server.start();
    await everythingIsThere();
  });

  test('started while full, it starts or says why', async () => {
    await fixity.server.kill();
    fill();
    await fixity.server.start().catch(() => assert.match(fixity.server.log(), /no space is left|full/));
    rmSync(filler);
    await fixity.server.kill();
    await fixity.server.start();
    await everythingIsThere();
  });

  test('a store that becomes read-only under way refuses pushes in words and still gives what it holds', async () => {
    mount('--bind', things, things);
    execFileSync('mount', ['-o', 'remount,ro,bind', things]);
    const answer = await one(101);
    assert.equal(answer.status, 503, answer.body);
    assert.match(answer.body, /could not use its disk|read-only|EROFS/);
    await everythingIsThere();
    unmount();
    await fixity.server.kill();
    await fixity.server.start();
    await everythingIsThere();
  });

  test('a folder that cannot be written is refused at the start, in words', async () => {
    await fixity.server.kill('SIGTERM');
    mount('--bind', fixity.data, fixity.data);
    execFileSync('mount', ['-o', 'remount,ro,bind', fixity.data]);
    const before = fixity.server.log().length;
    await assert.rejects(fixity.server.start(), /ended/);
    assert.match(fixity.server.log().slice(before), /^Failed: .*data[^]*\nNext: \S/m);
    unmount();
    await fixity.server.start();
    await everythingIsThere();
  });
});
