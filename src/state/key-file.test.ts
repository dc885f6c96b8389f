import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { openKeyFile } from './index.ts';

const folder = mkdtempSync(join(tmpdir(), 'fixity-key-'));
after(() => rmSync(folder, { recursive: true }));

test('a key is made once, whole, and for its owner only', () => {
  const path = join(folder, 'keys', 'log.key');
  assert.deepEqual(
    openKeyFile(path, () => 'first\n'),
    { text: 'first\n', made: true },
  );
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.equal(statSync(join(folder, 'keys')).mode & 0o777, 0o700);
  chmodSync(path, 0o644);
  assert.deepEqual(
    openKeyFile(path, () => 'second\n'),
    { text: 'first\n', made: false },
  );
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.deepEqual(readdirSync(join(folder, 'keys')), ['log.key']);
});

test('who comes second in a race reads what the first one made', () => {
  const path = join(folder, 'race.key');
  const raced = openKeyFile(path, () => {
    writeFileSync(path, 'theirs\n');
    return 'mine\n';
  });
  assert.deepEqual(raced, { text: 'theirs\n', made: false });
});

test('a key that can be neither read nor made is refused as storage-failed', () => {
  writeFileSync(join(folder, 'file'), '');
  assert.throws(() => openKeyFile(join(folder, 'file', 'log.key'), () => 'k'), { code: 'storage-failed' });
});
