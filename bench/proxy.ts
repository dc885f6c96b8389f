import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, createServer, get } from 'node:http';
import { type AddressInfo, connect, createServer as createNetServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { describeMachine, median, quantile, report, round } from './machine.ts';

/**
 * Small GET requests to one origin: direct, through the proxy, and through nginx with kept-alive connections where it is
 * installed, in rounds that take turns: `node bench/proxy.ts [seconds per round] [rounds]`. The client is wrk where it
 * is installed, else one of Node's own, which costs more than what it measures. All of it stays on loopback.
 */
const seconds = Math.min(10, Number(process.argv[2] ?? 3));
const rounds = Number(process.argv[3] ?? 5);
const connections = 32;
/** Of /proc: USER_HZ, which is 100 on Linux. */
const ticksPerSecond = 100;
const host = 'bench.prod.localhost';
const run = promisify(execFile);

interface Way {
  readonly name: string;
  readonly port: number;
  /** What stands between, where something does. */
  readonly pid?: number | undefined;
  stop(): Promise<void>;
}

interface Round {
  readonly rate: number;
  readonly p50: number;
  readonly p99: number;
  /** Microseconds of processor time in between; it depends less on what else this machine does. */
  readonly cpu?: number;
  readonly failed: number;
}

function tellPort(port: number): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- that is for windows; a thread has none
  parentPort?.postMessage(port);
}

/** What a thread of this file does: it answers. */
function serveOrigin(): void {
  const body = Buffer.from('a small answer\n');
  const server = createServer((request, response) => {
    request.resume();
    response.writeHead(200, { 'content-type': 'text/plain', 'content-length': body.length }).end(body);
  });
  server.listen(0, '127.0.0.1', () => tellPort((server.address() as AddressInfo).port));
}

async function startOrigin(): Promise<Way> {
  const worker = new Worker(import.meta.filename);
  const [port] = (await once(worker, 'message')) as [number];
  return { name: 'direct', port, stop: async () => void (await worker.terminate()) };
}

async function startFixity(folder: string, origin: number): Promise<Way> {
  const endpoints = [{ instance: 'i1', address: '127.0.0.1', port: origin }];
  const table = { version: 1, routes: [{ hosts: [host], service: 'prod/bench', endpoints }] };
  writeFileSync(join(folder, 'routes.json'), JSON.stringify(table));
  const script = join(import.meta.dirname, '..', 'src', 'main', 'proxy.ts');
  const child = spawn(process.execPath, [script, '--data', folder, '--listen', '127.0.0.1:0'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const ended = once(child, 'exit');
  const { value: line } = await createInterface({ input: child.stdout })[Symbol.asyncIterator]().next();
  const { listen } = JSON.parse(String(line)) as { listen: string };
  const stop = async () => {
    child.kill('SIGTERM');
    await ended;
  };
  return { name: 'fixity proxy', port: Number(listen.slice(listen.lastIndexOf(':') + 1)), pid: child.pid, stop };
}

async function freePort(): Promise<number> {
  const server = createNetServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** One worker that adds the same fields; undefined when there is no nginx. */
async function startNginx(folder: string, origin: number): Promise<Way | undefined> {
  const port = await freePort();
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => `${kind}_temp_path ${kind};`);
  const fields = ['X-Forwarded-For $remote_addr', 'X-Forwarded-Proto $scheme', 'X-Forwarded-Host $host'];
  const location = `proxy_pass http://origin; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $host;
    ${fields.map((field) => `proxy_set_header ${field};`).join(' ')}`;
  const settings = `pid ${folder}/nginx.pid; error_log stderr crit; daemon off; master_process off;
events { worker_connections 1024; }
http { access_log off; keepalive_requests 1000000000; ${temporary.join(' ')}
  upstream origin { server 127.0.0.1:${origin}; keepalive 64; keepalive_requests 1000000000; }
  server { listen 127.0.0.1:${port}; server_name ${host}; location / { ${location} } } }
`;
  writeFileSync(join(folder, 'nginx.conf'), settings);
  const child = spawn('nginx', ['-p', folder, '-c', join(folder, 'nginx.conf')], {
    stdio: ['ignore', 'ignore', 'ignore'],
  });
  const ended = new Promise<'ended'>((resolve) => {
    child.once('exit', () => resolve('ended'));
    child.once('error', () => resolve('ended'));
  });
  const stop = async () => {
    child.kill('SIGTERM');
    await ended;
  };
  for (;;) {
    const state = await Promise.race([ended, accepts(port)]);
    if (state === 'ended') return undefined;
    if (state === 'ready') return { name: 'nginx', port, pid: child.pid, stop };
    await pause(20);
  }
}

function accepts(port: number): Promise<'ready' | 'not yet'> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve('ready');
    });
    socket.once('error', () => resolve('not yet'));
  });
}

