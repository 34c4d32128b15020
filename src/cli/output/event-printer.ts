import type { JsonObject } from '../../model/cloudtrail-event.ts';
import { type FoundEvent, textOf } from '../found-event.ts';
import { csvLine } from './csv.ts';
import { TablePrinter } from './table-printer.ts';
import type { TextOutput } from './text-output.ts';
import { visible } from './visible-text.ts';

export type OutputForm = 'table' | 'json' | 'ndjson' | 'csv';
export const OUTPUT_FORMS: readonly OutputForm[] = ['table', 'json', 'ndjson', 'csv'];

/** Prints events page by page; `end` closes what `begin` opened. */
export interface EventPrinter {
  print(events: readonly FoundEvent[]): Promise<void>;
  end(): Promise<void>;
}

/**
 * `ndjson` is the event exactly as recorded, byte for byte, when it goes to a file or a pipe. On a terminal, what could
 * steer it is written as a JSON escape: still valid JSON of the same meaning.
 */
export function createEventPrinter(form: OutputForm, output: TextOutput): EventPrinter {
  if (form === 'table') return new EventTable(output);
  if (form === 'csv') return new EventCsv(output);
  return form === 'json' ? new EventJson(output) : new EventNdjson(output);
}

class EventNdjson implements EventPrinter {
  readonly #output: TextOutput;

  constructor(output: TextOutput) {
    this.#output = output;
  }

  async print(events: readonly FoundEvent[]): Promise<void> {
    if (events.length === 0) return;
    await this.#output.write(events.map(({ raw }) => `${forTerminal(this.#output, raw)}\n`).join(''));
  }

  async end(): Promise<void> {}
}

/** One array of objects: the record as `event`, spliced in as it is, and what is kept beside it. */
class EventJson implements EventPrinter {
  readonly #output: TextOutput;
  #isEmpty = true;

  constructor(output: TextOutput) {
    this.#output = output;
  }

  async print(events: readonly FoundEvent[]): Promise<void> {
    let text = '';
    for (const event of events) {
      const beside = {
        recordedAt: new Date(event.recordedAtMs).toISOString(),
        origin: event.origin,
        verification: event.verification,
        username: event.username,
        resources: event.resources,
        journalId: event.journalId,
        sequence: event.sequence,
      };
      text += `${this.#isEmpty ? '[' : ','}\n${JSON.stringify(beside).slice(0, -1)},"event":${event.raw}}`;
      this.#isEmpty = false;
    }
    // Line breaks stand between the objects only, and are the one control that a terminal may have.
    if (this.#output.isTerminal) text = text.split('\n').map(visible).join('\n');
    if (text !== '') await this.#output.write(text);
  }

  async end(): Promise<void> {
    await this.#output.write(this.#isEmpty ? '[]\n' : '\n]\n');
  }
}

const CSV_COLUMNS: Readonly<Record<string, (event: FoundEvent) => string>> = {
  eventTime: ({ record }) => textOf(record.eventTime),
  eventName: ({ record }) => textOf(record.eventName),
  eventSource: ({ record }) => textOf(record.eventSource),
  awsRegion: ({ record }) => textOf(record.awsRegion),
  recipientAccountId: ({ record }) => textOf(record.recipientAccountId),
  username: ({ username }) => username,
  userIdentityType: ({ record }) => textOf(identityOf(record).type),
  userIdentityArn: ({ record }) => textOf(identityOf(record).arn),
  accessKeyId: ({ record }) => textOf(identityOf(record).accessKeyId),
  sourceIPAddress: ({ record }) => textOf(record.sourceIPAddress),
  userAgent: ({ record }) => textOf(record.userAgent),
  errorCode: ({ record }) => textOf(record.errorCode),
  errorMessage: ({ record }) => textOf(record.errorMessage),
  readOnly: ({ record }) => (typeof record.readOnly === 'boolean' ? String(record.readOnly) : ''),
  resources: ({ resources }) => resources.map(({ name }) => name).join(' '),
  verification: ({ verification }) => verification,
  origin: ({ origin }) => origin,
  recordedAt: ({ recordedAtMs }) => new Date(recordedAtMs).toISOString(),
  eventID: ({ record }) => textOf(record.eventID),
};

class EventCsv implements EventPrinter {
  readonly #output: TextOutput;
  #hasHead = false;

  constructor(output: TextOutput) {
    this.#output = output;
  }

  async print(events: readonly FoundEvent[]): Promise<void> {
    await this.#head();
    const columns = Object.values(CSV_COLUMNS);
    const cell = (text: string) => forTerminal(this.#output, text);
    const lines = events.map((event) => csvLine(columns.map((column) => cell(column(event)))));
    if (lines.length > 0) await this.#output.write(lines.join(''));
  }

  async end(): Promise<void> {
    await this.#head();
  }

  async #head(): Promise<void> {
    if (this.#hasHead) return;
    this.#hasHead = true;
    await this.#output.write(csvLine(Object.keys(CSV_COLUMNS)));
  }
}

class EventTable implements EventPrinter {
  readonly #table: TablePrinter;

  constructor(output: TextOutput) {
    this.#table = new TablePrinter(output, [
      { head: 'TIME', widthMin: 20 },
      { head: 'EVENT', widthMin: 22 },
      { head: 'SERVICE', widthMin: 10 },
      { head: 'USER', widthMin: 12 },
      { head: 'RESOURCE', widthMin: 20, widthMax: 48 },
      { head: 'ERROR', widthMin: 5, colour: 'red' },
      { head: 'VERIFIED', widthMin: 9 },
      { head: 'EVENT ID', widthMin: 36, colour: 'dim' },
    ]);
  }

  async print(events: readonly FoundEvent[]): Promise<void> {
    await this.#table.print(
      events.map((event) => {
        const { record, resources, verification } = event;
        const [first, ...others] = resources;
        const more = others.length === 0 ? '' : ` +${others.length}`;
        return [
          textOf(record.eventTime),
          textOf(record.eventName),
          textOf(record.eventSource).replace(/\.amazonaws\.com$/, ''),
          event.username,
          first === undefined ? '' : `${first.name}${more}`,
          textOf(record.errorCode),
          vouchedBy(event.origin, textOf(record.eventType), verification),
          textOf(record.eventID),
        ];
      }),
    );
  }

  async end(): Promise<void> {
    await this.#table.end('no events found');
  }
}

function identityOf(record: JsonObject): JsonObject {
  const { userIdentity } = record;
  const isObject = typeof userIdentity === 'object' && userIdentity !== null && !Array.isArray(userIdentity);
  return isObject ? (userIdentity as JsonObject) : {};
}

function forTerminal(output: TextOutput, text: string): string {
  return output.isTerminal ? visible(text) : text;
}

/** How far the caller was verified; where there is no caller, what the event is instead. */
function vouchedBy(origin: string, eventType: string, verification: string): string {
  if (origin === 'import') return 'imported';
  return eventType === 'AwsServiceEvent' ? '–' : verification;
}
