import { spawnSync } from 'node:child_process';

/** `npm test`: everything that can be tested on this machine. Peers that are not installed are skipped, with the reason. */
const words = process.argv.slice(2);
const files =
  words.length > 0
    ? words
    : ['tests/architecture/*.test.ts', 'src/**/*.test.ts', 'tests/{stories,conformance,faults}/**/*.test.ts'];
const checks = [
  ['tsc', '--noEmit'],
  ['node', 'tests/generate.ts', '--check'],
];
for (const [program = '', ...flags] of words.length > 0 ? [] : checks) {
  const { status } = spawnSync(program, flags, { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
const { status } = spawnSync('node', ['--test', '--test-reporter=spec', '--test-concurrency=2', ...files], {
  stdio: 'inherit',
});
process.exitCode = status ?? 1;
