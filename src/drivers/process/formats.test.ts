import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { chainOf, type Launch } from './launch.ts';
import { ownEndpoints, sharedEndpoints } from './ports.ts';
import { parseStat, readProcess } from './processes.ts';
import { type PlaceholderValues, placeholdersOf, renderBytes, renderText } from './render.ts';
import { decodeState, encodeState } from './state.ts';

const values: PlaceholderValues = {
  id: 'web-1',
  root: '/data/instances/web-1/root',
  config: '/data/instances/web-1/config/app.conf',
  endpoints: [
    { name: 'http', address: '127.0.0.1', port: 8080 },
    { name: 'admin', address: '127.0.0.1', port: 8081 },
  ],
  address: '127.0.0.1',
  volumes: new Map([['files', '/data/volumes/prod/web/files']]),
};
const known = placeholdersOf(values);

describe('the state of an instance', () => {
  const golden = join(import.meta.dirname, '../../../tests/golden/process/state.json');

  it('is written as it always was', async () => {
    const text = await readFile(golden, 'utf8');
    assert.equal(encodeState(decodeState(text, golden)), text);
  });

  it('is refused when it is torn or of another format', async () => {
    const text = await readFile(golden, 'utf8');
    const others = [text.slice(0, -10), text.replace('instance-v1', 'instance-v2'), '', '{}'];
    for (const other of others) assert.throws(() => decodeState(other, golden), { code: 'storage-failed' });
  });
});

describe('placeholders', () => {
  it('are all known by their names', () => {
    const text = '{{port}} {{port.admin}} {{instance}} {{address}} {{volume.files}} {{root}} {{config}}';
    const rendered = `8080 8081 web-1 127.0.0.1 /data/volumes/prod/web/files ${values.root} ${values.config}`;
    assert.equal(renderText(text, known), rendered);
  });

  it('leave every byte of a configuration that names none as it is', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }),
        fc.constantFrom('{{ port }}', '{{x}}', '{{', '}}', '{{{'),
        (bytes, odd) => {
          const whole = Buffer.concat([bytes, Buffer.from(odd), bytes]);
          assert.deepEqual(Buffer.from(renderBytes(whole, known)), whole);
        },
      ),
    );
  });

  it('are rendered once: a value is never read as a placeholder again', () => {
    const tricky = placeholdersOf({ ...values, root: '/{{port}}/\u00e9' });
    assert.equal(Buffer.from(renderBytes(Buffer.from('{{root}}'), tricky)).toString(), '/{{port}}/\u00e9');
  });
});

describe('the process table', () => {
  it('is read whatever a process calls itself', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 15 }), fc.nat(), (name, startTime) => {
        const rest = ['S', 1, 42, 42, ...Array.from({ length: 15 }, () => 0), startTime, 9, 9].join(' ');
        const entry = { pid: 42, state: 'S', group: 42, session: 42, startTime: String(startTime) };
        assert.deepEqual(parseStat(`42 (${name}) ${rest}\n`), entry);
      }),
    );
  });

  it('knows this process, and refuses what is no line of it', { skip: process.platform !== 'linux' }, () => {
    assert.equal(readProcess(process.pid)?.pid, process.pid);
    for (const text of ['', '42', '42 (a', '42 (a) S 1 2']) assert.equal(parseStat(text), undefined);
  });
});

describe('ports', () => {
  it('in an own network are as declared, the others count from 8080', () => {
    const ports = [{ name: 'a' }, { name: 'b', number: 8080 }, { name: 'c' }, { name: 'd', number: 80 }];
    assert.deepEqual(
      ownEndpoints(ports, '10.213.0.2').map((endpoint) => endpoint.port),
      [8081, 8080, 8082, 80],
    );
  });

  it('held by other instances are not given again', async () => {
    await assert.rejects(sharedEndpoints([{ name: 'http', number: 8099 }], [], new Set([8099])), {
      code: 'port-taken',
    });
  });
});

describe('the exec chain', { skip: process.platform !== 'linux' }, () => {
  const launch: Launch = {
    command: ['./server', '--fast'],
    program: '/tree/server',
    cwd: '/tree',
    stdout: 1,
    stderr: 2,
    base: {},
    environment: { LD_PRELOAD: 'x.so', NAME: 'y' },
    limits: { openFiles: 64, memoryBytes: 1024, processes: 8 },
  };

  it('is only the program where nothing is asked of it', () => {
    assert.deepEqual(chainOf({ ...launch, limits: {} }), ['/tree/server', '--fast']);
  });

  it('enters the network, sets limits, drops all rights, and only then obeys the release', () => {
    const network = { namespace: 'fixity-x', link: 'fx', address: '10.213.0.2' };
    const chain = chainOf({ ...launch, network, user: { uid: 61_184, gid: 61_184, exclusive: true } });
    const links = chain.map((part) =>
      part.startsWith('/usr') || part.startsWith('/bin') ? part.split('/').at(-1) : part,
    );
    assert.equal(
      links.join(' '),
      'nsenter --net=/run/netns/fixity-x -- prlimit --nofile=64:64 --data=1024:1024 --nproc=8:8 ' +
        'setpriv --reuid=61184 --regid=61184 --clear-groups --inh-caps=-all --bounding-set=-all --no-new-privs -- ' +
        'env LD_PRELOAD=x.so /tree/server --fast',
    );
  });
});
