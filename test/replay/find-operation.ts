import type { CloudTrailEvent } from '../../src/model/cloudtrail-event.ts';
import type { DecodedCall } from '../../src/record/gateway/decoded-call.ts';
import { eventNameOf } from '../../src/record/gateway/describe/event-name.ts';
import { eventSourceOf } from '../../src/record/gateway/describe/event-source.ts';
import type { ServiceTables } from '../../src/record/gateway/recognise/service-tables.ts';

export interface FoundOperation {
  readonly service: string;
  readonly operation: string;
}

/** Services that others share a source with, the likelier first. */
const LIKELIER = ['rds', 'elbv2', 's3', 'iam', 'ec2'];

/** Which operation of which service a record is of: the names that the tables would give, turned round. */
export class OperationFinder {
  readonly #byName = new Map<string, FoundOperation[]>();

  constructor(tables: ServiceTables) {
    for (const { key, signingName } of tables.services) {
      for (const operation of Object.keys(tables.operations(key))) {
        const decoded = {
          operation,
          recognition: { service: key, signingName },
          call: { head: { method: 'POST' } },
        } as unknown as DecodedCall;
        const source = eventSourceOf(decoded);
        const name = `${source}:${eventNameOf(decoded, source)}`;
        this.#byName.set(name, [...(this.#byName.get(name) ?? []), { service: key, operation }]);
      }
    }
  }

  find(record: CloudTrailEvent): FoundOperation | undefined {
    const found = this.#byName.get(`${record.eventSource}:${record.eventName}`) ?? [];
    const [only] = found;
    if (found.length < 2) return only;
    if (record.apiVersion === '2012-06-01') return found.find(({ service }) => service === 'elb');
    const host = record.requestParameters?.Host;
    if (typeof host === 'string' && host.includes('s3-control'))
      return found.find(({ service }) => service === 's3control');
    return found.find(({ service }) => LIKELIER.includes(service)) ?? only;
  }
}