const script = `done = function(summary, latency, requests)
  local e = summary.errors
  io.write(string.format("RESULT %f %f %f %d\\n", summary.requests / summary.duration * 1e6,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000, e.connect + e.read + e.write + e.status + e.timeout))
end
`;

async function byWrk(folder: string, port: number): Promise<Round> {
  writeFileSync(join(folder, 'result.lua'), script);
  const options = ['-t1', `-c${connections}`, `-d${seconds}s`, '-H', `Host: ${host}`, '-s', join(folder, 'result.lua')];
  const { stdout } = await run('wrk', [...options, `http://127.0.0.1:${port}/`]);
  const [rate = 0, p50 = 0, p99 = 0, failed = 0] = /^RESULT (.*)$/m.exec(stdout)?.[1]?.split(' ').map(Number) ?? [];
  return { rate, p50, p99, failed };
}

async function byNode(port: number): Promise<Round> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const times: number[] = [];
  let failed = 0;
  const ask = () =>
    new Promise<boolean>((resolve) => {
      get({ port, host: '127.0.0.1', agent, headers: { host } }, (response) => {
        response.resume();
        response.once('close', () => resolve(response.complete && response.statusCode === 200));
      }).once('error', () => resolve(false));
    });
  const began = performance.now();
  const client = async () => {
    while (performance.now() < began + seconds * 1000) {
      const asked = performance.now();
      if (await ask()) times.push(performance.now() - asked);
      else failed += 1;
    }
  };
  await Promise.all(Array.from({ length: connections }, client));
  agent.destroy();
  const took = (performance.now() - began) / 1000;
  return { rate: times.length / took, p50: median(times), p99: quantile(times, 0.99), failed };
}

/** Processor time the process has used, in seconds; 0 where there is no /proc. */
function processorTime(pid: number | undefined): number {
  if (pid === undefined || !existsSync(`/proc/${pid}/stat`)) return 0;
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

async function measure(way: Way, folder: string, wrk: boolean): Promise<Round> {
  const before = processorTime(way.pid);
  const round = await (wrk ? byWrk(folder, way.port) : byNode(way.port));
  const spent = processorTime(way.pid) - before;
  return { ...round, cpu: (spent * 1e6) / (round.rate * seconds) };
}

async function compare(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'fixity-bench-'));
  const origin = await startOrigin();
  const ways = [origin];
  try {
    ways.push(await startFixity(folder, origin.port));
    const nginx = await startNginx(folder, origin.port);
    if (nginx !== undefined) ways.push(nginx);
    const wrk = await run('wrk', ['-v']).then(
      () => true,
      (error: NodeJS.ErrnoException) => error.code !== 'ENOENT',
    );
    const results = new Map(ways.map((way) => [way, [] as Round[]]));
    for (let at = 0; at < rounds; at += 1) {
      for (const [way, into] of results) into.push(await measure(way, folder, wrk));
    }
    const rows = [...results].map(([{ name }, all]) => ({
      way: name,
      client: `${wrk ? 'wrk' : 'node'}, ${connections} connections`,
      'requests/s': round(median(all.map(({ rate }) => rate)), 0),
      'p50 ms': round(median(all.map(({ p50 }) => p50))),
      'p99 ms': round(median(all.map(({ p99 }) => p99))),
      'CPU µs per request': round(median(all.map(({ cpu = 0 }) => cpu)), 0),
      failed: all.reduce((sum, { failed }) => sum + failed, 0),
    }));
    report('proxy', describeMachine(folder), rows);
  } finally {
    for (const way of ways.toReversed()) await way.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

if (isMainThread) await compare();
else serveOrigin();
