import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { describe, it } from 'node:test';
import { DependencyError } from '../../base/dependency-error.ts';
import { createPasswordHasher } from './password-hash.ts';

const random = { uuid: () => randomUUID(), bytes: (count: number) => randomBytes(count) };

describe('a password hash', () => {
  it('verifies its password and no other, and does not hold it', async () => {
    const hasher = createPasswordHasher({ random });
    const hash = await hasher.hash('Tr0ub4dor&3 ä');
    assert.match(hash, /^\$scrypt\$ln=15,r=8,p=3\$/);
    assert.ok(!hash.includes('Tr0ub4dor'));
    assert.equal(await hasher.verify('Tr0ub4dor&3 ä', hash), true);
    assert.equal(await hasher.verify('Tr0ub4dor&3 ä'.normalize('NFD'), hash), true);
    assert.equal(await hasher.verify('tr0ub4dor&3 ä', hash), false);
    assert.equal(await hasher.verify('', hash), false);
  });

  it('is another one each time', async () => {
    const hasher = createPasswordHasher({ random });
    assert.notEqual(await hasher.hash('same'), await hasher.hash('same'));
  });

  it('is refused where its text is none, or asks for more memory than a hash may take', async () => {
    const hasher = createPasswordHasher({ random });
    const hash = await hasher.hash('password');
    const bad = [
      '',
      'password',
      hash.replace('ln=15', 'ln=30'),
      hash.replace('r=8', 'r=99'),
      hash.replace('p=3', 'p=0'),
      hash.slice(0, -1),
      `${hash}x`,
    ];
    for (const text of bad) assert.equal(await hasher.verify('password', text), false, text);
  });

  it('is computed a bounded number at once; more wait, and beyond that they are refused', async () => {
    const hasher = createPasswordHasher({ random, concurrencyMax: 1, waitingMax: 1 });
    const results = await Promise.allSettled([hasher.hash('a'), hasher.hash('b'), hasher.hash('c')]);
    assert.deepEqual(
      results.map(({ status }) => status),
      ['fulfilled', 'fulfilled', 'rejected'],
    );
    const [, , refused] = results;
    assert.ok(refused?.status === 'rejected' && refused.reason instanceof DependencyError);
    assert.equal(refused.reason.isRetryable, true);
    assert.match(await hasher.hash('d'), /^\$scrypt/);
  });
});
