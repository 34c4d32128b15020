import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { DependencyError } from '../../base/dependency-error.ts';
import type { Random } from '../../base/random.ts';
import { type MasterKey, type MasterKeyRing, makeMasterKey } from './master-key.ts';
import { createSecretSealer, sealingKeyId } from './secret-sealer.ts';

const random: Random = { uuid: () => randomUUID(), bytes: (count) => randomBytes(count) };
const key = { kind: 'accessKey', accountId: '111122223333', name: 'AKIAQ' } as const;

function ringOf(...keys: readonly [MasterKey, ...MasterKey[]]): MasterKeyRing {
  return { current: keys[0], find: (id) => keys.find((key) => key.id === id) };
}

const master = makeMasterKey(random, 0).key;
const sealer = createSecretSealer({ ring: ringOf(master), random });

describe('a sealed secret', () => {
  it('opens for its own document, whatever text it is, and never looks the same twice', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (secret) => {
        const sealed = sealer.seal(secret, key);
        assert.equal(sealer.open(sealed, key), secret);
        assert.notEqual(sealer.seal(secret, key), sealed);
        assert.equal(sealingKeyId(sealed), master.id);
      }),
    );
  });

  it('does not tell the secret, in any encoding that is usual', () => {
    const secret = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';
    const sealed = sealer.seal(secret, key);
    const decoded = Buffer.from(sealed.split('.')[2] ?? '', 'base64url').toString('latin1');
    for (let at = 0; at + 4 <= secret.length; at++) {
      assert.ok(!decoded.includes(secret.slice(at, at + 4)), secret.slice(at, at + 4));
    }
  });

  it('opens for no other document', () => {
    const sealed = sealer.seal('secret', key);
    const others = [
      { ...key, name: 'AKIAR' },
      { ...key, accountId: '444455556666' },
      { ...key, kind: 'state' as const },
    ];
    for (const other of others) assert.throws(() => sealer.open(sealed, other), DependencyError);
  });

  it('does not open when one character of it was changed, cut or added', () => {
    const sealed = sealer.seal('secret', key);
    const at = fc.integer({ min: 0, max: sealed.length - 1 });
    fc.assert(
      fc.property(at, fc.constantFrom(...'ABab01-_.%= '), fc.constantFrom(0, 1), (index, character, cut) => {
        const changed = sealed.slice(0, index) + character + sealed.slice(index + cut);
        // The last character of base64url may hold bits that are none of the bytes'.
        const isSame = (text: string) => Buffer.from(text.split('.')[2] ?? '', 'base64url').toString('hex');
        fc.pre(changed !== sealed && isSame(changed) !== isSame(sealed));
        assert.throws(() => sealer.open(changed, key), DependencyError);
      }),
      { numRuns: 500 },
    );
  });

  it('opens under a retired key, and not when that key is gone', () => {
    const newer = makeMasterKey(random, 1).key;
    const sealed = sealer.seal('secret', key);
    const rotated = createSecretSealer({ ring: ringOf(newer, master), random });
    assert.equal(rotated.open(sealed, key), 'secret');
    assert.equal(sealingKeyId(rotated.seal('secret', key)), newer.id);
    const without = createSecretSealer({ ring: ringOf(newer), random });
    assert.throws(() => without.open(sealed, key), /the master key [0-9a-f]{16} is not there/);
  });

  it('is told of by the name of its document alone when it does not open', () => {
    assert.throws(
      () => sealer.open('plain-secret-in-clear', key),
      (error) => error instanceof DependencyError && !error.message.includes('plain-secret'),
    );
  });
});
