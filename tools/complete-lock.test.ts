import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { completeLock, type LockFile, platformOf } from './complete-lock.ts';

describe('the lock file', () => {
  it('names the platform packages of every native library, so that npm ci works on each of them', () => {
    const lock = JSON.parse(
      readFileSync(new URL('../package-lock.json', import.meta.url), 'utf8'),
    ) as LockFile;
    assert.deepEqual(completeLock(lock), []);
  });

  it('gains an entry for each platform that is missing, and loses none', () => {
    const lock: LockFile = {
      packages: {
        'node_modules/native': {
          version: '1.0.0',
          dev: true,
          optionalDependencies: {
            '@native/lib-linux-arm64-gnu': '1.0.0',
            '@native/lib-darwin-x64': '1.0.0',
            plain: '1.0.0',
          },
        },
        'node_modules/@native/lib-darwin-x64': { version: '1.0.0', integrity: 'kept' },
      },
    };
    assert.deepEqual(completeLock(lock), ['@native/lib-linux-arm64-gnu@1.0.0']);
    assert.deepEqual(lock.packages['node_modules/@native/lib-linux-arm64-gnu'], {
      version: '1.0.0',
      os: ['linux'],
      cpu: ['arm64'],
      libc: ['glibc'],
      dev: true,
      optional: true,
    });
    assert.equal(lock.packages['node_modules/@native/lib-darwin-x64']?.integrity, 'kept');
  });

  it('tells a platform from a package name only when system and processor are both in it', () => {
    assert.deepEqual(platformOf('@duckdb/node-bindings-linux-x64-musl'), {
      os: ['linux'],
      cpu: ['x64'],
      libc: ['musl'],
    });
    assert.equal(platformOf('linux-name-only'), undefined);
  });
});
