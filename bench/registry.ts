import { execFile, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { describeMachine, median, report, round } from './machine.ts';
import { startServer } from './server.ts';

/**
 * Push and pull of one blob of 100 MiB by curl, beside Debian's docker-registry where it is installed, in rounds that
 * take turns: `node bench/registry.ts [rounds]`. Each push is of new content, by POST and one PUT.
 */
const rounds = Number(process.argv[2] ?? 5);
const mebibytes = 100;
const curl = promisify(execFile);

interface Peer {
  readonly name: string;
  readonly url: string;
  readonly credentials: readonly string[];
  readonly process: number | undefined;
  stop(): Promise<void>;
}

const folder = mkdtempSync(join(tmpdir(), 'fixity-bench-'));
const blob = join(folder, 'blob');

async function startFixity(): Promise<Peer> {
  const token = `fixity-bench-${randomBytes(16).toString('hex')}`;
  const server = await startServer(join(folder, 'fixity'), token);
  const credentials = ['-H', `Authorization: Bearer ${token}`];
  return { name: 'fixity', url: server.url, credentials, process: server.pid, stop: () => server.stop() };
}

async function startPeer(): Promise<Peer | undefined> {
  const address = `127.0.0.1:${await freePort()}`;
  const settings = join(folder, 'registry.yml');
  const storage = `storage:\n  filesystem:\n    rootdirectory: ${join(folder, 'peer')}\n`;
  writeFileSync(settings, `version: 0.1\nlog:\n  level: error\n${storage}http:\n  addr: ${address}\n`);
  const child = spawn('docker-registry', ['serve', settings], { stdio: 'ignore' });
  const ended = new Promise<'ended'>((resolve) => {
    child.once('exit', () => resolve('ended'));
    child.once('error', () => resolve('ended'));
  });
  const url = `http://${address}`;
  for (;;) {
    const state = await Promise.race([
      ended,
      fetch(`${url}/v2/`).then(
        () => 'ready',
        () => 'not yet',
      ),
    ]);
    if (state === 'ended') return undefined;
    if (state === 'ready') break;
    await pause(20);
  }
  const stop = async () => {
    child.kill('SIGTERM');
    await ended;
  };
  return { name: 'docker-registry', url, credentials: [], process: child.pid, stop };
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' ? (address?.port ?? 0) : 0));
    });
  });
}

/** Seconds that curl took; throws when the status is another. */
async function timed(status: number, parameters: readonly string[]): Promise<number> {
  const format = '%{http_code} %{time_total}';
  const { stdout } = await curl('curl', ['-sS', '-o', '/dev/null', '-w', format, ...parameters]);
  const [code, seconds] = stdout.split(' ').map(Number);
  if (code !== status || seconds === undefined) throw new Error(`curl ${parameters.join(' ')}: ${stdout}`);
  return seconds;
}

async function push({ url, credentials }: Peer, digest: string): Promise<number> {
  const headers = Object.fromEntries(credentials.slice(1).map((line) => line.split(': ') as [string, string]));
  const started = await fetch(`${url}/v2/bench/blobs/uploads/`, { method: 'POST', headers });
  const location = new URL(started.headers.get('location') ?? '', url);
  location.searchParams.set('digest', digest);
  const body = ['-X', 'PUT', '-H', 'Content-Type: application/octet-stream', '-T', blob];
  return await timed(201, [...credentials, ...body, location.href]);
}

const pull = ({ url, credentials }: Peer, digest: string) =>
  timed(200, [...credentials, `${url}/v2/bench/blobs/${digest}`]);

/** New content for every push, so that nobody can answer from what is there. */
async function makeBlob(): Promise<string> {
  const piece = randomBytes(1024 * 1024);
  writeFileSync(blob, Buffer.concat(Array.from({ length: mebibytes }, () => piece)));
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(blob)) hash.update(chunk as Buffer);
  return `sha256:${hash.digest('hex')}`;
}

/** The most memory the process has had, in MiB (`VmHWM` of /proc). */
function peakMemory(process: number | undefined): number {
  const status = readFileSync(`/proc/${process}/status`, 'utf8');
  return round(Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? Number.NaN) / 1024, 0);
}

const peers = [await startFixity(), await startPeer()].filter((peer) => peer !== undefined);
const pushes = new Map(peers.map(({ name }) => [name, [] as number[]]));
const pulls = new Map(peers.map(({ name }) => [name, [] as number[]]));
try {
  for (let at = 0; at < rounds; at += 1) {
    const digest = await makeBlob();
    // Who goes first changes with every round.
    for (const peer of at % 2 === 0 ? peers : peers.toReversed()) pushes.get(peer.name)?.push(await push(peer, digest));
    for (const peer of at % 2 === 0 ? peers : peers.toReversed()) pulls.get(peer.name)?.push(await pull(peer, digest));
  }
  const speed = (seconds: readonly number[]) => round(mebibytes / median(seconds), 0);
  const rows = peers.map((peer) => ({
    registry: peer.name,
    'push MiB/s': speed(pushes.get(peer.name) ?? []),
    'pull MiB/s': speed(pulls.get(peer.name) ?? []),
    'push p50 s': round(median(pushes.get(peer.name) ?? []), 3),
    'pull p50 s': round(median(pulls.get(peer.name) ?? []), 3),
    'peak memory MiB': peakMemory(peer.process),
  }));
  report('registry', describeMachine(folder), rows);
  if (peers.length === 1) process.stdout.write('docker-registry is not installed: nothing to compare with\n');
} finally {
  for (const peer of peers) await peer.stop();
  rmSync(folder, { recursive: true, force: true });
}
