import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { CliError } from '../client/cli-error.ts';
import { type FoundFile, reasonToSkip, type SourceFile } from './import-source.ts';

// s3://bucket, s3://bucket/prefix/
const S3_URI = /^s3:\/\/([^/]+)\/?(.*)$/;

export interface S3Settings {
  readonly region: string;
  readonly profile?: string;
  /** An endpoint other than AWS's is asked in path style, which every one of them understands. */
  readonly endpointUrl: string | undefined;
}

/** The objects of `s3://bucket/prefix` in the order of keys. */
export async function* findS3Objects(
  uri: string,
  settings: S3Settings,
  signal: AbortSignal,
): AsyncGenerator<FoundFile> {
  const [, bucket = '', prefix = ''] = S3_URI.exec(uri) ?? [];
  if (bucket === '')
    throw new CliError(`give s3://bucket or s3://bucket/prefix, not '${uri}'`, { exitCode: 2 });
  const { region, profile, endpointUrl } = settings;
  const client = new S3Client({
    region,
    ...(profile === undefined ? {} : { profile }),
    ...(endpointUrl === undefined ? {} : { endpoint: endpointUrl, forcePathStyle: true }),
    // Emulators and older servers know no checksums of answers; ours is the hash of the whole object.
    responseChecksumValidation: 'WHEN_REQUIRED',
  });
  let token: string | undefined;
  do {
    const command = new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, ContinuationToken: token });
    const page = await client.send(command, { abortSignal: signal }).catch((cause: unknown) => {
      throw new CliError(`cannot list ${uri}: ${reasonOf(cause)}`, { cause });
    });
    for (const { Key: key = '', Size: sizeBytes = 0 } of page.Contents ?? []) {
      if (key.endsWith('/')) continue;
      const reason = key === prefix ? undefined : reasonToSkip(key);
      const objectUri = `s3://${bucket}/${key}`;
      if (reason === undefined)
        yield { file: new S3Object(client, { bucket, key, uri: objectUri, sizeBytes }) };
      else yield { skipped: { uri: objectUri, reason } };
    }
    token = page.NextContinuationToken;
  } while (token !== undefined);
}

class S3Object implements SourceFile {
  readonly uri: string;
  readonly sizeBytes: number;
  readonly #client: S3Client;
  readonly #bucket: string;
  readonly #key: string;
  /** A folder with a copy of an object that is read twice: for its hash, then for its records. */
  #copyFolder: string | undefined;

  constructor(client: S3Client, object: { bucket: string; key: string; uri: string; sizeBytes: number }) {
    this.#client = client;
    this.#bucket = object.bucket;
    this.#key = object.key;
    this.uri = object.uri;
    this.sizeBytes = object.sizeBytes;
  }

  async read(signal: AbortSignal): Promise<Buffer> {
    const chunks: Buffer[] = [];
    for await (const chunk of await this.#body(signal)) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks);
  }

  async *stream(signal: AbortSignal): AsyncGenerator<Buffer> {
    if (this.#copyFolder === undefined) {
      this.#copyFolder = await mkdtemp(join(tmpdir(), 'opentrail-import-'));
      await pipeline(await this.#body(signal), createWriteStream(join(this.#copyFolder, 'object')), {
        signal,
      });
    }
    yield* createReadStream(join(this.#copyFolder, 'object'), { signal }) as AsyncIterable<Buffer>;
  }

  async dispose(): Promise<void> {
    if (this.#copyFolder !== undefined) await rm(this.#copyFolder, { recursive: true, force: true });
    this.#copyFolder = undefined;
  }

  async #body(signal: AbortSignal): Promise<Readable> {
    const command = new GetObjectCommand({ Bucket: this.#bucket, Key: this.#key });
    const { Body: body } = await this.#client.send(command, { abortSignal: signal });
    return body as Readable;
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
