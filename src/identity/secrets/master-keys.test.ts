import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { Clock } from '../../base/clock.ts';
import { DependencyError } from '../../base/dependency-error.ts';
import type { Random } from '../../base/random.ts';
import type { IdentityReference, IdentityStore } from '../../store/identity-store.ts';
import { MemoryIdentityStore } from '../../store/memory/memory-identity-store.ts';
import { type FiledKey, type KeyWrapper, MasterKeyFile } from './master-key-file.ts';
import { abandonMasterKeys, type MasterKeys, openMasterKeys } from './master-keys.ts';
import { createSecretSealer, sealingKeyId } from './secret-sealer.ts';

const HOUR_MS = 3_600_000;
const random: Random = { uuid: () => randomUUID(), bytes: (count) => randomBytes(count) };

let folder: string;
let path: string;
let store: IdentityStore;
let nowMs: number;
const clock: Clock = {
  now: () => nowMs,
  monotonicMs: () => nowMs,
  after: () => ({ cancel() {} }),
  sleep: () => Promise.reject(new Error('nobody sleeps here')),
};

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'opentrail-master-key-'));
  path = join(folder, 'master.key');
  store = new MemoryIdentityStore();
  nowMs = 1_700_000_000_000;
});
afterEach(() => rmSync(folder, { recursive: true }));

const open = (file = new MasterKeyFile(path), identities = store) =>
  openMasterKeys({ file, store: identities, random, clock });

const SECRETS = new Map(
  [...'abcdefg'].map((letter) => [`AKIA${letter.toUpperCase()}`, `secret-of-${letter}`]),
);
const keyReference = (name: string): IdentityReference => ({
  kind: 'accessKey',
  accountId: name < 'AKIAD' ? '111122223333' : '444455556666',
  name,
});

async function putSecrets(ring: MasterKeys) {
  const sealer = createSecretSealer({ ring, random });
  for (const [name, secret] of SECRETS) {
    const reference = keyReference(name);
    const body = JSON.stringify({ accessKeyId: name, sealedSecret: sealer.seal(secret, reference) });
    assert.ok(await store.commit([{ ...reference, body, expectedRevision: 0 }]));
  }
}

async function readSecrets(ring: MasterKeys) {
  const sealer = createSecretSealer({ ring, random });
  const keyIds = new Set<string | undefined>();
  for (const [name, secret] of SECRETS) {
    const reference = keyReference(name);
    const { sealedSecret } = JSON.parse((await store.get(reference))?.body ?? '{}');
    assert.equal(sealer.open(sealedSecret, reference), secret);
    keyIds.add(sealingKeyId(sealedSecret));
  }
  return keyIds;
}

/** What a key service could be, as far as the file is concerned. */
const wrapper: KeyWrapper = {
  name: 'kms:test',
  wrap: async (key) => Buffer.from(key.map((byte) => byte ^ 0x5a)).toString('base64'),
  unwrap: async (wrapped) => Buffer.from(wrapped, 'base64').map((byte) => byte ^ 0x5a),
};

