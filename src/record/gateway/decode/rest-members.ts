import type { RawHeaders } from '../../../model/captured-call.ts';
import type { Json } from '../../../model/cloudtrail-event.ts';
import type { RequestView } from '../recognise/request-view.ts';
import { routeLabels } from '../recognise/route-tree.ts';
import type { OperationRow } from '../recognise/service-tables.ts';

/**
 * Members of a REST input that travel in path, query and headers, in the order of the model; all leaves are
 * text.
 */
export function restMembers(row: OperationRow, view: RequestView, headers: RawHeaders): [string, Json][] {
  if (row.in === undefined) return [];
  const labels = routeLabels(row.http?.[1] ?? '/', view.path);
  const members: [string, Json][] = [];
  for (const [member, [location, name]] of Object.entries(row.in)) {
    const value =
      location === 'uri'
        ? labels.get(name)
        : location === 'querystring'
          ? fromQuery(view, name)
          : location === 'header'
            ? fromHeader(headers, name)
            : fromHeaders(headers, name);
    if (value !== undefined) members.push([member, value]);
  }
  return members;
}

/** A list where the parameter was sent more than once. */
function fromQuery(view: RequestView, name: string): Json | undefined {
  const values = view.query.filter(([given]) => given === name).map(([, value]) => value);
  return values.length > 1 ? values : values[0];
}

function fromHeader(headers: RawHeaders, name: string): string | undefined {
  const wanted = name.toLowerCase();
  const values: string[] = [];
  for (let index = 0; index + 1 < headers.length; index += 2) {
    if ((headers[index] as string).toLowerCase() === wanted) values.push(headers[index + 1] as string);
  }
  return values.length === 0 ? undefined : values.join(',');
}

/** Headers with a prefix, as a map of what follows it: `x-amz-meta-`. */
function fromHeaders(headers: RawHeaders, prefix: string): Json | undefined {
  const wanted = prefix.toLowerCase();
  const found: Record<string, string> = {};
  for (let index = 0; index + 1 < headers.length; index += 2) {
    const name = (headers[index] as string).toLowerCase();
    const key = name.slice(wanted.length);
    if (name.startsWith(wanted) && key !== '' && key !== '__proto__')
      found[key] = headers[index + 1] as string;
  }
  return Object.keys(found).length === 0 ? undefined : found;
}
