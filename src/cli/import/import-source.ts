/** A file or an S3 object that may hold events. */
export interface SourceFile {
  /** Absolute path or `s3://` URI: how the catalog names it. */
  readonly uri: string;
  readonly sizeBytes: number;
  /** The stored bytes; for files that fit into memory. */
  read(signal: AbortSignal): Promise<Buffer>;
  /** The stored bytes piece by piece; can be called again. */
  stream(signal: AbortSignal): AsyncIterable<Buffer>;
  /** Forgets what `stream` kept on disk. */
  dispose(): Promise<void>;
}

/** Something that was found and is not read, with the reason. */
export interface SkippedFile {
  readonly uri: string;
  readonly reason: string;
}

export type FoundFile = { readonly file: SourceFile } | { readonly skipped: SkippedFile };

// AWSLogs/…/x.json.gz, events.ndjson, events.jsonl.gz
const LOG_FILE = /\.(json|ndjson|jsonl)(\.gz)?$/i;
// AWSLogs/123456789012/CloudTrail-Digest/us-east-1/…
const DIGEST_FOLDER = /(^|\/)CloudTrail-Digest\//;

/** Why a file within a folder is left out, or undefined. A file that is named itself is always read. */
export function reasonToSkip(path: string): string | undefined {
  if (DIGEST_FOLDER.test(path)) return 'digest files hold no events';
  return LOG_FILE.test(path) ? undefined : 'not a log file by its name (.json, .json.gz, .ndjson, .jsonl)';
}
