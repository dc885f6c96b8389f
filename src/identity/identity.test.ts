import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { openKeep, openSqliteLedger, openViewDatabase, openViewReader } from '#drivers/sqlite';
import { toInstant } from '#kernel';
import { openAppender } from '#ledger';
import { generateKey } from '#signing';
import { ViewMachine } from '#views';
import { type CommandDefinition, CommandLoop } from '#writer';
import {
  type BootstrapOptions,
  demand,
  enrolNode,
  eraseName,
  Identity,
  IdentityRoutes,
  identityFold,
  issueToken,
  may,
  revokeToken,
} from './index.ts';

const origin = 'test.example/log';
const start = Date.UTC(2026, 10, 22, 2, 3, 0);
let folder: string;
let now: number;
let counter: number;
let house: Awaited<ReturnType<typeof open>>;

/** Different bytes at every call, the same in every run. */
function random(size: number): Uint8Array {
  counter += 1;
  return new Uint8Array(size).map((_, at) => (counter * 31 + at * 17) % 251);
}

async function open(bootstrap: BootstrapOptions = { user: 'ana' }) {
  const storage = openSqliteLedger(join(folder, 'ledger.db'));
  const database = openViewDatabase(join(folder, 'views.db'));
  const machine = new ViewMachine({ database, folds: [identityFold], origin });
  await machine.start(storage);
  const clock = { now: () => now };
  const writer = new CommandLoop({
    storage,
    appender: await openAppender({ storage, key: generateKey(origin, random), origin }),
    views: machine,
    commands: [issueToken, revokeToken, eraseName] as unknown as readonly CommandDefinition[],
    origin,
    clock,
    random,
  });
  const keep = openKeep(join(folder, 'keep.db'));
  const views = openViewReader(join(folder, 'views.db'));
  const ports = { keep, writer, views, clock, random };
  const identity = new Identity(ports, bootstrap);
  return {
    identity,
    routes: new IdentityRoutes({ identity, views, clock }),
    ports,
    keep,
    storage,
    async close() {
      await writer.close();
      for (const one of [keep, views, storage, database]) one.close();
    },
  };
}

async function leaves(): Promise<string> {
  return (await house.storage.leaves(0, 100)).map((leaf) => Buffer.from(leaf).toString()).join('\n');
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fixity-identity-'));
  now = start;
  counter = 0;
  house = await open();
});
afterEach(async () => {
  await house.close();
  rmSync(folder, { recursive: true });
});

async function restart(bootstrap?: BootstrapOptions): Promise<void> {
  await house.close();
  counter = 0;
  house = await open(bootstrap);
}

test('the bootstrap token is made once, stays through restarts, and stands for an admin by pseudonym', async () => {
  const secret = house.identity.newBootstrapToken ?? '';
  assert.match(secret, /^fixity_[A-Za-z0-9_-]{43}$/);
  const actor = house.identity.authenticate(secret);
  assert.match(actor?.id ?? '', /^user:[2-9a-z]{5}$/);
  assert.equal(actor?.role, 'admin');
  assert.equal(house.identity.directory.nameOf(actor?.id ?? ''), 'ana');
  await restart();
  assert.equal(house.identity.newBootstrapToken, undefined);
  assert.deepEqual(house.identity.authenticate(secret), actor);
  await restart({ token: 'chosen-by-the-operator' });
  assert.equal(house.identity.authenticate(secret), undefined);
  assert.equal(house.identity.authenticate('chosen-by-the-operator')?.id, actor?.id);
  assert.ok(!JSON.stringify(house.keep.list('identity/bootstrap')).includes('chosen'));
  assert.throws(() => new Identity(house.ports, { token: 'short' }), { code: 'invalid-input' });
});

test('an issued token opens its role until it is revoked, and neither secret nor name is in an entry', async () => {
  const admin = house.identity.bootstrapActor;
  const issued = await house.routes.issueToken({ name: 'Ci Of Ana', role: 'deployer' }, admin);
  const actor = house.identity.authenticate(issued.token);
  assert.deepEqual(actor, { id: `token:${issued.id}`, role: 'deployer', token: issued.id });
  assert.deepEqual(house.routes.whoAmI(demand(actor, 'read')), {
    actor: `token:${issued.id}`,
    name: 'Ci Of Ana',
    role: 'deployer',
  });
  assert.deepEqual(house.routes.listTokens(admin), [
    { id: issued.id, role: 'deployer', issued: toInstant(start), issuedBy: admin.id, name: 'Ci Of Ana' },
  ]);
  await assert.rejects(house.routes.revokeToken({ id: 'zzz' }, admin), { code: 'not-found' });
  await house.routes.revokeToken({ id: issued.id }, admin);
  assert.equal(house.identity.authenticate(issued.token), undefined);
  assert.equal(house.routes.listTokens(admin)[0]?.revoked, toInstant(start));
  await house.routes.revokeToken({ id: issued.id }, admin);
  const recorded = await leaves();
  assert.equal(recorded.split('\n').length, 2);
  for (const hidden of [issued.token, 'Ci Of Ana']) assert.ok(!recorded.includes(hidden));
});

