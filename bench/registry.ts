import { execFile, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import {
  closeSync,
  createReadStream,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { describeMachine, median, report, round } from './machine.ts';
import { startServer } from './server.ts';

/**
 * Push and pull of blobs by curl, beside Debian's docker-registry where it is installed and beside what dd gets from the
 * same disk, in rounds that take turns: `node bench/registry.ts [rounds]`. Each push is of new content, by POST and one
 * PUT. Two sizes show that memory does not grow with what is carried.
 */
const rounds = Number(process.argv[2] ?? 5);
const sizes = [100, 500];
const run = promisify(execFile);

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
  const { stdout } = await run('curl', ['-sS', '-o', '/dev/null', '-w', format, ...parameters]);
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
async function makeBlob(mebibytes: number): Promise<string> {
  const piece = randomBytes(1024 * 1024);
  const file = openSync(blob, 'w');
  for (let at = 0; at < mebibytes; at += 1) writeSync(file, piece);
  closeSync(file);
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(blob)) hash.update(chunk as Buffer);
  return `sha256:${hash.digest('hex')}`;
}

/** Seconds that dd takes to copy the blob durably, or past the page cache: what the disk allows. */
async function dd(option: string): Promise<number> {
  const copy = join(folder, 'copy');
  const started = performance.now();
  await run('dd', [`if=${blob}`, `of=${copy}`, 'bs=1M', option]);
  const seconds = (performance.now() - started) / 1000;
  rmSync(copy);
  return seconds;
}

/** What is still on its way to the disk from an earlier step must not slow the next one. */
const settle = () => run('sync', []);

/** Forgets the most memory the process has had so far (proc(5), `clear_refs`). */
const resetPeak = (pid: number | undefined): void => writeFileSync(`/proc/${pid}/clear_refs`, '5');

/** The most memory the process has had since, in MiB (`VmHWM` of /proc). */
function peakMemory(pid: number | undefined): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? Number.NaN) / 1024;
}

interface Figures {
  readonly push: number[];
  readonly pull: number[];
  readonly pushMemory: number[];
  readonly pullMemory: number[];
}

const newFigures = (): Figures => ({ push: [], pull: [], pushMemory: [], pullMemory: [] });

async function measure(peer: Peer, way: 'push' | 'pull', digest: string, into: Figures): Promise<void> {
  await settle();
  resetPeak(peer.process);
  into[way].push(await (way === 'push' ? push : pull)(peer, digest));
  into[`${way}Memory`].push(peakMemory(peer.process));
}

const peers = [await startFixity(), await startPeer()].filter((peer) => peer !== undefined);
try {
  const rows: Record<string, string | number>[] = [];
  for (const mebibytes of sizes) {
    const figures = new Map(peers.map((peer) => [peer, newFigures()]));
    const disk = { fsync: [] as number[], direct: [] as number[] };
    for (let at = 0; at < rounds; at += 1) {
      const digest = await makeBlob(mebibytes);
      // Who goes first changes with every round.
      const turn = at % 2 === 0 ? [...figures] : [...figures].toReversed();
      for (const [peer, into] of turn) await measure(peer, 'push', digest, into);
      for (const [peer, into] of turn) await measure(peer, 'pull', digest, into);
      await settle();
      disk.fsync.push(await dd('conv=fsync'));
      disk.direct.push(await dd('oflag=direct'));
    }
    const speed = (seconds: readonly number[]) => round(mebibytes / median(seconds), 0);
    for (const [{ name }, { push: pushes, pull: pulls, pushMemory, pullMemory }] of figures) {
      rows.push({
        what: name,
        'blob MiB': mebibytes,
        'push MiB/s': speed(pushes),
        'pull MiB/s': speed(pulls),
        'peak memory pushing MiB': round(Math.max(...pushMemory), 0),
        'peak memory pulling MiB': round(Math.max(...pullMemory), 0),
      });
    }
    rows.push({ what: 'dd conv=fsync', 'blob MiB': mebibytes, 'push MiB/s': speed(disk.fsync) });
    rows.push({ what: 'dd oflag=direct', 'blob MiB': mebibytes, 'push MiB/s': speed(disk.direct) });
  }
  report('registry', describeMachine(folder), rows);
  if (peers.length === 1) process.stdout.write('docker-registry is not installed: nothing to compare with\n');
} finally {
  for (const peer of peers) await peer.stop();
  rmSync(folder, { recursive: true, force: true });
}
