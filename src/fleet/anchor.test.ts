import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { canonicalBytes, digestFromBytes } from '#kernel';
import { Frontier, leafHash } from '#merkle';
import { anchorOf } from './anchor.ts';

const latest = (node: string, sequence: number) => ({
  node,
  sequence,
  time: `2026-11-22T01:0${sequence % 10}:00.000Z`,
  envelope: { payload: `${node}-${sequence}` },
});

test('the root is the Merkle tree hash over the envelopes in order of node, whoever is listed first', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.stringMatching(/^[a-z]{1,6}$/), { maxLength: 40 }), (nodes) => {
      const observations = nodes.map(latest);
      const ordered = observations.toSorted((a, b) => (a.node < b.node ? -1 : 1));
      const leaves = ordered.map(({ envelope }) => leafHash(canonicalBytes(envelope)));
      const expected = digestFromBytes(Frontier.empty.append(leaves).frontier.root());
      assert.equal(anchorOf(observations).root, expected);
      assert.deepEqual(anchorOf(observations.toReversed()), anchorOf(observations));
    }),
  );
});

test('all nodes are verified up to the earliest of their observations', () => {
  const anchor = anchorOf([latest('web-02', 5), latest('web-01', 3)]);
  assert.equal(anchor.verifiedTo, '2026-11-22T01:03:00.000Z');
  assert.equal(anchor.count, 2);
  assert.equal(
    Buffer.from(anchor.list)
      .toString('utf8')
      .replaceAll(/sha256:[0-9a-f]{64}/g, 'DIGEST'),
    '{"observations":[{"leaf":"DIGEST","node":"web-01","sequence":3,"time":"2026-11-22T01:03:00.000Z"},{"leaf":"DIGEST","node":"web-02","sequence":5,"time":"2026-11-22T01:05:00.000Z"}]}',
  );
  assert.equal(anchorOf([]).verifiedTo, undefined);
});
