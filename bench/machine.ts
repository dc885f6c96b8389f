import { createHash } from 'node:crypto';
import { closeSync, fdatasyncSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { arch, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';

/** What figures depend on: printed beside every one of them. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly architecture: string;
  readonly node: string;
  /** SHA-256 of one thread, in MiB per second. */
  readonly sha256MiBs: number;
  /** A 4 KiB append and `fdatasync`, in milliseconds. */
  readonly fsyncMs: { readonly p50: number; readonly p99: number };
}

/** Measures this machine; the folder is on the disk that is benchmarked. */
export function describeMachine(folder = tmpdir()): Machine {
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    architecture: arch(),
    node: process.version,
    sha256MiBs: Math.round(sha256Speed()),
    fsyncMs: fsyncTimes(folder),
  };
}

function sha256Speed(): number {
  const piece = Buffer.alloc(1024 * 1024, 7);
  const rounds = 256;
  const started = performance.now();
  const hash = createHash('sha256');
  for (let round = 0; round < rounds; round += 1) hash.update(piece);
  hash.digest();
  return rounds / ((performance.now() - started) / 1000);
}

function fsyncTimes(folder: string): Machine['fsyncMs'] {
  const place = mkdtempSync(join(folder, 'fixity-fsync-'));
  const file = openSync(join(place, 'file'), 'w');
  const piece = Buffer.alloc(4096, 1);
  const times = Array.from({ length: 300 }, () => {
    const started = performance.now();
    writeSync(file, piece);
    fdatasyncSync(file);
    return performance.now() - started;
  });
  closeSync(file);
  rmSync(place, { recursive: true, force: true });
  return { p50: round(quantile(times, 0.5)), p99: round(quantile(times, 0.99)) };
}

/** The value below which this share of the values lies. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

export function round(value: number, digits = 2): number {
  return Number(value.toFixed(digits));
}

/** Prints the machine and a table, and writes both as JSON to `bench/results/<name>.json`. */
export function report(
  name: string,
  machine: Machine,
  rows: readonly Readonly<Record<string, string | number>>[],
): void {
  const { cpu, cores, node, sha256MiBs, fsyncMs } = machine;
  process.stdout.write(
    `${name}\n${cpu}, ${cores} cores, Node ${node}, SHA-256 ${sha256MiBs} MiB/s, fsync p50 ${fsyncMs.p50} ms p99 ${fsyncMs.p99} ms\n`,
  );
  console.table(rows);
  const folder = join(import.meta.dirname, 'results');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${name}.json`), `${JSON.stringify({ name, machine, rows }, null, 2)}\n`);
}
