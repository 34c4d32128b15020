import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { accountOfAccessKey } from '../model/access-key-account.ts';
import { ConfigError } from './config.ts';
import { loadRootCredentials } from './root-credentials.ts';
import { systemRandom } from './system/system-random.ts';

describe('root credentials', () => {
  let folder: string;
  let path: string;
  const load = (environment: Record<string, string> = {}) =>
    loadRootCredentials({ path, accountId: '123456789012', environment, random: systemRandom });

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'opentrail-root-'));
    path = join(folder, 'root-credentials.json');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('are made once, kept readable by the owner alone, and tell their account', () => {
    const made = load();
    assert.equal(made.origin, 'made');
    assert.equal(accountOfAccessKey(made.accessKeyId), '123456789012');
    assert.match(made.secretAccessKey, /^[A-Za-z0-9+/]{40}$/);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.deepEqual(load(), { ...made, origin: 'file' });
  });

  it('lose a mode that lets others read them', () => {
    load();
    chmodSync(path, 0o644);
    load();
    assert.equal(statSync(path).mode & 0o777, 0o600);
  });

  it('come from the environment where it has both, and never from half of it', () => {
    const both = { OPENTRAIL_ROOT_ACCESS_KEY_ID: 'AKIAX', OPENTRAIL_ROOT_SECRET_ACCESS_KEY: 's' };
    assert.deepEqual(load(both), { accessKeyId: 'AKIAX', secretAccessKey: 's', origin: 'environment' });
    assert.throws(() => load({ OPENTRAIL_ROOT_ACCESS_KEY_ID: 'AKIAX' }), /SECRET_ACCESS_KEY is missing/);
    assert.throws(() => load({ ...both, OPENTRAIL_ROOT_ACCESS_KEY_ID: 'A/B' }), ConfigError);
  });

  it('are never replaced because their file is damaged', () => {
    writeFileSync(path, '{}');
    assert.throws(() => load(), /holds no credentials/);
  });
});
