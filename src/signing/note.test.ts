import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { FixityError } from '#kernel';
import {
  addSignatures,
  formatPrivateKey,
  formatVerifier,
  generateKey,
  openNote,
  parseNote,
  readPrivateKey,
  readVerifier,
  signNote,
  verifierKey,
} from './index.ts';
import { maximumSignatures } from './note.ts';

const seeded = (byte: number) => (size: number) => new Uint8Array(size).fill(byte);
const log = generateKey('log.example/fixity', seeded(1));
const witness = generateKey('witness.example/w1', seeded(2));

/** The example note and key of Go's golang.org/x/mod/sumdb/note documentation. */
const peerKey = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW';
const peerNote = [
  'If you think cryptography is the answer to your problem,',
  "then you don't know what your problem is.",
  '',
  '\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=',
  '',
].join('\n');

function refused(code: string): (error: unknown) => boolean {
  return (error) => error instanceof FixityError && error.code === code;
}

describe('keys', () => {
  it('are written and read in the encoding of Go sumdb/note', () => {
    const secret = 'PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz';
    const key = readPrivateKey(secret);
    assert.equal(verifierKey(key), peerKey);
    assert.equal(formatPrivateKey(key), `${secret}\n`);
    assert.equal(formatVerifier(readVerifier(peerKey)), peerKey);
  });

  it('round-trip for any name that a note can carry', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }),
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        (name, seed) => {
          fc.pre(!/[\s+\p{Cc}]/u.test(name) && name.isWellFormed());
          const key = generateKey(name, () => seed);
          assert.equal(verifierKey(readPrivateKey(formatPrivateKey(key))), verifierKey(key));
          assert.equal(formatVerifier(readVerifier(verifierKey(key))), verifierKey(key));
          assert.equal(openNote(signNote('a\n', [key]), [key.verifier]).signatures.length, 1);
        },
      ),
    );
  });

  it('refuse names that cannot stand in a signature line', () => {
    for (const name of ['', 'a b', 'a+b', 'a\tb', 'a\u2003b', 'a\u0000']) {
      assert.throws(() => generateKey(name), refused('invalid-input'), JSON.stringify(name));
    }
  });

  it('refuse texts that are no key, a wrong hash, another algorithm, and never repeat the secret', () => {
    const secret = formatPrivateKey(log);
    const other = secret.replace(log.verifier.hash, '00000000');
    for (const text of ['', 'PRIVATE+KEY+', secret.slice(0, -5), other, verifierKey(log), `x${secret}`]) {
      assert.throws(
        () => readPrivateKey(text),
        (error) => refused('invalid-input')(error) && !String(error).includes('AQEB'),
      );
    }
    const wide = `a+12345678+${Buffer.alloc(33, 4).toString('base64')}`;
    for (const text of ['', 'a+b', verifierKey(log).replace(/\+[0-9a-f]{8}\+/, '+00000000+'), wide, secret]) {
      assert.throws(() => readVerifier(text), refused('invalid-input'));
    }
  });
});

describe('signed notes', () => {
  it('of others verify', () => {
    const { text, signatures } = openNote(peerNote, [readVerifier(peerKey)]);
    assert.ok(text.endsWith('problem is.\n'));
    assert.equal(signatures.length, 1);
  });

  it('are for ever written the same', () => {
    const golden = new URL('../../tests/golden/signing/note.txt', import.meta.url);
    assert.equal(signNote('log.example/fixity\n0\n', [log, witness]), readFileSync(golden, 'utf8'));
  });

  it('carry several signatures, ignore those of unknown keys, and name those that hold', () => {
    const note = signNote('text\n\nmore\n', [log, witness]);
    assert.equal(openNote(note, [log.verifier]).text, 'text\n\nmore\n');
    assert.deepEqual(
      openNote(note, [witness.verifier, log.verifier]).signatures.map(({ name }) => name),
      [log.verifier.name, witness.verifier.name],
    );
    const later = addSignatures(signNote('text\n', [log]), parseNote(signNote('text\n', [witness])).signatures);
    assert.equal(later, signNote('text\n', [log, witness]));
  });

  it('are refused when no known key signed, or a known key signed something else', () => {
    const stranger = generateKey(log.verifier.name, seeded(3));
    assert.throws(() => openNote(signNote('text\n', [stranger]), [log.verifier]), refused('tampered'));
    assert.throws(() => openNote(signNote('text\n', [log]), []), refused('tampered'));
    const altered = signNote('text\n', [log, witness]).replace('text', 'test');
    assert.throws(() => openNote(altered, [witness.verifier]), refused('tampered'));
    const broken = addSignatures(signNote('text\n', [witness]), [{ ...log.verifier, signature: new Uint8Array(64) }]);
    assert.throws(() => openNote(broken, [log.verifier, witness.verifier]), refused('tampered'));
  });

  it('are refused when malformed', () => {
    const good = signNote('text\n', [log]);
    const malformed = [
      '',
      'text\n',
      'text\n\n',
      good.slice(0, -1),
      good.replace('text', 'te\txt'),
      good.replace('text', 'te\rxt'),
      good.replace('\u2014', '-'),
      good.replace(' log', '  log'),
      good.replace('log.example', 'log+example'),
      good.replace(/.{4}\n$/, '****\n'),
      `${good}\n`,
      `${good}trailing\n`,
      `x${'y'.repeat(1_000_001)}${good}`,
      `text\n\n${'\u2014 a AAAAAAA=\n'.repeat(maximumSignatures + 1)}`,
    ];
    for (const note of malformed)
      assert.throws(() => parseNote(note), refused('invalid-input'), JSON.stringify(note.slice(0, 80)));
    for (const text of ['', 'no newline', 'bell\u0007\n', '\ud800\n']) {
      assert.throws(() => signNote(text, [log]), refused('invalid-input'), JSON.stringify(text));
    }
  });

  it('never verify after a change of any one character', () => {
    const note = signNote('text of a note\n', [log]);
    fc.assert(
      fc.property(
        fc.nat(note.length - 1),
        fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
        (at, character) => {
          const altered = note.slice(0, at) + character + note.slice(at + 1);
          fc.pre(altered !== note);
          assert.throws(() => openNote(altered, [log.verifier]), FixityError);
        },
      ),
      { numRuns: 400 },
    );
  });
});
