import { chmodSync, readFileSync, statSync } from 'node:fs';
import { DependencyError } from '../../base/dependency-error.ts';
import { type MasterKey, toMasterKey } from './master-key.ts';
import { writeDurably } from './write-durably.ts';

/** Encrypts master keys before they are written, so that the file alone tells nothing: a key of a KMS. */
export interface KeyWrapper {
  /** Who wraps, as the file says it: `kms:alias/opentrail`. */
  readonly name: string;
  wrap(key: Uint8Array, keyId: string): Promise<string>;
  unwrap(wrapped: string, keyId: string): Promise<Uint8Array>;
}

/** A key with its text in the file, which is the key itself in base64, or what the wrapper made of it. */
export interface FiledKey extends MasterKey {
  readonly text: string;
}

interface FileEntry {
  readonly id: string;
  readonly key: string;
  readonly createdAtMs: number;
  readonly retiredAtMs?: number;
}

interface FileBody {
  readonly version: 1;
  readonly about: string;
  /** Absent: the keys stand in clear. */
  readonly wrappedBy?: string;
  readonly keys: readonly FileEntry[];
}

const ABOUT =
  'The master key of an OpenTrail installation. Without it no access key and no session works any more: keep a copy ' +
  'away from this machine, and away from copies of the catalog.';

/** Where the master keys of an installation are kept. */
export class MasterKeyFile {
  readonly path: string;
  readonly #wrapper: KeyWrapper | undefined;

  constructor(path: string, wrapper?: KeyWrapper) {
    this.path = path;
    this.#wrapper = wrapper;
  }

  /**
   * The newest first; undefined where there is no file. Keys that stand in clear though a wrapper is configured are
   * wrapped, and the file is written anew. Rejects with a `DependencyError` that says what to do.
   */
  async read(): Promise<FiledKey[] | undefined> {
    const body = this.#readBody();
    if (body === undefined) return undefined;
    if (body.wrappedBy === undefined && this.#wrapper !== undefined) return this.#wrapAll(body.keys);
    if (body.wrappedBy !== this.#wrapper?.name) {
      const asked = body.wrappedBy === undefined ? 'not encrypted' : `encrypted by ${body.wrappedBy}`;
      throw this.#failure(
        'read',
        `its keys are ${asked}, and the configuration says otherwise: start as before`,
      );
    }
    const keys: FiledKey[] = [];
    for (const entry of body.keys) keys.push(await this.#toKey(entry, this.#wrapper));
    return keys;
  }

  async #wrapAll(entries: readonly FileEntry[]): Promise<FiledKey[]> {
    const keys: FiledKey[] = [];
    for (const entry of entries) {
      const key = await this.#toKey(entry, undefined);
      keys.push({ ...key, text: await this.textOf(key.key.export(), key.id) });
    }
    await this.write(keys);
    return keys;
  }

  /** Durable when it resolves. */
  async write(keys: readonly FiledKey[]): Promise<void> {
    const body: FileBody = {
      version: 1,
      about: ABOUT,
      ...(this.#wrapper === undefined ? {} : { wrappedBy: this.#wrapper.name }),
      keys: keys.map(({ id, text, createdAtMs, retiredAtMs }) => ({
        id,
        key: text,
        createdAtMs,
        ...(retiredAtMs === undefined ? {} : { retiredAtMs }),
      })),
    };
    try {
      writeDurably(this.path, `${JSON.stringify(body, null, 2)}\n`);
    } catch (cause) {
      throw this.#failure('write', `it cannot be written (${(cause as Error).message})`, cause);
    }
  }

  /** The text of a new key as the file will hold it. */
  async textOf(bytes: Uint8Array, keyId: string): Promise<string> {
    return this.#wrapper === undefined
      ? Buffer.from(bytes).toString('base64')
      : await this.#wrapper.wrap(bytes, keyId);
  }

  #readBody(): FileBody | undefined {
    let text: string;
    try {
      text = readFileSync(this.path, 'utf8');
      // A copy may have lost the mode; the key must not stay readable for it.
      if ((statSync(this.path).mode & 0o077) !== 0) chmodSync(this.path, 0o600);
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw this.#failure('read', `it cannot be read (${(cause as Error).message})`, cause);
    }
    try {
      const body = JSON.parse(text) as FileBody;
      if (body.version === 1 && Array.isArray(body.keys) && body.keys.length > 0) return body;
    } catch {
      // Not JSON: answered like JSON of another shape.
    }
    throw this.#failure('read', 'it holds no master key: put back a copy of it');
  }

  async #toKey(
    { id, key: text, createdAtMs, retiredAtMs }: FileEntry,
    wrapper: KeyWrapper | undefined,
  ): Promise<FiledKey> {
    const bytes = wrapper === undefined ? Buffer.from(text, 'base64') : await wrapper.unwrap(text, id);
    try {
      const key = toMasterKey(bytes);
      if (key.id !== id) throw new Error(`it is ${key.id}`);
      return { ...key, text, createdAtMs, ...(retiredAtMs === undefined ? {} : { retiredAtMs }) };
    } catch (cause) {
      throw this.#failure('read', `its key ${id} is damaged: put back a copy of the file`, cause);
    }
  }

  #failure(operation: string, reason: string, cause?: unknown): DependencyError {
    return new DependencyError({
      dependency: 'master key',
      operation,
      isRetryable: false,
      reason: `${this.path}: ${reason}`,
      cause,
    });
  }
}
