import type { Json } from '../../model/cloudtrail-event.ts';
import type { SourceFile } from './import-source.ts';
import type { ImportTally } from './import-tally.ts';
import { type ObjectSink, readObject } from './read-object.ts';

/** Files above this size are streamed. */
const WHOLE_BYTES_MAX = 4 << 20;

/** Reads every file and checks what can be known without a server: that each record is an event with an id and a time. */
export async function checkFiles(
  files: readonly SourceFile[],
  tally: ImportTally,
  signal: AbortSignal,
): Promise<void> {
  for (const file of files) {
    signal.throwIfAborted();
    try {
      const whole = file.sizeBytes <= WHOLE_BYTES_MAX ? await file.read(signal) : undefined;
      const { isDigest } = await readObject(file, whole, checkingSink(file.uri, tally), signal);
      if (isDigest) tally.addSkipped({ uri: file.uri, reason: 'digest files hold no events' });
    } catch (error) {
      if (signal.aborted) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      tally.addRefusal({ uri: file.uri, index: undefined, reason: `cannot be read: ${reason}` });
    } finally {
      await file.dispose();
    }
    tally.filesCount++;
  }
}

function checkingSink(uri: string, tally: ImportTally): ObjectSink {
  let index = -1;
  const refuse = (reason: string) => tally.addRefusal({ uri, index, reason });
  return {
    record(bytes) {
      index++;
      const reason = reasonToRefuse(bytes);
      if (reason !== undefined) refuse(reason);
      else tally.storedCount++;
    },
    refuse(reason) {
      index++;
      refuse(reason);
    },
    breathe: async () => {},
  };
}

function reasonToRefuse(bytes: Uint8Array): string | undefined {
  let event: Json;
  try {
    event = JSON.parse(Buffer.from(bytes).toString('utf8')) as Json;
  } catch {
    // Where it breaks off is for the server to say; here it is enough that it cannot be stored.
    return 'not valid JSON';
  }
  if (typeof event !== 'object' || event === null || Array.isArray(event)) return 'not a JSON object';
  const { eventID, eventTime } = event as { eventID?: Json; eventTime?: Json };
  if (typeof eventID !== 'string' || eventID === '') return 'has no eventID';
  const isTime = typeof eventTime === 'string' && !Number.isNaN(Date.parse(eventTime));
  return isTime ? undefined : 'eventTime is not a UTC time';
}
