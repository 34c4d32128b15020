import type { JsonObject } from '../model/cloudtrail-event.ts';
import type { CommandContext } from './client/run-command.ts';
import { textOf } from './found-event.ts';
import { csvLine } from './output/csv.ts';
import type { OutputForm } from './output/event-printer.ts';
import { TablePrinter } from './output/table-printer.ts';
import type { TextOutput } from './output/text-output.ts';
import { visible } from './output/visible-text.ts';

/** The most values that `CountEvents` answers. */
const VALUES_MAX = 1_000;

export interface CountRequest {
  readonly attribute: string;
  /** The conditions, as `CountEvents` takes them. */
  readonly filter: JsonObject;
  /** At most so many values, the most frequent first; 0 is as many as the server gives. */
  readonly limit: number;
  readonly output: OutputForm;
}

interface ValueCount {
  readonly value: string;
  readonly count: number;
}

/** Prints how many of the events that match have each value of an attribute. */
export async function countBy(context: CommandContext, request: CountRequest): Promise<void> {
  const { client, stdout, stderr, signal } = context;
  const limit = request.limit === 0 ? VALUES_MAX : Math.min(request.limit, VALUES_MAX);
  const input: JsonObject = { ...request.filter, Facets: [request.attribute], FacetLimit: limit };
  const answer = await client.call('CountEvents', input, signal);
  const values = valuesOf(answer);
  const eventsCount = Number(answer.Count);
  if (request.output === 'table') await printTable(stdout, { attribute: request.attribute, values });
  else await stdout.write(serialize(stdout, { ...request, eventsCount, values }));
  if (values.length >= limit) {
    await stderr.write(`opentrail: values beyond the ${limit} most frequent are left out\n`);
  }
}

async function printTable(
  output: TextOutput,
  { attribute, values }: { readonly attribute: string; readonly values: readonly ValueCount[] },
): Promise<void> {
  const table = new TablePrinter(output, [
    { head: 'COUNT', widthMin: 10 },
    { head: attribute, widthMax: 200 },
  ]);
  await table.print(values.map(({ value, count }) => [String(count), value]));
  await table.end('no events found');
}

function serialize(
  output: TextOutput,
  counted: {
    readonly output: OutputForm;
    readonly attribute: string;
    readonly eventsCount: number;
    readonly values: readonly ValueCount[];
  },
): string {
  const { attribute, eventsCount, values } = counted;
  const safe = (text: string) => (output.isTerminal ? visible(text) : text);
  if (counted.output === 'csv') {
    const rows = values.map(({ value, count }) => csvLine([safe(value), String(count)]));
    return csvLine([attribute, 'count']) + rows.join('');
  }
  if (counted.output === 'ndjson') return values.map((value) => `${safe(JSON.stringify(value))}\n`).join('');
  const json = JSON.stringify({ attribute, eventsCount, values }, undefined, 2);
  return `${json.split('\n').map(safe).join('\n')}\n`;
}

function valuesOf(answer: JsonObject): ValueCount[] {
  const [facet] = Array.isArray(answer.Facets) ? (answer.Facets as readonly JsonObject[]) : [];
  const values = Array.isArray(facet?.Values) ? (facet.Values as readonly JsonObject[]) : [];
  return values.map(({ Value, Count }) => ({ value: textOf(Value), count: Number(Count) }));
}
