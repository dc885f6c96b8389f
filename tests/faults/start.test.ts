import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { Installation } from '../support/installation.ts';

const program = join(import.meta.dirname, '..', '..', 'bin', 'fixity');

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Starts a server that is expected to refuse; kills it when it does not. */
function start(...flags: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(program, ['server', ...flags], { timeout: 20_000, killSignal: 'SIGKILL' }, (error, out, err) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? -1), out, err });
    });
  });
}

suite('a server that cannot start says why', { timeout: 60_000 }, () => {
  const fixity = new Installation();
  before(() => fixity.server.start());
  after(() => fixity.close());

  const refuses = ({ code, out, err }: Ended, says: RegExp): void => {
    assert.ok(code > 0, `left with ${code}: ${err}${out}`);
    assert.match(err, says);
    assert.match(err, /^(Refused:|Failed:) \S[^]*\nNext: \S/m);
    assert.doesNotMatch(err, /\bat .*\.ts:\d+/);
    assert.equal(out, '');
  };

  test('another server has the folder', async () => {
    const second = await start('--data', fixity.data, '--listen', '127.0.0.1:0');
    refuses(second, new RegExp(`in use by the server with process id ${fixity.server.pid}`));
    assert.equal((await fixity.api('/api/v1/whoami')).status, 200, 'the first goes on');
  });

  test('another program has the port; the folder is free again afterwards', async () => {
    const data = join(fixity.folder, 'second');
    refuses(await start('--data', data, '--listen', fixity.server.listen ?? ''), /another program has it/);
    refuses(await start('--data', data, '--listen', fixity.server.listen ?? ''), /another program has it/);
  });

  test('the folder is a file, or below one', async () => {
    const file = join(fixity.folder, 'file');
    writeFileSync(file, '');
    refuses(await start('--data', file, '--listen', '127.0.0.1:0'), /file/);
    refuses(await start('--data', join(file, 'below'), '--listen', '127.0.0.1:0'), /file/);
  });

  test('the folder may not be written', { skip: process.getuid?.() === 0 && 'root may write everywhere' }, async () => {
    const folder = join(fixity.folder, 'closed');
    mkdirSync(folder);
    chmodSync(folder, 0o500);
    refuses(await start('--data', folder, '--listen', '127.0.0.1:0'), /closed/);
    refuses(await start('--data', join(folder, 'data'), '--listen', '127.0.0.1:0'), /closed/);
  });

  test('beyond loopback without a certificate, and nothing is made', async () => {
    const data = join(fixity.folder, 'open');
    refuses(await start('--data', data, '--listen', '0.0.0.0:0'), /not loopback/);
    assert.deepEqual(existsSync(data) ? readdirSync(data) : [], []);
  });

  test('flags that are wrong', async () => {
    const data = join(fixity.folder, 'unused');
    const flags = ['--data', data];
    refuses(await start(...flags, '--listen', 'everywhere'), /not HOST:PORT/);
    refuses(await start(...flags, '--listen', '127.0.0.1:99999'), /not HOST:PORT/);
    refuses(await start(...flags, '--surprise'), /surprise/);
    refuses(await start(...flags, '--open', 'everything'), /everything/);
    refuses(await start(...flags, '--tls-cert', 'missing.pem'), /together/);
    refuses(await start(...flags, '--tls-cert', 'missing.pem', '--tls-key', 'missing.pem'), /missing\.pem/);
    for (const flag of ['--data', '--listen', '--origin', '--open', '--tls-cert', '--tls-key']) {
      refuses(await start(flag, ''), /empty/);
    }
    assert.equal(existsSync(data), false);
  });

  test('the ledger of another origin', async () => {
    await fixity.server.kill('SIGTERM');
    refuses(
      await start('--data', fixity.data, '--listen', '127.0.0.1:0', '--origin', 'other.example/x'),
      /test\.example/,
    );
    await fixity.server.start();
  });

  test('a bootstrap token that is too short', async () => {
    const ended = await new Promise<Ended>((resolve) => {
      const env = { ...process.env, FIXITY_TOKEN: 'short' };
      const flags = ['server', '--data', join(fixity.folder, 'short'), '--listen', '127.0.0.1:0'];
      execFile(program, flags, { env, timeout: 20_000 }, (error, out, err) =>
        resolve({ code: error === null ? 0 : Number(error.code ?? -1), out, err }),
      );
    });
    refuses(ended, /token/);
  });
});
