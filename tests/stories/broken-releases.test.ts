import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { after, before, suite, test } from 'node:test';
import { without } from '../support/peers.ts';
import { Shop, unharmed } from '../support/shop.ts';

const port = 17_333;

suite('a broken release leaves the old one serving and says why', { skip: without('git'), timeout: 240_000 }, () => {
  const shop = new Shop({ agentFlags: ['--network', 'host'] });
  const taken: Server = createServer();
  before(async () => {
    await new Promise<void>((resolve) => taken.listen(port, '127.0.0.1', resolve));
    await shop.open();
  });
  after(async () => {
    taken.close();
    await shop.fixity.close();
  });

  /** Ships version 2 changed so that it is broken, under load; everything must be as before. */
  const refusedOrPutBack = async (says: RegExp, change: (text: string) => string, more?: () => void) => {
    const [was, load] = [await shop.live(), shop.load()];
    await load.more(30);
    shop.place('v2', change);
    if (more !== undefined) {
      more();
      shop.repository.commit('broken');
    }
    const { code, out, err } = await shop.shipPlaced();
    assert.equal(code, 1, `${err}${out}`);
    assert.match(`${err}${out}`, says);
    assert.match(`${err}${out}`, /^Next: \S/m);
    await shop.settled('v1');
    const is = await shop.live();
    assert.deepEqual(
      [is.intended, is.instances.map(({ instance }) => instance).sort()],
      [was.intended, was.instances.map(({ instance }) => instance).sort()],
    );
    await load.more(30);
    return unharmed(await load.stop());
  };
  const run =
    (command: string, deadlineMs = 2_000) =>
    (text: string) =>
      text
        .replace(/command: .*/, `command: ${command}`)
        .replace('kind: http', `kind: http, deadlineMs: ${deadlineMs}, intervalMs: 100`);

  test('it exits at once: the exit code and its last words are told', async (t) => {
    const command = `[node, -e, "console.error('no database here'); process.exit(7)"]`;
    t.diagnostic(await refusedOrPutBack(/Put back[^]*7[^]*no database here/, run(command)));
  });

  test('it never becomes healthy', async (t) => {
    const command = '[node, -e, "setInterval(() => {}, 1000)"]';
    t.diagnostic(await refusedOrPutBack(/Put back[^]*healthy/, run(command)));
  });

  test('its port is taken', async (t) => {
    const fixed = (text: string) =>
      run(`[node, server.js, "${port}", "{{config}}"]`)(text).replace(
        'run:',
        `run:\n  ports: [{ name: http, number: ${port} }]`,
      );
    t.diagnostic(await refusedOrPutBack(new RegExp(`Put back[^]*${port}`), fixed));
  });

  test('it was built for another platform: refused when planned', async (t) => {
    const arm = (text: string) =>
      text.replace('build: ./app', 'build: { path: ./app, platform: { os: linux, architecture: riscv64 } }');
    t.diagnostic(await refusedOrPutBack(/Refused: [^]*riscv64/, arm));
  });

  test('its configuration breaks its schema: refused when frozen', async (t) => {
    const broken = () =>
      writeFileSync(
        shop.repository.path('checkout', 'config', 'checkout.json'),
        '{ "currency": "EUR", "tax": { "mode": "ceiling", "rate": 1900 } }',
      );
    t.diagnostic(await refusedOrPutBack(/Refused: [^]*schema[^]*mode/, (text) => text, broken));
  });

  test('its build does not exist', async (t) => {
    const missing = (text: string) => text.replace('build: ./app', 'build: { from: "checkout:9.9.9" }');
    t.diagnostic(await refusedOrPutBack(/Refused: checkout:9\.9\.9 is not a tag/, missing));
  });

  test('views taken away while it is stopped: every answer is the same', async () => {
    const { fixity } = shop;
    const moment = `prod@${new Date().toISOString()}`;
    const ask = async () => {
      const answers: unknown[] = [];
      for (const words of [
        ['live', moment],
        ['changes', 'prod', '--until', moment.slice(5)],
        ['diff', 'prod#1', moment],
        ['log', '--limit', '1000'],
        ['show', 'checkout', 'r1'],
      ]) {
        answers.push(await fixity.json(...words));
      }
      return answers;
    };
    await fixity.agent.kill();
    const [live, changes, diff, , show] = await ask();
    await fixity.server.kill();
    for (const end of ['', '-wal', '-shm']) rmSync(`${fixity.data}/views.db${end}`, { force: true });
    await fixity.server.start();
    const again = await ask();
    assert.deepEqual(settle([again[0], again[1], again[2], again[4]]), settle([live, changes, diff, show]));
    await fixity.agent.start();
    await shop.verified();
  });
});

/** Without the ledger's size and the bounds of the question, which go on with the clock. */
function settle(answers: unknown): unknown {
  return JSON.parse(JSON.stringify(answers), (key, value: unknown) =>
    ['size', 'since', 'until', 'now', 'notWatched', 'verifiedTo'].includes(key) ? null : value,
  );
}
