import assert from 'node:assert/strict';
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { MasterKeyRing } from '../../src/identity/secrets/master-key.ts';
import { MasterKeyFile } from '../../src/identity/secrets/master-key-file.ts';
import { createPasswordHasher } from '../../src/identity/secrets/password-hash.ts';
import { createSecretSealer } from '../../src/identity/secrets/secret-sealer.ts';
import { createSessionTokens } from '../../src/identity/session/session-tokens.ts';
import { systemRandom as random } from '../../src/server/system/system-random.ts';

// Secrets, a session, a password hash and a master key file with a retired key, as version 1 wrote them. Never to be
// written anew: what a newer version makes of them is what it makes of its users' catalogs.
const EXAMPLE = fileURLToPath(new URL('./identity-v1', import.meta.url));
const read = (name: string) => JSON.parse(readFileSync(join(EXAMPLE, name), 'utf8'));

const written = read('identity-v1.json');
const expected = read('identity-v1.expected.json');
const folder = mkdtempSync(join(tmpdir(), 'opentrail-formats-'));
let ring: MasterKeyRing;

before(async () => {
  const path = join(folder, 'master-key.json');
  copyFileSync(join(EXAMPLE, 'master-key.json'), path);
  const keys = (await new MasterKeyFile(path).read()) ?? [];
  const [newest] = keys;
  assert.ok(newest !== undefined && keys.length === 2);
  ring = { current: newest, find: (id) => keys.find((key) => key.id === id) };
});
after(() => rmSync(folder, { recursive: true }));

describe('what version 1 has sealed', () => {
  it('is a secret that opens, also under a key that was retired since', () => {
    const sealer = createSecretSealer({ ring, random });
    assert.equal(sealer.open(written.sealedSecret, expected.context), expected.secret);
  });

  it('is a session that goes on, with all of its claims and its secret', () => {
    const { accessKeyId, sessionToken, secretAccessKey } = written.session;
    const session = createSessionTokens({ ring, random }).open(accessKeyId, sessionToken);
    assert.deepEqual(session?.claims, expected.claims);
    assert.equal(session?.secretAccessKey, secretAccessKey);
  });

  it('is a password that is still the right one', async () => {
    const hasher = createPasswordHasher({ random });
    assert.equal(await hasher.verify(expected.password, written.passwordHash), true);
  });
});
