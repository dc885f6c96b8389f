import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import type { ChangesAnswer, DiffAnswer, LiveAnswer, LiveService } from '#contract';
import { Installation } from '../support/installation.ts';
import { Load } from '../support/load.ts';
import { programPath, without } from '../support/peers.ts';
import { instanceProcesses } from '../support/processes.ts';
import { Repository } from '../support/repository.ts';

/** The story of the product, through its front doors only: ship, replace under load, ask, roll back, prove. */
suite('ship, replace, ask, roll back', { skip: without('git'), timeout: 240_000 }, () => {
  const fixity = new Installation();
  let repository: Repository;
  let commits: { v1: string; v2: string };
  const times: Record<string, string> = {};
  const lives: Record<string, LiveAnswer> = {};
  const now = (): string => new Date().toISOString();

  const live = (moment: string): Promise<LiveAnswer> => fixity.json<LiveAnswer>('live', moment);
  const service = (answer: LiveAnswer, name: string): LiveService => {
    const found = answer.services.find((one) => one.service === name);
    assert.ok(found, `${name} is live`);
    return found;
  };
  const ship = async (...words: string[]): Promise<void> => {
    const { code, err, out } = await fixity.fixityIn(repository.folder, 'ship', ...words, '--env', 'prod');
    assert.equal(code, 0, `${err}${out}`);
  };

  before(async () => {
    await fixity.start();
    repository = new Repository(join(fixity.folder, 'shop'));
    commits = { v1: repository.checkout('v1'), v2: '' };
  });
  after(() => fixity.close());

  test('version 1 is shipped: three instances serve its price', async () => {
    await ship('-f', 'checkout/fixity.yaml');
    times['v1'] = now();
    lives['v1'] = await live('prod');
    const checkout = service(lives['v1'], 'checkout');
    assert.equal(checkout.up, 3);
    assert.equal(checkout.state, 'as deployed');
    assert.equal(checkout.commit, commits.v1);
    assert.equal(checkout.by, 'ana');
    assert.equal(instanceProcesses(fixity.folder).length, 3);
  });

  test('real nginx is shipped with its frozen configuration', { skip: without('nginx') }, async () => {
    repository.nginx(programPath('nginx') ?? '');
    await ship('-f', 'nginx/fixity.yaml');
    const load = new Load({
      proxy: fixity.proxy.listen ?? '',
      host: 'nginx.prod.localhost',
      path: '/',
      label: (body) => body.trim(),
    });
    await load.more(30);
    const { failures, answers } = await load.stop();
    assert.deepEqual(failures, []);
    assert.deepEqual([...answers.keys()], ['<!doctype html><title>nginx</title><p>Served by a frozen nginx.']);
    assert.equal(service(await live('prod'), 'nginx').up, 3);
  });

  test('version 2 replaces version 1 under load: no request fails, no old process is left', async (t) => {
    const before = instanceProcesses(fixity.folder);
    commits.v2 = repository.checkout('v2');
    const load = new Load({
      proxy: fixity.proxy.listen ?? '',
      host: 'checkout.prod.localhost',
      path: '/price?net=250',
      label: (body) => (JSON.parse(body) as { version: string }).version,
    });
    await load.more(200);
    await ship('-f', 'checkout/fixity.yaml');
    await load.more(200);
    const { requests, failures, answers } = await load.stop();
    t.diagnostic(`${requests} requests, ${failures.length} failed`);
    assert.deepEqual(failures, []);
    assert.deepEqual([...answers.keys()], ['1.0.0', '2.0.0']);
    times['v2'] = now();
    lives['v2'] = await live('prod');
    const checkout = service(lives['v2'], 'checkout');
    assert.equal(checkout.commit, commits.v2);
    assert.notDeepEqual(checkout.intended, service(lives['v1'] ?? lives['v2'], 'checkout').intended);
    const gone = service(lives['v1'] ?? lives['v2'], 'checkout').instances.map(({ instance }) => instance);
    assert.deepEqual(
      instanceProcesses(fixity.folder).filter(({ instance }) => gone.includes(instance)),
      [],
    );
    assert.equal(
      instanceProcesses(fixity.folder).filter(({ instance }) => before.some((old) => old.instance === instance)).length,
      before.length - 3,
    );
  });

  test('rollback puts build and configuration back: digests equal those of the earlier revision', async (t) => {
    const first = (await fixity.json<{ revisions?: unknown } & LiveAnswer>('live', 'prod')).moment.revision ?? 0;
    const earlier = await live(`prod@${times['v1']}`);
    const dry = await fixity.fixity('rollback', 'checkout', '--to', `prod@${times['v1']}`, '--dry-run');
    assert.equal(dry.code, 0, dry.err);
    assert.match(dry.out, /r2 to r1/);
    assert.equal((await live('prod')).moment.revision, first, 'a dry run changes nothing');
    const load = new Load({
      proxy: fixity.proxy.listen ?? '',
      host: 'checkout.prod.localhost',
      path: '/price?net=250',
    });
    await load.more(100);
    const back = await fixity.fixity(
      'rollback',
      'checkout',
      '--to',
      `prod@${times['v1']}`,
      '--yes',
      '--reason',
      'INC-2231',
    );
    assert.equal(back.code, 0, `${back.err}${back.out}`);
    await load.more(100);
    const { requests, failures } = await load.stop();
    t.diagnostic(`${requests} requests, ${failures.length} failed`);
    assert.deepEqual(failures, []);
    times['back'] = now();
    lives['back'] = await live('prod');
    const [was, is] = [service(earlier, 'checkout'), service(lives['back'], 'checkout')];
    assert.deepEqual(
      [is.intended, is.build, is.config, is.commit, is.up],
      [was.intended, was.build, was.config, was.commit, 3],
    );
  });

  test('live for three moments gives exactly what ran', async () => {
    for (const name of ['v1', 'v2', 'back']) {
      const then = service(await live(`prod@${times[name]}`), 'checkout');
      const seen = service(lives[name] ?? assert.fail(name), 'checkout');
      assert.deepEqual(then.intended, seen.intended, name);
      assert.deepEqual(
        then.instances.map(({ instance }) => instance).sort(),
        seen.instances.map(({ instance }) => instance).sort(),
        name,
      );
      assert.deepEqual([then.up, then.wanted, then.commit], [3, 3, seen.commit], name);
    }
    const revisions = lives['v2']?.moment.revision ?? 0;
    const byNumber = await live(`prod#${revisions}`);
    assert.equal(byNumber.moment.digest, lives['v2']?.moment.digest);
  });

  test('changes lists all in order with actor and digest; diff names files and configuration keys', async () => {
    const { changes } = await fixity.json<ChangesAnswer>('changes', 'prod', '--since', '-1h', '--service', 'checkout');
    assert.deepEqual(
      changes.map(({ change }) => change),
      ['deploy', 'deploy', 'rollback'],
    );
    for (const { by, digests, time } of changes) {
      assert.equal(by, 'ana');
      assert.ok(digests.some((digest) => /^sha256:[0-9a-f]{64}$/.test(digest)));
      assert.match(time, /^\d{4}-.*Z$/);
    }
    const { services } = await fixity.json<DiffAnswer>('diff', `prod@${times['v1']}`, `prod@${times['v2']}`);
    const checkout = services.find((one) => one.service === 'checkout');
    assert.deepEqual([checkout?.from, checkout?.to], [1, 2]);
    assert.deepEqual(checkout?.build?.files.map(({ path }) => path).sort(), ['price.js', 'server.js']);
    assert.match(
      checkout?.build?.files.find(({ path }) => path === 'price.js')?.hunks?.join('\n') ?? '',
      /\+.*halfEven/,
    );
    assert.deepEqual(
      checkout?.config?.keys.map(({ key, before, after }) => [key, before, after]),
      [['tax.mode', '"floor"', '"half-even"']],
    );
    assert.deepEqual(checkout?.commits, { before: commits.v1, after: commits.v2 });
  });

  test('logs come from the instances; status and show answer', async () => {
    const { out } = await fixity.fixity('logs', 'checkout');
    assert.match(out, /checkout 1\.0\.0 listens on \d+, tax floor/);
    const status = await fixity.fixity('status');
    assert.match(status.out, /prod/);
    const release = await fixity.fixity('show', 'checkout', 'r1');
    assert.equal(release.code, 0, release.err);
    assert.match(release.out, new RegExp(commits.v1));
    assert.match(release.out, /prod\/checkout/);
  });

  test('an answer proves itself offline, and a changed answer does not', async () => {
    const file = join(fixity.folder, 'live.proof');
    const key = join(fixity.folder, 'log.key');
    writeFileSync(key, await (await fixity.api('/ledger/key')).text());
    assert.equal((await fixity.fixity('live', `prod@${times['v1']}`, '--proof', file)).code, 0);
    const good = await fixity.fixity('verify', file, '--key', key);
    assert.equal(good.code, 0, `${good.err}${good.out}`);
    writeFileSync(
      file,
      readFileSync(file, 'utf8').replaceAll(commits.v1, commits.v2).replace('"number": 1', '"number": 2'),
    );
    assert.equal((await fixity.fixity('verify', file, '--key', key)).code, 4);
  });

  test('verify is content with the whole folder, while everything runs', async () => {
    const { code, out, err } = await fixity.fixity('verify', '--data', fixity.data);
    assert.equal(code, 0, `${err}${out}`);
  });
});
