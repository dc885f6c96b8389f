import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { packageOf, readImports, roomOf, root, targetRoom } from './imports.ts';
import { readTable } from './table.ts';

const imports = readImports();
const product = imports.filter((one) => !one.test);
const table = readTable();
/** Zod describes shapes everywhere; the test runner is brought by contract suites that drivers run. */
const everywhere = new Set(['zod']);

const edges = new Map<string, Set<string>>();
for (const one of product) {
  const target = targetRoom(one);
  if (target === undefined || target === one.room) continue;
  edges.set(one.room, (edges.get(one.room) ?? new Set()).add(target));
}

test('every room in src has a row in ARCHITECTURE.md, and every row a room', () => {
  const rooms = new Set(globSync('src/**/*.ts', { cwd: root }).map(roomOf));
  assert.deepEqual([...table.keys()].sort(), [...rooms].sort());
});

test('every arrow is allowed by ARCHITECTURE.md, and every allowed arrow is there', () => {
  for (const [room, { rooms }] of table) {
    if (rooms.has('*')) continue;
    assert.deepEqual([...(edges.get(room) ?? [])].sort(), [...rooms].sort(), `arrows of ${room}`);
  }
});

test('rooms are entered by their doors only', () => {
  const behind = imports.filter((one) => {
    const target = targetRoom(one);
    // Tests may be composed as the product is.
    const composed = one.test && target === 'main';
    return target !== undefined && target !== one.room && one.specifier.startsWith('.') && !composed;
  });
  assert.deepEqual(
    behind.map(({ file, specifier }) => `${file} -> ${specifier}`),
    [],
  );
  for (const room of table.keys()) {
    if (room !== 'main') assert.ok(existsSync(join(root, 'src', room, 'index.ts')), `${room} has a door`);
  }
});

test('no arrows go round in a circle', () => {
  const done = new Set<string>();
  const visit = (room: string, path: readonly string[]): void => {
    assert.ok(!path.includes(room), `a circle: ${[...path, room].join(' -> ')}`);
    if (done.has(room)) return;
    for (const next of edges.get(room) ?? []) visit(next, [...path, room]);
    done.add(room);
  };
  for (const room of edges.keys()) visit(room, []);
});

test('a domain room uses only rooms before it', () => {
  const order = ['identity', 'registry', 'releases', 'environments', 'fleet', 'rollouts', 'history', 'audit'];
  for (const [at, room] of order.entries()) {
    const after = order.slice(at + 1).filter((later) => edges.get(room)?.has(later) === true);
    assert.deepEqual(after, [], `${room} uses rooms after it`);
  }
});

test('third parties are used in their owner room only', () => {
  const used = new Map<string, Set<string>>();
  for (const one of product) {
    const name = packageOf(one);
    if (name === undefined || everywhere.has(name)) continue;
    used.set(one.room, (used.get(one.room) ?? new Set()).add(name));
  }
  for (const [room, { packages }] of table) {
    assert.deepEqual([...(used.get(room) ?? [])].sort(), [...packages].sort(), `third parties of ${room}`);
  }
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { dependencies: object };
  const owned = new Set([...everywhere, ...[...table.values()].flatMap(({ packages }) => [...packages])]);
  assert.deepEqual(
    Object.keys(manifest.dependencies).filter((name) => !owned.has(name)),
    [],
    'dependencies that no room owns',
  );
});

test('a file over 300 lines says why in its first line', () => {
  const large = globSync('{src,bench}/**/*.ts', { cwd: root }).filter((file) => {
    const lines = readFileSync(join(root, file), 'utf8').split('\n');
    return lines.length > 301 && !(lines[0] ?? '').startsWith('// Long because');
  });
  assert.deepEqual(large, []);
});

test('the map names no machine and no package host', () => {
  const telling = /\/work\/|\/root\/|registry\.npmjs|proxy\.golang|pypi\.org/;
  const files = globSync('{README,ARCHITECTURE,CHANGELOG}.md', { cwd: root }).concat(
    globSync('{src,docs,examples,.ci}/**/*.{ts,md,yaml,json}', { cwd: root }).filter(
      (file) => !/\.(test|case)\.ts$/.test(file),
    ),
  );
  assert.deepEqual(
    files.filter((file) => telling.test(readFileSync(join(root, file), 'utf8'))),
    [],
  );
});