describe('the master key', () => {
  it('is made at the first start, for its owner alone, and is the same at the next', async () => {
    const ring = await open();
    assert.equal(statSync(path).mode & 0o777, 0o600);
    await putSecrets(ring);
    const again = await open();
    assert.equal(again.current.id, ring.current.id);
    assert.deepEqual(await readSecrets(again), new Set([ring.current.id]));
  });

  it('is a start error that says what to do when it is missing, damaged or another one', async () => {
    await putSecrets(await open());
    const text = readFileSync(path, 'utf8');
    rmSync(path);
    await assert.rejects(open(), (error) => {
      assert.ok(error instanceof DependencyError);
      assert.match(error.message, /Put back a copy of the file.*--master-key-file.*--replace-lost/);
      return true;
    });
    assert.throws(() => statSync(path), 'none is made in its place');
    const damaged = text.replace(
      /"key": "./,
      (found) => `${found.slice(0, -1)}${found.endsWith('A') ? 'B' : 'A'}`,
    );
    for (const [content, says] of [
      ['', /holds no master key/],
      ['{"version":1,"keys":[]}', /holds no master key/],
      [damaged, /is damaged: put back a copy/],
    ] as const) {
      writeFileSync(path, content);
      await assert.rejects(open(), says);
    }
    rmSync(path);
    await open(new MasterKeyFile(path), new MemoryIdentityStore());
    await assert.rejects(open(), /is not there/, 'that of another installation');
  });

  it('can be given up when it is lost: the next start makes another, and what was sealed stays closed', async () => {
    await putSecrets(await open());
    rmSync(path);
    await abandonMasterKeys(store);
    const ring = await open();
    await assert.rejects(readSecrets(ring), /is not there/);
  });

  it('rotates: everything is sealed with the new one, and the old one goes when no session can need it', async () => {
    const ring = await open();
    await putSecrets(ring);
    const before = ring.current.id;
    const rotation = await ring.rotate();
    assert.equal(rotation.resealedCount, SECRETS.size);
    assert.deepEqual(await readSecrets(ring), new Set([ring.current.id]));
    assert.notEqual(ring.current.id, before);
    assert.ok(ring.find(before) !== undefined);
    nowMs += 37 * HOUR_MS;
    const later = await open();
    assert.equal(later.find(before), undefined);
    assert.ok(!readFileSync(path, 'utf8').includes(before));
    await readSecrets(later);
  });

  it('rotates and forgets the old one at once where that is asked for', async () => {
    const ring = await open();
    await putSecrets(ring);
    const before = ring.current.id;
    assert.deepEqual((await ring.rotate({ isForgettingOld: true })).removedKeyIds, [before]);
    assert.equal(ring.find(before), undefined);
    await readSecrets(await open());
  });

  it('keeps every old key while there is a secret that none opens, and names its document', async () => {
    const ring = await open();
    await putSecrets(ring);
    const reference = keyReference('AKIAA');
    const document = await store.get(reference);
    const body = document?.body.replace(/.{4}"\}$/, 'AAAA"}') ?? '';
    await store.commit([{ ...reference, body, expectedRevision: document?.revision ?? 0 }]);
    const rotation = await ring.rotate({ isForgettingOld: true });
    assert.deepEqual(rotation.unopenedNames, ['AKIAA']);
    assert.deepEqual(rotation.removedKeyIds, []);
    assert.equal(ring.describe().length, 2);
  });

  it('loses no secret when a rotation is cut off at any step', async () => {
    await putSecrets(await open());
    const first = readFileSync(path, 'utf8');
    const steps = await cutAt(Number.POSITIVE_INFINITY);
    assert.ok(steps > SECRETS.size, `${steps} steps`);
    for (let step = 0; step < steps; step++) {
      await cutAt(step);
      const after = await open();
      assert.deepEqual(await readSecrets(after), new Set([after.current.id]), `cut at step ${step}`);
      nowMs += 37 * HOUR_MS;
      assert.equal((await open()).describe().length, 1);
    }
    assert.notEqual(readFileSync(path, 'utf8'), first);
  });

  it('stands in the file only as what a key service made of it, where one is configured', async () => {
    const ring = await open(new MasterKeyFile(path, wrapper));
    await putSecrets(ring);
    const clear = ring.current.key.export().toString('base64');
    assert.ok(!readFileSync(path, 'utf8').includes(clear));
    await readSecrets(await open(new MasterKeyFile(path, wrapper)));
    await assert.rejects(open(), /encrypted by kms:test, and the configuration says otherwise/);
  });

  it('that stands in clear is encrypted when a key service is configured later', async () => {
    const ring = await open();
    await putSecrets(ring);
    const again = await open(new MasterKeyFile(path, wrapper));
    assert.equal(again.current.id, ring.current.id);
    await readSecrets(again);
    const clear = ring.current.key.export().toString('base64');
    assert.ok(!readFileSync(path, 'utf8').includes(clear));
  });
});

/** Rotates, forgetting the old key, until the given number of durable steps is made; answers how many there were. */
async function cutAt(stepsMax: number): Promise<number> {
  let steps = 0;
  const cut = () => {
    if (steps >= stepsMax) throw new Error('cut off');
    steps++;
  };
  class CutFile extends MasterKeyFile {
    override async write(keys: readonly FiledKey[]) {
      cut();
      await super.write(keys);
    }
  }
  const cutStore: IdentityStore = {
    get: (reference) => store.get(reference),
    find: (kind, name) => store.find(kind, name),
    list: (query) => store.list(query),
    listAll: (query) => store.listAll(query),
    count: (query) => store.count(query),
    generation: () => store.generation(),
    close: () => store.close(),
    commit(changes) {
      cut();
      return store.commit(changes);
    },
  };
  const ring = await open(new CutFile(path), cutStore);
  try {
    await ring.rotate({ isForgettingOld: true });
  } catch (error) {
    if ((error as Error).message !== 'cut off') throw error;
  }
  return steps;
}
