import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { serviceFileSchema } from '#cli';
import { openApiDocument } from '#http';
import { errorReference } from './generate/errors.ts';

/** `npm run generate` writes what is made from the code; with `--check` it only says what is out of date. */
const root = join(import.meta.dirname, '..');
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };

const files: Readonly<Record<string, string>> = {
  'docs/reference/fixity.schema.json': `${JSON.stringify(serviceFileSchema(), null, 2)}\n`,
  'docs/reference/openapi.json': `${JSON.stringify(openApiDocument(version), null, 2)}\n`,
  'docs/reference/errors.md': errorReference(),
};

const check = process.argv.includes('--check');
const stale: string[] = [];
for (const [path, content] of Object.entries(files)) {
  const whole = join(root, path);
  if (existsSync(whole) && readFileSync(whole, 'utf8') === content) continue;
  stale.push(path);
  if (check) continue;
  mkdirSync(dirname(whole), { recursive: true });
  writeFileSync(whole, content);
}
const list = stale.join(', ');
if (check && stale.length > 0) {
  process.stderr.write(`Out of date: ${list}\nNext: npm run generate\n`);
  process.exitCode = 1;
} else if (!check) process.stdout.write(stale.length === 0 ? 'Nothing has changed.\n' : `Written: ${list}\n`);
