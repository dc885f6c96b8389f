import { join, relative, resolve } from 'node:path';
import { saveCredentials } from '#cli';
import { Child, type Ready } from './child.ts';
import { enrolmentFile } from './enrolment-file.ts';

/** `npm start`: one server, one node agent and one proxy on this machine, each a process of its own. */
const began = performance.now();
const data = resolve(process.env['FIXITY_DATA'] ?? 'fixity-data');
const listen = process.env['FIXITY_LISTEN'] ?? '127.0.0.1:7070';
const proxyListen = process.env['FIXITY_PROXY_LISTEN'] ?? '127.0.0.1:7080';
const server = `${process.env['FIXITY_TLS_CERT'] === undefined ? 'http' : 'https'}://${listen}`;
const proxyData = `${data}/proxy`;
// Compiled once, so that the next start is quicker.
process.env['NODE_COMPILE_CACHE'] ??= join(import.meta.dirname, '../../node_modules/.cache/fixity');
const { FIXITY_TOKEN: chosen, ...withoutToken } = process.env;

const say = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

function child(name: string, flags: readonly string[], env: NodeJS.ProcessEnv): Child {
  return new Child({
    name,
    script: `./${name}.ts`,
    flags,
    env,
    log: `${data}/logs/${name}.log`,
    ended: (why, againInMs) =>
      say(`! ${name} ended: ${why}. Starting it again in ${againInMs / 1000} s; instances and their traffic go on.`),
  });
}

const children = [
  child('server', ['--data', data, '--listen', listen], process.env),
  child('proxy', ['--data', proxyData, '--listen', proxyListen], withoutToken),
  child(
    'node-agent',
    ['--data', `${data}/node`, '--server', server, '--proxy', proxyData, '--enrol-file', enrolmentFile(data)],
    withoutToken,
  ),
];

async function stop(): Promise<void> {
  await Promise.all(children.map((one) => one.stop()));
}

function shown(path: string): string {
  const short = relative(process.cwd(), path);
  return short.startsWith('..') ? path : `./${short}`;
}

function welcome(ready: Ready): void {
  const token = ready.token ?? chosen;
  say(
    `Fixity ready in ${((performance.now() - began) / 1000).toFixed(1)} s   ${ready.listen}   data in ${shown(data)}`,
  );
  if (token !== undefined) saveCredentials(process.env, server, token);
  if (ready.token !== undefined) say(`Token (shown once) ${ready.token}`);
  say(
    token === undefined
      ? 'Signed in as before; fixity login signs another terminal in.'
      : "This terminal's user is signed in.",
  );
  say(`Traffic goes to http://<service>.<environment>.localhost:${proxyListen.split(':').at(-1)}`);
  say('Next: npx fixity ship -f examples/checkout/v1/fixity.yaml      (in another terminal)\n      npx fixity live');
}

let stopping = false;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    // A second time does not wait.
    if (stopping) process.exit(1);
    stopping = true;
    void stop().then(() => {
      say('\nStopped. Instances keep running, unwatched and without traffic, until Fixity is back: npm start');
      process.exit(0);
    });
  });
}

try {
  const [ready] = await Promise.all(children.map((one) => one.start()));
  if (ready !== undefined) welcome(ready);
} catch (error) {
  await stop();
  if (!stopping) process.stderr.write(`${(error as Error).message}\n`);
  process.exit(1);
}
