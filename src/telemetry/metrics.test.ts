import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMetrics } from './metrics.ts';

test('counters, gauges and histograms are rendered with their labels', async () => {
  const metrics = createMetrics();
  const requests = metrics.counter({ name: 'requests_total', help: 'Requests.', labels: ['service'] });
  requests.with({ service: 'prod/checkout' }).add();
  requests.with({ service: 'prod/checkout' }).add(2);
  metrics.gauge({
    name: 'in_flight',
    help: 'Now.',
    labels: ['service'],
    collect: (gauge) => gauge.with({ service: 'a' }).set(4),
  });
  metrics
    .histogram({ name: 'seconds', help: 'Time.', buckets: [1, 2] })
    .with({})
    .observe(1.5);
  const text = await metrics.render();
  assert.match(text, /^requests_total\{service="prod\/checkout"\} 3$/m);
  assert.match(text, /^in_flight\{service="a"\} 4$/m);
  assert.match(text, /^seconds_bucket\{le="1"\} 0$/m);
  assert.match(text, /^seconds_bucket\{le="2"\} 1$/m);
});

test('two sets do not share a registry', async () => {
  const first = createMetrics();
  first.counter({ name: 'same', help: 'x' }).with({}).add();
  createMetrics().counter({ name: 'same', help: 'x' }).with({}).add(5);
  assert.match(await first.render(), /^same 1$/m);
});

test('process metrics are given only when asked for', async () => {
  assert.match(await createMetrics({ process: true }).render(), /process_cpu_seconds_total/);
  assert.equal((await createMetrics().render()).trim(), '');
});
