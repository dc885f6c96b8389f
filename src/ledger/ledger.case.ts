import { type Instant, toInstant, uuidv7 } from '#kernel';
import { generateKey, type SigningKey } from '#signing';
import { type Entry, leafBytes } from './entry.ts';
import type { StagedLeaf } from './storage.ts';

/** A ledger whose every byte is known: fixed key, ids, times and data. */
export const origin = 'fixity.example/ledger';
export const key: SigningKey = generateKey(origin, (size) => new Uint8Array(size).fill(1));
const start = Date.parse('2026-11-22T01:00:00.000Z');

/** Four entries a second. */
export function recordedAt(index: number): Instant {
  return toInstant(start + index * 250);
}

export function sampleEntry(index: number): Entry {
  const time = recordedAt(index);
  return {
    specversion: '1.0',
    id: uuidv7(start + index * 250, (size) => new Uint8Array(size).fill(index % 256)),
    source: origin,
    type: 'dev.fixity.registry.tag-frozen.v1',
    subject: `tag/checkout:1.0.${index}`,
    time,
    datacontenttype: 'application/json',
    data: { digest: `sha256:${String(index).padStart(64, '0')}`, note: 'caf\u00e9 \u2014 "\u{1f512}"' },
    recordedtime: time,
    subjectversion: '1',
    actor: 'user:7kq2m',
    basis: 'decided',
    commandid: `command-${index}`,
  };
}

export function sampleLeaf(index: number): StagedLeaf {
  const entry = sampleEntry(index);
  return { leaf: leafBytes(entry), subject: entry.subject, version: 1, recordedtime: entry.recordedtime };
}