test('a token ends with its time', async () => {
  const { token, expires } = await house.routes.issueToken(
    { name: 'short', role: 'reader', expiresInSeconds: 60 },
    house.identity.bootstrapActor,
  );
  assert.equal(expires, toInstant(start + 60_000));
  now = start + 59_999;
  assert.equal(house.identity.authenticate(token)?.role, 'reader');
  now = start + 60_000;
  assert.equal(house.identity.authenticate(token), undefined);
});

test('roles may do what the table says, and a refusal says who could', () => {
  const table = (['admin', 'deployer', 'reader', 'node'] as const).map((role) =>
    (['read', 'push', 'ship', 'administer', 'act-as-node'] as const)
      .map((action) => Number(may(role, action)))
      .join(''),
  );
  assert.deepEqual(table, ['11110', '11100', '10000', '10001']);
  assert.throws(() => demand(undefined, 'read'), { code: 'unauthenticated' });
  assert.throws(() => demand({ id: 'token:x', role: 'reader', token: 'x' }, 'push'), {
    code: 'forbidden',
    next: ['use a token of the role admin or deployer'],
  });
});

test('who may not administer cannot issue, list, revoke, erase or enrol', async () => {
  const reader = { id: 'token:x', role: 'reader', token: 'x' } as const;
  const refused = { code: 'forbidden' };
  await assert.rejects(house.routes.issueToken({ name: 'x', role: 'admin' }, reader), refused);
  await assert.rejects(house.routes.revokeToken({ id: 'x' }, reader), refused);
  await assert.rejects(house.routes.eraseName({ actor: 'user:x' }, reader), refused);
  assert.throws(() => house.routes.listTokens(reader), refused);
  assert.throws(() => house.routes.createEnrolment(reader), refused);
  assert.equal(await leaves(), '');
});

test('a registry token holds for five minutes, and no longer than the token behind it', async () => {
  const { identity } = house;
  const { id, token } = await house.routes.issueToken({ name: 'ci', role: 'deployer' }, identity.bootstrapActor);
  const actor = demand(identity.authenticate(token), 'push');
  const access = [{ type: 'repository', name: 'checkout', actions: ['pull', 'push'] }];
  const minted = await identity.mintRegistryToken(actor, access);
  assert.equal(minted.expiresInSeconds, 300);
  assert.deepEqual(await identity.openRegistryToken(minted.token), { actor, access });
  const ofAdmin = await identity.mintRegistryToken(identity.bootstrapActor, access);
  assert.deepEqual((await identity.openRegistryToken(ofAdmin.token))?.actor, identity.bootstrapActor);
  const forged = `${minted.token.slice(0, -4)}AAAA`;
  assert.equal(await identity.openRegistryToken(forged), undefined);
  const [, payload] = minted.token.split('.');
  const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${payload}.`;
  assert.equal(await identity.openRegistryToken(unsigned), undefined);
  now = start + 301_000;
  assert.equal(await identity.openRegistryToken(minted.token), undefined);
  now = start + 1_000;
  await house.routes.revokeToken({ id }, identity.bootstrapActor);
  assert.equal(await identity.openRegistryToken(minted.token), undefined);
});

test('an enrolment token makes one node within an hour', async () => {
  const { identity, routes } = house;
  const { token, expires } = routes.createEnrolment(identity.bootstrapActor);
  assert.equal(expires, toInstant(start + 3_600_000));
  const attempts = ['web-07', 'web-08'].map((node) => enrolNode(identity, { token, node }));
  const [first, second] = await Promise.allSettled(attempts);
  assert.equal(second?.status === 'rejected' && second.reason.code, 'unauthenticated');
  const enrolled = first?.status === 'fulfilled' ? first.value : undefined;
  const actor = identity.authenticate(enrolled?.token ?? '');
  assert.deepEqual([actor?.id, actor?.role], ['node:web-07', 'node']);
  const late = routes.createEnrolment(identity.bootstrapActor);
  now = start + 3_600_000;
  await assert.rejects(enrolNode(identity, { token: late.token, node: 'web-09' }), { code: 'unauthenticated' });
});

test('an erased name is gone for good, also when a crash came between recording and erasing', async () => {
  const admin = house.identity.bootstrapActor;
  await house.routes.eraseName({ actor: admin.id }, admin);
  assert.equal(house.identity.directory.nameOf(admin.id), undefined);
  house.keep.set('identity/names', admin.id, 'ana');
  await restart();
  assert.equal(house.identity.directory.nameOf(admin.id), undefined);
  await assert.rejects(house.routes.eraseName({ actor: 'node:web-07' }, admin), { code: 'invalid-input' });
  assert.match(await leaves(), /name-erased/);
});
