import assert from 'node:assert/strict';
import { renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { FixityError } from '#kernel';
import { formatPrivateKey, generateKey } from '#signing';
import { verifyFolder } from '../../src/main/verify.ts';
import {
  alter,
  copyOf,
  fill,
  fingerprint,
  flip,
  type MadeFolder,
  makeFolder,
  runVerify,
  thingFile,
  withCopy,
} from '../support/data-folder.ts';
import { startRegistry } from '../support/registry.ts';

/** More than one tile of entries. */
const commands = 300;
const quiet = (): void => undefined;

describe('verify of a data folder', () => {
  let made: MadeFolder;
  let key: string;
  before(async () => {
    made = await makeFolder(commands);
    const { lines } = await verifyFolder(made.folder, undefined, quiet);
    key = lines.find((line) => line.startsWith('key: ')) ?? '';
  });
  after(() => rmSync(made.folder, { recursive: true, force: true }));

  /** What is told of a copy of the folder after somebody was at it. */
  const problemsAfter = (tamper: (copy: string) => void): Promise<readonly string[]> =>
    withCopy(made.folder, tamper, async (copy) => (await verifyFolder(copy, undefined, quiet)).problems);

  it('is content with what the server made, and leaves every file as it was', async () => {
    const before = fingerprint(made.folder);
    const { lines, problems } = await verifyFolder(made.folder, undefined, quiet);
    assert.deepEqual(problems, []);
    assert.match(lines[0] ?? '', /^303 entries, 3 tiles, 4 things, \d+ tables: all as signed$/);
    assert.match(key, /^key: test\.example\/registry\+[0-9a-f]{8}, the folder's own; whoever holds it can rewrite/);
    assert.deepEqual(fingerprint(made.folder), before);
  });

  it('leaves with 0 when all is well and with 4 when a byte is wrong', async () => {
    const fine = await runVerify('--data', made.folder);
    assert.deepEqual([fine.code, fine.out.includes('all as signed')], [0, true]);
    const tampered = await withCopy(
      made.folder,
      (copy) => flip(join(copy, thingFile(made.layer)), 3),
      (copy) => runVerify('--data', copy),
    );
    assert.equal(tampered.code, 4);
    assert.ok(tampered.out.includes(`TAMPERED ${thingFile(made.layer)}: `), tampered.out);
    const nowhere = await runVerify('--data', join(made.folder, 'nowhere'));
    assert.equal(nowhere.code, 1);
  });

  it('names the entry and the byte of a leaf', async () => {
    const problems = await problemsAfter((copy) => {
      alter(
        copy,
        'ledger.db',
        `UPDATE leaf SET leaf = CAST(replace(CAST(leaf AS TEXT), '"main"', '"mbin"') AS BLOB) WHERE position = 270`,
      );
    });
    assert.equal(problems.length, 1, problems.join('\n'));
    assert.match(
      problems[0] ?? '',
      /^ledger, entry 270: leaf does not match the signed root, byte \d+ is 0x62, was 0x61$/,
    );
  });

  it('names every wrong leaf, and one that is gone', async () => {
    const problems = await problemsAfter((copy) => {
      alter(copy, 'ledger.db', `UPDATE leaf SET leaf = CAST('nothing' AS BLOB) WHERE position IN (17, 300)`);
      alter(copy, 'ledger.db', 'DELETE FROM leaf WHERE position = 20');
    });
    assert.deepEqual(
      problems.map((problem) => problem.replace(/, byte.*/, '')),
      [
        'ledger, entry 20: missing',
        'ledger, entry 17: leaf does not match the signed root',
        'ledger, entry 300: leaf does not match the signed root',
      ],
    );
  });

  it('names a column that an entry is found by', async () => {
    const subject = await problemsAfter((copy) => {
      alter(copy, 'ledger.db', `UPDATE leaf SET subject = 'repository/other' WHERE position = 40`);
    });
    assert.match(subject[0] ?? '', /^ledger, entry 40: is filed under repository\/other, but is about repository\//);
    const time = await problemsAfter((copy) => {
      alter(copy, 'ledger.db', `UPDATE leaf SET recordedtime = '2020-01-01T00:00:00.000Z' WHERE position = 40`);
    });
    assert.match(time[0] ?? '', /^ledger, entry 40: is filed at 2020-01-01T00:00:00\.000Z, but says /);
    assert.deepEqual([subject.length, time.length], [1, 1]);
  });

  it('names the tile and its byte', async () => {
    const places = [0, 1, 2 ** 46];
    for (const place of places) {
      const problems = await problemsAfter((copy) => {
        alter(
          copy,
          'ledger.db',
          `UPDATE tile SET hashes = CAST(substr(hashes, 1, 9) || x'0000' || substr(hashes, 12) AS BLOB) WHERE place = ?`,
          place,
        );
      });
      const name = place === 2 ** 46 ? '1/0' : `0/${place}`;
      assert.equal(problems.length, 1, problems.join('\n'));
      assert.match(
        problems[0] ?? '',
        new RegExp(`^ledger, tile ${name}: does not match the signed root, byte (9|10) is 0x00, was 0x[0-9a-f]{2}$`),
      );
    }
    const gone = await problemsAfter((copy) => alter(copy, 'ledger.db', 'DELETE FROM tile WHERE place = 0'));
    assert.deepEqual(gone, ['ledger, tile 0/0: missing']);
    const more = await problemsAfter((copy) => alter(copy, 'ledger.db', `INSERT INTO tile VALUES (7, x'00')`));
    assert.deepEqual(more, ['ledger, tile 0/7: belongs to no entry']);
  });

  it('names the checkpoint, its text and its signature, and the head beside it', async () => {
    const text = await problemsAfter((copy) => {
      alter(
        copy,
        'ledger.db',
        `UPDATE head SET checkpoint = replace(checkpoint, char(10) || '303' || char(10), char(10) || '302' || char(10))`,
      );
    });
    assert.match(text[0] ?? '', /^ledger, checkpoint: the signature of test\.example\/registry does not match/);
    assert.match(text[1] ?? '', /^ledger, checkpoint: is not that of its entries, byte \d+ is 0x32, was 0x33$/);
    const signature = await problemsAfter((copy) => {
      alter(
        copy,
        'ledger.db',
        `UPDATE head SET checkpoint = substr(checkpoint, 1, length(checkpoint) - 9) || 'AAAA' || substr(checkpoint, -5)`,
      );
    });
    assert.match(
      signature.join('\n'),
      /^ledger, checkpoint: the signature of [^\n]* does not match the note it stands under$/,
    );
    const root = await problemsAfter((copy) =>
      alter(copy, 'ledger.db', `UPDATE head SET root = CAST(x'00' || substr(root, 2) AS BLOB)`),
    );
    assert.match(root.join('\n'), /^ledger, head: root is not the signed one, byte 0 is 0x00, was 0x[0-9a-f]{2}$/);
    const when = await problemsAfter((copy) =>
      alter(copy, 'ledger.db', `UPDATE head SET recordedtime = '2020-01-01T00:00:00.000Z'`),
    );
    assert.match(when.join('\n'), /^ledger, head: says 2020-01-01T00:00:00\.000Z, its last entry is of /);
  });

  it('names a remembered command', async () => {
    const answer = await problemsAfter((copy) =>
      alter(copy, 'ledger.db', `UPDATE command SET answer = answer || ' ' WHERE key LIKE '% command-7'`),
    );
    assert.match(answer.join('\n'), /^ledger, command "\S+ command-7": is not what was recorded$/);
  });

  it('tells entries that were cut off, by the head and by the views', async () => {
    const cut = await problemsAfter((copy) => alter(copy, 'ledger.db', 'DELETE FROM leaf WHERE position >= 290'));
    assert.ok(cut.includes('ledger: its head says 303 entries, 290 are there'), cut.join('\n'));
    const emptied = await problemsAfter((copy) => {
      for (const table of ['leaf', 'tile', 'command', 'head']) alter(copy, 'ledger.db', `DELETE FROM ${table}`);
    });
    assert.ok(emptied.includes('ledger: ends at 0 entries, the views hold 303'), emptied.join('\n'));
  });

  it('names the file of every kind of thing, and the byte where it can be found', async () => {
    for (const digest of [made.layer, made.manifest, made.index]) {
      const problems = await problemsAfter((copy) => flip(join(copy, thingFile(digest)), 5));
      assert.equal(problems.length, 1, problems.join('\n'));
      assert.match(
        problems[0] ?? '',
        new RegExp(`^${thingFile(digest)}: its \\d+ bytes are [0-9a-f]{12}, not what its name says, byte 5 is 0x`),
      );
    }
    const cut = await problemsAfter((copy) => truncateSync(join(copy, thingFile(made.layer)), 2));
    assert.match(
      cut.join('\n'),
      new RegExp(`^${thingFile(made.layer)}: its 2 bytes are [0-9a-f]{12}, not what its name says$`),
    );
  });

  it('names what is missing and what needs it, through an index down to a blob', async () => {
    const layer = await problemsAfter((copy) => rmSync(join(copy, thingFile(made.layer))));
    assert.match(
      layer.join('\n'),
      new RegExp(`^${thingFile(made.layer)}: missing, ${made.manifest.slice(7, 19)} of entry \\d+ needs it$`),
    );
    const index = await problemsAfter((copy) => rmSync(join(copy, thingFile(made.index))));
    assert.match(index.join('\n'), new RegExp(`^${thingFile(made.index)}: missing, entry \\d+ needs it$`));
    const all = await problemsAfter((copy) => rmSync(join(copy, 'things'), { recursive: true }));
    assert.equal(all.length, 2, all.join('\n'));
  });

  it('checks things that nothing names, too', async () => {
    const digest = `sha256:${'ab'.repeat(32)}`;
    const problems = await problemsAfter((copy) => {
      const path = join(copy, thingFile(digest));
      renameSync(join(copy, thingFile(made.layer), '..'), join(path, '..'));
      writeFileSync(path, 'something');
    });
    assert.ok(
      problems.some((problem) => problem.startsWith(`${thingFile(digest)}: its 9 bytes are `)),
      problems.join('\n'),
    );
  });

  it('names table, row and byte of a view', async () => {
    const changed = await problemsAfter((copy) =>
      alter(copy, 'views.db', `UPDATE registry_artifact SET media_type = replace(media_type, 'index', 'indey')`),
    );
    assert.match(
      changed.join('\n'),
      /^views\.db, registry_artifact, row \d \(checkout, sha256:[0-9a-f]{64}\): media_type is not what the ledger says, byte \d+ is 0x79, was 0x78$/,
    );
    const number = await problemsAfter((copy) =>
      alter(copy, 'views.db', 'UPDATE registry_repository SET tags = 9 WHERE repository = ?', 'checkout'),
    );
    assert.deepEqual(number, ['views.db, registry_repository, row 1 (checkout): tags is 9, was 1']);
    const gone = await problemsAfter((copy) =>
      alter(copy, 'views.db', 'DELETE FROM registry_repository WHERE repository = ?', 'repository-299'),
    );
    assert.match(gone.join('\n'), /^views\.db, registry_repository, row \d+ \(repository-299\): missing$/);
    const more = await problemsAfter((copy) =>
      alter(copy, 'views.db', `INSERT INTO registry_repository VALUES ('zzz', 0, 0, 0)`),
    );
    assert.match(more.join('\n'), /^views\.db, registry_repository, row \d+ \(zzz\): is not due$/);
  });

  it('takes missing views for what they are: folded again at the next start', async () => {
    const { lines, problems } = await withCopy(
      made.folder,
      (copy) => rmSync(join(copy, 'views.db')),
      (copy) => verifyFolder(copy, undefined, quiet),
    );
    assert.deepEqual(problems, []);
    assert.equal(lines[1], 'views: none yet, the next start folds them');
  });

  it('names a database that is cut short, overwritten or gone', async () => {
    for (const name of ['ledger.db', 'views.db', 'keep.db']) {
      const cut = await problemsAfter((copy) => truncateSync(join(copy, name), 6_000));
      assert.match(cut[0] ?? '', new RegExp(`^${name}: `), name);
      const overwritten = await problemsAfter((copy) => writeFileSync(join(copy, name), 'x'.repeat(8_192)));
      assert.match(overwritten[0] ?? '', new RegExp(`^${name}: file is not a database$`), name);
      const header = await problemsAfter((copy) => flip(join(copy, name), 0));
      assert.match(header[0] ?? '', new RegExp(`^${name}: file is not a database$`), name);
    }
    assert.equal(
      (await problemsAfter((copy) => truncateSync(join(copy, 'ledger.db'), 0)))[0],
      'ledger.db: no such table: head',
    );
    assert.equal((await problemsAfter((copy) => rmSync(join(copy, 'ledger.db'))))[0], 'ledger.db: missing');
  });

  it('names the key file, and trusts the key it is given instead', async () => {
    const damaged = await problemsAfter((copy) => flip(join(copy, 'keys', 'log.key'), 40));
    assert.equal(damaged[0], 'keys/log.key: does not hold a private key');
    const other = generateKey('test.example/registry');
    const exchanged = await withCopy(
      made.folder,
      (copy) => writeFileSync(join(copy, 'keys', 'log.key'), formatPrivateKey(other)),
      (copy) => verifyFolder(copy, undefined, quiet),
    );
    assert.match(exchanged.problems.join('\n'), /^ledger, checkpoint: the note is not signed by a known key/);
  });

  it('refuses a folder that is none, and a key that is none', async () => {
    const refused = (code: string) => (error: unknown) => error instanceof FixityError && error.code === code;
    await assert.rejects(verifyFolder(join(made.folder, 'keys'), undefined, quiet), refused('not-found'));
    await assert.rejects(verifyFolder(made.folder, 'no key', quiet), refused('invalid-input'));
  });
});

describe('verify beside a server', () => {
  it('reads a running folder and what SIGKILL would leave of it, with and without the shared memory', async () => {
    const registry = await startRegistry();
    try {
      await fill(registry, 20);
      const running = await verifyFolder(registry.folder, undefined, quiet);
      assert.deepEqual(running.problems, []);
      assert.match(running.lines[0] ?? '', /^23 entries, 1 tile, 4 things, \d+ tables: all as signed$/);
      const killed = copyOf(registry.folder);
      const before = fingerprint(killed);
      assert.deepEqual((await verifyFolder(killed, undefined, quiet)).problems, []);
      assert.deepEqual(fingerprint(killed), before);
      for (const name of ['ledger.db', 'views.db', 'keep.db']) rmSync(join(killed, `${name}-shm`));
      const without = fingerprint(killed);
      assert.deepEqual((await verifyFolder(killed, undefined, quiet)).problems, []);
      assert.deepEqual(fingerprint(killed), without);
      rmSync(killed, { recursive: true, force: true });
    } finally {
      await registry.close();
    }
  });

  it('is content with every state it meets while commands are recorded', async () => {
    const registry = await startRegistry();
    try {
      const filling = fill(registry, 2_000);
      for (let round = 0; round < 5; round += 1) {
        assert.deepEqual((await verifyFolder(registry.folder, undefined, quiet)).problems, []);
      }
      await filling;
      assert.deepEqual((await verifyFolder(registry.folder, undefined, quiet)).problems, []);
    } finally {
      await registry.close();
    }
  });
});
