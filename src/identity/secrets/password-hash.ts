import { type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto';
import { DependencyError } from '../../base/dependency-error.ts';
import type { Random } from '../../base/random.ts';

/** Slow hashes of passwords, a bounded number at once: each takes 32 MiB. */
export interface PasswordHasher {
  /** `$scrypt$ln=15,r=8,p=1$<salt>$<hash>`; rejects with a retryable `DependencyError` when too many wait. */
  hash(password: string): Promise<string>;
  /** False for a text that is no such hash; rejects as `hash` does. Takes as long for a wrong password as for the right one. */
  verify(password: string, hash: string): Promise<boolean>;
}

/** The one of OWASP's equally strong settings for scrypt that takes 32 MiB; the others take more memory and less time. */
const COST = { logN: 15, blockSize: 8, parallelization: 3 } as const;
const SALT_BYTES = 16;
const HASH_BYTES = 32;

/** Costs that a stored hash may ask for: a changed document must not take all memory. */
const LOG_N_MAX = 18;
const BLOCK_SIZE_MAX = 16;
const PARALLELIZATION_MAX = 8;

const HASH = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]{16,88})\$([A-Za-z0-9+/]{43})$/; // $scrypt$ln=15,r=8,p=3$…$…

export function createPasswordHasher(options: {
  readonly random: Random;
  /** Hashes computed side by side; beyond it they wait. */
  readonly concurrencyMax?: number;
  /** Hashes that wait; beyond it they are refused. */
  readonly waitingMax?: number;
}): PasswordHasher {
  const { random, concurrencyMax = 2, waitingMax = 100 } = options;
  const slots = new Slots(concurrencyMax, waitingMax);
  return {
    async hash(password) {
      const salt = Buffer.from(random.bytes(SALT_BYTES));
      const key = await slots.run(() => derive(password, salt, COST));
      const { logN, blockSize, parallelization } = COST;
      return `$scrypt$ln=${logN},r=${blockSize},p=${parallelization}$${text(salt)}$${text(key)}`;
    },
    async verify(password, hash) {
      const [, logN, blockSize, parallelization, salt = '', key = ''] = HASH.exec(hash) ?? [];
      const cost = {
        logN: Number(logN),
        blockSize: Number(blockSize),
        parallelization: Number(parallelization),
      };
      if (!isAffordable(cost)) return false;
      const derived = await slots.run(() => derive(password, Buffer.from(salt, 'base64'), cost));
      const expected = Buffer.from(key, 'base64');
      return expected.length === derived.length && timingSafeEqual(expected, derived);
    },
  };
}

interface Cost {
  readonly logN: number;
  readonly blockSize: number;
  readonly parallelization: number;
}

/** False also where they are not numbers. */
function isAffordable({ logN, blockSize, parallelization }: Cost): boolean {
  const isBlockSize = blockSize >= 1 && blockSize <= BLOCK_SIZE_MAX;
  const isParallelization = parallelization >= 1 && parallelization <= PARALLELIZATION_MAX;
  return logN >= 10 && logN <= LOG_N_MAX && isBlockSize && isParallelization;
}

function derive(password: string, salt: Buffer, { logN, blockSize, parallelization }: Cost): Promise<Buffer> {
  const N = 2 ** logN;
  const options: ScryptOptions = {
    N,
    r: blockSize,
    p: parallelization,
    maxmem: 128 * blockSize * (N + parallelization + 2),
  };
  // The same password may be typed composed or decomposed.
  const typed = password.normalize('NFC');
  return new Promise((resolve, reject) => {
    scrypt(typed, salt, HASH_BYTES, options, (error, key) => (error === null ? resolve(key) : reject(error)));
  });
}

/** Base64 without padding, as other programs write such hashes. */
function text(bytes: Buffer): string {
  return bytes.toString('base64').replaceAll('=', '');
}

class Slots {
  readonly #waitingMax: number;
  readonly #waiting: (() => void)[] = [];
  #free: number;

  constructor(concurrencyMax: number, waitingMax: number) {
    this.#free = concurrencyMax;
    this.#waitingMax = waitingMax;
  }

  async run<T>(action: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--;
    else await this.#turn();
    try {
      return await action();
    } finally {
      const next = this.#waiting.shift();
      // Handed on rather than freed, so that nobody who comes later is first.
      if (next === undefined) this.#free++;
      else next();
    }
  }

  #turn(): Promise<void> {
    if (this.#waiting.length >= this.#waitingMax) {
      const reason = `more than ${this.#waitingMax} passwords wait to be hashed`;
      throw new DependencyError({
        dependency: 'password hash',
        operation: 'hash',
        isRetryable: true,
        reason,
      });
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}
