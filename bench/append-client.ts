import { connect, type Socket } from 'node:net';
import { quantile } from './machine.ts';

/**
 * The load of `append.ts`, a process of its own: keeps a number of connections busy, each with one request at a time,
 * written by hand because node:http's client costs more than the server it would measure.
 * `node append-client.ts PORT TOKEN WRITERS SECONDS NAME`; prints one line of JSON.
 */
const [port = '', token = '', writers = '', seconds = '', name = ''] = process.argv.slice(2);
const times: number[] = [];
const bystander: number[] = [];
const began = performance.now();
const until = began + Number(seconds) * 1000;
let sent = 0;

function append(): string {
  sent += 1;
  const body = `{"repository":"bench/${name}-${sent}","moving":["latest"]}`;
  const head = `PUT /api/v1/repositories HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer ${token}`;
  return `${head}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
}

function look(): string {
  return `GET /api/v1/whoami HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer ${token}\r\n\r\n`;
}

/** One request after another on one connection; `pause` milliseconds between an answer and the next request. */
function keepAsking(socket: Socket, text: () => string, into: number[], pause: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let started = 0;
    let answer = '';
    const ask = (): void => {
      started = performance.now();
      answer = '';
      socket.write(text());
    };
    const next = (): void => {
      const now = performance.now();
      into.push(now - started);
      if (now >= until) socket.end(resolve);
      else if (pause > 0) setTimeout(ask, pause);
      else ask();
    };
    socket.setEncoding('latin1');
    socket.setNoDelay(true);
    socket.once('error', reject);
    socket.on('data', (piece: string) => {
      answer += piece;
      const bodyAt = answer.indexOf('\r\n\r\n') + 4;
      if (bodyAt < 4) return;
      if (!answer.startsWith('HTTP/1.1 200 ')) {
        reject(new Error(answer));
        return;
      }
      const length = /content-length: (?<bytes>\d+)/i.exec(answer)?.groups?.['bytes'];
      if (answer.length - bodyAt >= Number(length)) next();
    });
    socket.once('connect', ask);
  });
}

await Promise.all([
  keepAsking(connect(Number(port), '127.0.0.1'), look, bystander, 5),
  ...Array.from({ length: Number(writers) }, () => keepAsking(connect(Number(port), '127.0.0.1'), append, times, 0)),
]);
const rate = times.length / ((performance.now() - began) / 1000);
process.stdout.write(
  `${JSON.stringify({ rate, p50: quantile(times, 0.5), p99: quantile(times, 0.99), bystander: quantile(bystander, 0.5) })}\n`,
);
