import { spawn } from 'node:child_process';

/** `npm run check`: types, lint, format, generated files, architecture and unit tests; the first failure is told last. */
const steps: readonly (readonly [name: string, command: readonly string[]])[] = [
  ['types', ['tsc', '--noEmit']],
  ['lint', ['oxlint', '--type-aware', '--deny-warnings']],
  ['format', ['biome', 'check', '.']],
  ['generated files', ['node', 'tests/generate.ts', '--check']],
  [
    'architecture and unit tests',
    [
      'node',
      '--test',
      '--test-reporter=dot',
      '--test-concurrency=4',
      'tests/architecture/*.test.ts',
      'src/**/*.test.ts',
    ],
  ],
];

function run([program = '', ...words]: readonly string[]): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const take = (piece: Buffer): void => {
      output += piece.toString('utf8');
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    child.once('close', (code) => resolve({ code: code ?? 1, output }));
    child.once('error', (error) => resolve({ code: 1, output: error.message }));
  });
}

const started = performance.now();
const seconds = (since: number): string => `${((performance.now() - since) / 1000).toFixed(1)} s`;
const [quick, tests] = [steps.slice(0, -1), steps.slice(-1)];
const failed: string[] = [];
for (const group of [quick, tests]) {
  const results = await Promise.all(
    group.map(async ([name, command]) => {
      const since = performance.now();
      return { name, ...(await run(command)), took: seconds(since) };
    }),
  );
  for (const { name, code, output, took } of results) {
    if (code !== 0) {
      failed.push(name);
      process.stdout.write(`${output.trimEnd()}\n`);
    }
    process.stdout.write(`${code === 0 ? 'ok    ' : 'FAILED'} ${name}  ${took}\n`);
  }
}
process.stdout.write(failed.length === 0 ? `All well in ${seconds(started)}.\n` : `FAILED: ${failed.join(', ')}\n`);
process.exitCode = failed.length === 0 ? 0 : 1;
