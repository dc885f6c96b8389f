import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { Installation } from '../support/installation.ts';

const service = 'service: checkout\nbuild: ./app\nrun:\n  command: [node, server.js]\n';
/** Every flag that takes words, with what else its command needs. */
const wordy: Readonly<Record<string, readonly string[]>> = {
  'ship --file': [],
  'ship --env': [],
  'ship --remove': [],
  'ship --reason': [],
  'rollback --to': [],
  'rollback --reason': ['--to', 'prod~1'],
  'freeze --as': ['app'],
  'freeze --schema': ['app', '--as', 'a'],
  'freeze --platform': ['app', '--as', 'a'],
  'live --known-at': [],
  'live --proof': [],
  'changes --since': [],
  'changes --until': [],
  'changes --service': [],
  'changes --known-at': [],
  'changes --proof': [],
  'show --proof': ['1'],
  'log --subject': [],
  'log --type': [],
  'log --actor': [],
  'log --before': [],
  'log --limit': [],
  'logs --env': [],
  'logs --instance': [],
  'logs --stream': [],
  'logs --bytes': [],
  'verify --data': [],
  'verify --key': [],
  'login --server': [],
  'token create --role': ['me'],
  'token create --days': ['me'],
};

suite('the command line refuses what is wrong, in words', { timeout: 120_000 }, () => {
  const fixity = new Installation();
  const shop = join(fixity.folder, 'shop');
  const put = (name: string, text: string): void => writeFileSync(join(shop, name), text);
  const run = (line: string) => fixity.fixityIn(shop, ...line.split(' ').filter((word) => word !== ''));

  before(async () => {
    await fixity.server.start();
    mkdirSync(join(shop, 'app'), { recursive: true });
    writeFileSync(join(shop, 'app', 'server.js'), '');
    put('fixity.yaml', service);
    put('broken.yaml', 'service: [');
    put('empty.yaml', '');
    put('unknown.yaml', `${service}replica: 3\n`);
    put('name.yaml', service.replace('checkout', '../etc'));
    put('climbs.yaml', `${service}  writable: [../..]\n`);
    put('nofolder.yaml', service.replace('./app', './missing'));
    put('notag.yaml', service.replace('./app', '{ from: "checkout:9.9" }'));
    put('bomb.yaml', `a: &a [x]\n${Array.from({ length: 200 }, (_, n) => `b${n}: [*a, *a]`).join('\n')}\n`);
    put('price.json', '{"tax": "much"}');
    put('schema.json', '{"type": "object", "properties": {"tax": {"type": "integer"}}}');
    put('noschema.json', '{"type": 7}');
    put('notjson.json', '{"tax": ');
    put('answer.proof', '{"format": "fixity-proof-v0"}');
  });
  after(() => fixity.close());

  test('every flag that takes words refuses to take none', async () => {
    const lines = Object.entries(wordy);
    for (const [flag, others] of lines) {
      const words = flag.split(' ');
      const { code, err, out } = await fixity.fixityIn(shop, ...words.slice(0, -1), ...others, words.at(-1) ?? '', '');
      assert.equal(code, 2, `${flag}: ${err}${out}`);
      assert.match(err, /\S/, flag);
      assert.doesNotMatch(err, /\bat .*\.ts:\d+|undefined/, flag);
    }
  });

  test('no flag that takes words is left out', async () => {
    const commandsOf = async (words: string): Promise<string[]> =>
      [...(await run(`${words} --help`)).out.matchAll(/^ {2}(?<name>[a-z]+) {2,}/gm)].map((found) =>
        `${words} ${found.groups?.['name'] ?? ''}`.trim(),
      );
    const commands = [...(await commandsOf('')), ...(await commandsOf('token'))].filter((name) => name !== 'token');
    assert.ok(commands.length > 15, commands.join(', '));
    for (const command of commands) {
      const usage = (await run(`${command} --help`)).out.split('\n')[1] ?? '';
      for (const { groups } of usage.matchAll(/--(?<flag>[a-z-]+) (?=[a-z])/g)) {
        assert.ok(`${command} --${groups?.['flag']}` in wordy, `${command} --${groups?.['flag']} is not tried`);
      }
    }
  });

  const table: readonly [line: string, code: number, says: RegExp][] = [
    ['explode', 2, /explode/],
    ['live --surprise', 2, /surprise/],
    ['live prod staging', 2, /argument/i],
    ['rollback', 2, /to/],
    ['freeze app', 2, /as/],
    ['freeze', 2, /path/],
    ['show', 2, /thing/],
    ['token create', 2, /name/],
    ['token create me --role root', 2, /root/],
    ['token create me --days soon', 2, /whole number/],
    ['log --limit many', 2, /whole number/],
    ['log --limit 0', 1, /limit/],
    ['changes --since yesterday', 2, /not a moment/],
    ['live PROD', 1, /not a moment/],
    ['live prod@25:00', 1, /not a moment/],
    ['live prod#0', 1, /revision/],
    ['live nowhere', 1, /nowhere/],
    ['live nowhere#3', 1, /nowhere/],
    ['changes nowhere', 1, /nowhere/],
    ['diff nowhere~1 nowhere', 1, /nowhere/],
    ['rollback --to nowhere~1', 1, /nowhere/],
    ['rollback --to prod', 1, /runs now/],
    ['show checkout:9.9', 1, /checkout:9\.9/],
    ['show ../../etc/passwd', 1, /etc/],
    ['show 99999', 1, /99999/],
    ['logs checkout --env nowhere', 1, /nowhere/],
    ['token revoke abcdefgh', 1, /no token abcdefgh/],
    ['token revoke ../etc', 1, /token/],
    ['freeze missing --as a:1', 1, /missing/],
    ['freeze app --as UPPER:1', 1, /UPPER|repository/],
    ['freeze app --as ../etc:1', 1, /\.\.\/etc|repository/],
    ['freeze app --as a:1:2', 1, /a:1:2/],
    ['freeze app --as a:', 1, /a:/],
    ['freeze app --as fixity/releases/x:1', 1, /fixity/],
    ['freeze price.json --as price:1 --schema schema.json', 1, /schema[^]*tax/],
    ['freeze price.json --as price:1 --schema noschema.json', 1, /schema/],
    ['freeze notjson.json --as price:1 --schema schema.json', 1, /JSON/],
    ['freeze price.json --as price:1 --schema missing.json', 1, /missing\.json/],
    ['ship -f missing.yaml', 1, /missing\.yaml/],
    ['ship -f broken.yaml', 1, /broken\.yaml[^]*line 1/],
    ['ship -f empty.yaml', 1, /empty\.yaml/],
    ['ship -f unknown.yaml', 1, /replica/],
    ['ship -f name.yaml', 1, /service/],
    ['ship -f climbs.yaml', 1, /writable/],
    ['ship -f bomb.yaml', 1, /bomb\.yaml/],
    ['ship -f nofolder.yaml --allow-dirty', 1, /missing/],
    ['ship -f notag.yaml --allow-dirty', 1, /checkout:9\.9 is not a tag/],
    ['ship -f app', 1, /app/],
    ['ship --env PROD --allow-dirty', 1, /environment/],
    ['ship --remove checkout', 1, /no service checkout/],
    ['ship --allow-dirty', 1, /node/],
    ['verify missing.proof --key x', 1, /x is neither/],
    ['verify answer.proof', 1, /key/],
    ['verify --data missing', 1, /missing/],
    ['login --server ftp', 1, /ftp/],
  ];
  suite('one line after the other', { concurrency: 3 }, () => {
    for (const [line, code, says] of table) {
      test(`fixity ${line}`, async () => {
        const { code: left, out, err } = await run(line);
        assert.equal(left, code, `${err}${out}`);
        assert.match(err, says);
        assert.doesNotMatch(err, /\bat .*\.ts:\d+|node_modules|undefined|\[object Object\]/);
        if (code === 1) assert.match(err, /^(Refused:|Failed:) \S[^]*\nNext: \S/m);
      });
    }
  });

  test('a server that cannot be reached, that is none, or that does not know the token', async () => {
    const answers = async (url: string, token: string) => {
      const there = new Proxy(fixity, {
        get: (of, name) => (name === 'url' ? url : name === 'token' ? token : (of as never)[name]),
      });
      return await Installation.prototype.fixityIn.call(there, shop, 'live');
    };
    const away = await answers('http://127.0.0.1:9', fixity.token);
    assert.equal(away.code, 3, away.err);
    assert.match(away.err, /^Failed: http:\/\/127\.0\.0\.1:9 cannot be reached[^]*\nNext: /);
    const none = await answers('not an address', fixity.token);
    assert.equal(none.code, 3, none.err);
    const stranger = await answers(fixity.url, 'fixity_wrong_token_wrong_token_wrong');
    assert.equal(stranger.code, 1, stranger.err);
    assert.match(stranger.err, /^Refused: this token is not known here[^]*\nNext: fixity login/);
  });

  test('after all that nothing was frozen under a name, and the server has failed at nothing', async () => {
    const { repositories } = (await (await fixity.api('/api/v1/repositories')).json()) as {
      repositories: { repository: string; tags: number }[];
    };
    for (const { repository, tags } of repositories)
      assert.equal(tags, repository.startsWith('fixity/') ? 1 : 0, repository);
    assert.doesNotMatch(fixity.server.log(), /"level":"error"/);
  });
});
