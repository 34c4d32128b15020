import type { NormalizedSchema } from '@smithy/core/schema';
import type { Json, JsonObject } from '../../src/model/cloudtrail-event.ts';
import { classicListName, classicScalarName } from '../../src/record/gateway/describe/ec2-classic-names.ts';
import { isObject } from './rebuild-input.ts';

/** The SDK's input of an EC2 call from either form of its recorded parameters. */
export function rebuildEc2Input(
  schema: NormalizedSchema,
  operation: string,
  parameters: JsonObject | null,
): Record<string, unknown> {
  const wrapped = parameters?.[`${operation}Request`];
  if (wrapped !== undefined) return isObject(wrapped) ? fromWrapped(schema, wrapped) : {};
  const { instancesSet, ...rest } = parameters ?? {};
  if (operation === 'RunInstances' && isObject(instancesSet))
    return fromClassic(schema, operation, { ...rest, ...entriesOf(instancesSet)[0] });
  return fromClassic(schema, operation, parameters ?? {});
}

function fromClassic(
  schema: NormalizedSchema,
  operation: string,
  recorded: JsonObject,
): Record<string, unknown> {
  const input: Record<string, unknown> = {};
  for (const [name, member] of schema.structIterator()) {
    const wire = wireName(name, member);
    const list = classicListName(operation, wire);
    const value = recorded[member.isListSchema() ? list.set : classicScalarName(operation, wire)];
    if (value === undefined || value === null) continue;
    if (member.isListSchema()) {
      const item = member.getValueSchema();
      const entries = entriesOf(value).filter((entry) => item.isStructSchema() || list.inner in entry);
      if (entries.length === 0) continue;
      input[name] = entries.map((entry) =>
        item.isStructSchema()
          ? fromClassic(item, operation, wire === 'TagSpecification' ? withTagSet(entry) : entry)
          : leaf(item, entry[list.inner] ?? null),
      );
    } else if (member.isStructSchema())
      input[name] = isObject(value) ? fromClassic(member, operation, value) : undefined;
    else input[name] = leaf(member, value);
  }
  return input;
}

/** The tags of a specification stand in a plain list. */
function withTagSet(entry: JsonObject): JsonObject {
  return { ...entry, tagSet: { items: entry.tags ?? [] } };
}

function fromWrapped(schema: NormalizedSchema, recorded: JsonObject): Record<string, unknown> {
  const input: Record<string, unknown> = {};
  for (const [name, member] of schema.structIterator()) {
    const value = recorded[wireName(name, member)];
    if (value === undefined || value === null) continue;
    if (member.isListSchema()) {
      const item = member.getValueSchema();
      const entries = (Array.isArray(value) ? value : [value]).filter(isObject);
      input[name] = entries.map((entry) =>
        item.isStructSchema() ? fromWrapped(item, entry) : leaf(item, entry.content ?? null),
      );
    } else if (member.isStructSchema())
      input[name] = isObject(value) ? fromWrapped(member, value) : undefined;
    else input[name] = leaf(member, value);
  }
  return input;
}

function entriesOf(value: Json): JsonObject[] {
  const entries = isObject(value) ? (value.items ?? value.item ?? []) : [];
  return Array.isArray(entries) ? entries.filter(isObject) : [];
}

function leaf(schema: NormalizedSchema, value: Json): unknown {
  if (schema.isNumericSchema()) return Number(value);
  if (schema.isBooleanSchema()) return value === true || value === 'true';
  if (schema.isTimestampSchema()) return new Date(Number(value));
  return String(value);
}

function wireName(name: string, member: NormalizedSchema): string {
  const traits = member.getMergedTraits();
  const plain = String(traits.xmlName ?? name);
  return String(traits.ec2QueryName ?? plain.charAt(0).toUpperCase() + plain.slice(1));
}
