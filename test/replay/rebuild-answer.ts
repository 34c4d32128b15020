import { NormalizedSchema } from '@smithy/core/schema';
import type { CapturedResponse } from '../../src/model/captured-call.ts';
import type { CloudTrailEvent, Json, JsonObject } from '../../src/model/cloudtrail-event.ts';
import { type ServiceRow, serviceTables } from '../../src/record/gateway/recognise/service-tables.ts';
import type { FoundOperation } from './find-operation.ts';
import { isObject } from './rebuild-input.ts';
import { sdkOperation } from './sdk-services.ts';

/** The answer on the wire that recorded `responseElements` came from; undefined where no schema tells it. */
export async function rebuildAnswer(
  record: CloudTrailEvent,
  found: FoundOperation,
): Promise<CapturedResponse | undefined> {
  const service = serviceTables.service(found.service);
  const elements = record.responseElements;
  if (service === undefined || elements === null) return undefined;
  if (service.key === 'ec2') {
    const wrapped = elements[`${found.operation}Response`];
    return answer(ec2Xml(wrapped ?? elements, `${found.operation}Response`), 'text/xml');
  }
  const sdk = await sdkOperation(found.service, found.operation);
  const operation = sdk?.client[`${found.operation}$`];
  if (!Array.isArray(operation)) return undefined;
  const schema = NormalizedSchema.of(operation[5]);
  const members = withWrapper(service, schema, elements);
  if (service.protocols[0] !== 'query')
    return answer(JSON.stringify(jsonOf(schema, members)), 'application/json');
  const result = queryXml(schema, members, `${found.operation}Result`);
  return answer(`<${found.operation}Response>${result}</${found.operation}Response>`, 'text/xml');
}

/** RDS records what is inside the one structure of its answer; Secrets Manager spells its ARN in lower case. */
function withWrapper(service: ServiceRow, schema: NormalizedSchema, elements: JsonObject): JsonObject {
  if (service.key === 'secretsmanager' && elements.arn !== undefined) return { ARN: elements.arn };
  const names = [...schema.structIterator()].map(([name]) => name);
  const [only] = names;
  return service.key === 'rds' && names.length === 1 && only !== undefined ? { [only]: elements } : elements;
}

function ec2Xml(value: Json, name: string): string {
  if (Array.isArray(value)) return value.map((item) => ec2Xml(item, name)).join('');
  if (isObject(value)) {
    const inner = Object.entries(value).filter(([member]) => member !== 'xmlns');
    const spelled = inner.map(([member, content]) =>
      ec2Xml(content, member === 'items' ? 'item' : member === '_return' ? 'return' : member),
    );
    return `<${name}>${spelled.join('')}</${name}>`;
  }
  const isDate = typeof value === 'number' && value > 1e12;
  return `<${name}>${escapeXml(isDate ? new Date(value).toISOString() : String(value))}</${name}>`;
}

function queryXml(schema: NormalizedSchema, value: Json, name: string): string {
  if (schema.isStructSchema()) {
    const inner = [...membersOf(schema, value)].map(([member, type, content]) =>
      queryXml(type, content, String(type.getMergedTraits().xmlName ?? member)),
    );
    return `<${name}>${inner.join('')}</${name}>`;
  }
  if (schema.isListSchema()) {
    const item = schema.getValueSchema();
    const itemName = String(item.getMergedTraits().xmlName ?? 'member');
    const items = (Array.isArray(value) ? value : []).map((entry) => queryXml(item, entry, itemName));
    return `<${name}>${items.join('')}</${name}>`;
  }
  const text = schema.isTimestampSchema() ? new Date(`${value} UTC`).toISOString() : String(value);
  return `<${name}>${escapeXml(text)}</${name}>`;
}

function jsonOf(schema: NormalizedSchema, value: Json): Json {
  if (schema.isStructSchema()) {
    const members = [...membersOf(schema, value)];
    return Object.fromEntries(
      members.map(([name, type, content]) => [
        String(type.getMergedTraits().jsonName ?? name),
        jsonOf(type, content),
      ]),
    );
  }
  if (schema.isListSchema() && Array.isArray(value))
    return value.map((item) => jsonOf(schema.getValueSchema(), item));
  return schema.isTimestampSchema() ? new Date(`${value} UTC`).getTime() / 1000 : value;
}

function* membersOf(schema: NormalizedSchema, value: Json): Iterable<[string, NormalizedSchema, Json]> {
  if (!isObject(value)) return;
  for (const [name, type] of schema.structIterator()) {
    const content = value[name.charAt(0).toLowerCase() + name.slice(1)] ?? value[name];
    if (content !== undefined && content !== null) yield [name, type, content];
  }
}

function answer(text: string, type: string): CapturedResponse {
  const bytes = new TextEncoder().encode(text);
  const headers = ['content-type', type, 'x-amzn-requestid', 'r-1'];
  return { status: 200, headers, body: { bytes, isTruncated: false, sizeBytes: bytes.length } };
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
