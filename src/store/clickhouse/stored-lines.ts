import type { HistoryLine } from '../event-store.ts';
import type { ClickHouseHttp } from './clickhouse-http.ts';
import { linesStatement } from './event-columns.ts';
import { where } from './event-conditions.ts';
import { quoteInteger, quoteString } from './quote.ts';

/** Lines of a page: of the usual size about 3 MB, at worst 256 MB. */
const LINES_PAGE = 1_000;

interface LineRow {
  readonly sequence: string;
  readonly meta: string;
  readonly raw: string;
  readonly changed: readonly string[];
}

interface LineRange {
  readonly journalId: string;
  /** Both inclusive; `Number.MAX_SAFE_INTEGER` as the last is without an end. */
  readonly firstSequence: number;
  readonly lastSequence: number;
}

/**
 * Pages of sequence numbers, because a page cut by a count of rows could part two rows of one number. Empty stretches
 * are leapt over: retention leaves long ones, and whoever forges a row may give it any number.
 */
export async function* storedLines(
  http: ClickHouseHttp,
  { journalId, firstSequence, lastSequence }: LineRange,
): AsyncGenerator<HistoryLine> {
  const ofJournal = `journal_id = ${quoteString(journalId)}`;
  const query = <Row>(sql: string) => http.query<Row>({ lane: 'scan', operation: 'lines', sql });
  let first = firstSequence;
  while (first <= lastSequence) {
    const last = Math.min(first + LINES_PAGE - 1, lastSequence);
    const inPage = `sequence BETWEEN ${quoteInteger(first)} AND ${quoteInteger(last)}`;
    const rows = await query<LineRow>(linesStatement(where([ofJournal, inPage])));
    yield* rows.map(toHistoryLine);
    first = last + 1;
    if (rows.length > 0 || first > lastSequence) continue;
    const behind = where([ofJournal, `sequence BETWEEN ${first} AND ${quoteInteger(lastSequence)}`]);
    const [next] = await query<{ lowest: string; count: string }>(
      `SELECT min(sequence) AS lowest, count() AS count FROM opentrail.events${behind}`,
    );
    if (Number(next?.count ?? 0) === 0) break;
    first = Number(next?.lowest);
  }
  if (lastSequence < Number.MAX_SAFE_INTEGER) return;
  const inexact = where([ofJournal, `sequence > ${Number.MAX_SAFE_INTEGER}`]);
  yield* (await query<LineRow>(linesStatement(inexact, LINES_PAGE))).map(toHistoryLine);
}

function toHistoryLine({ sequence, meta, raw, changed }: LineRow): HistoryLine {
  return {
    sequence: Number(sequence),
    line: `${sequence}\t${meta}\t${raw}`,
    ...(changed.length === 0 ? {} : { changedColumns: changed }),
  };
}
