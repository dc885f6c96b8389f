import assert from 'node:assert/strict';
import { test } from 'node:test';
import { table } from './table.ts';

const says = 'fixity/environments/prod:2 frozen as a0cc9d2f007f by a rollout that took its time';

test('a table that fits is laid out as it is', () => {
  const text = table(['TIME', 'WHAT', 'ENTRY'], [['!', '22:00:07', 'moved', '#9']], 'WHAT');
  assert.equal(text, '  TIME      WHAT   ENTRY\n! 22:00:07  moved  #9');
});

test('a wide column goes on below itself, within 80 columns, and loses no word', () => {
  const text = table(
    ['TIME', 'CHANGE', 'WHAT', 'BY', 'ENTRY'],
    [['', '22:00:07', 'deploy', says, 'system:rollouts', '#97']],
    'WHAT',
  );
  const lines = text.split('\n');
  for (const line of lines) assert.ok(line.length <= 80, `${line.length}: ${line}`);
  assert.match(lines[1] ?? '', /system:rollouts {2}#97$/);
  const words = [
    lines[1]
      ?.slice(20)
      .replace(/system:rollouts.*/, '')
      .trim(),
    ...lines.slice(2).map((line) => line.trim()),
  ];
  assert.equal(words.join(' '), says);
});

test('a word longer than its column is broken, not cut', () => {
  const text = table(['WHAT', 'ENTRY'], [['', 'x'.repeat(200), '#1']], 'WHAT');
  assert.equal(text.replaceAll(/[^x]/g, '').length, 200);
  for (const line of text.split('\n')) assert.ok(line.length <= 80);
});
