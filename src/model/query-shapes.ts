import { QUERY_SHAPES } from './query-shapes.generated.ts';

/**
 * The type of a member: a chain of `L` (list), `F` (list whose entries stand directly in their parent), `M` (map), then
 * `S<n>` (structure n of the service), `S` (structure of texts), `i` (number), `b` (boolean), `t` (timestamp), `x` (binary) or nothing (text, or
 * whatever needs no care). `LS3` is a list of structure 3.
 */
export type ShapeType = string;

/** By name on the wire: the member's type, preceded by `Member=` where the SDK spells it otherwise. */
export type ShapeMembers = Readonly<Record<string, string>>;

export interface ServiceShapes {
  readonly operations: Readonly<Record<string, readonly [ShapeType, ShapeType]>>;
  readonly structs: readonly ShapeMembers[];
  /** Error code on the wire → name of the error's shape, where they differ: `NoSuchEntity` → `NoSuchEntityException`. */
  readonly errors?: Readonly<Record<string, string>>;
}

const parsed = new Map<string, ServiceShapes>();

/** The shapes of a service by its key in the tables (`ec2`, `iam`); undefined where none were compiled. */
export function shapesOf(service: string | undefined): ServiceShapes | undefined {
  if (service === undefined) return undefined;
  const known = parsed.get(service);
  if (known !== undefined) return known;
  if (!Object.hasOwn(QUERY_SHAPES, service)) return undefined;
  const shapes = JSON.parse(QUERY_SHAPES[service] ?? '{}') as ServiceShapes;
  parsed.set(service, shapes);
  return shapes;
}

/** Members of the structure that a type ends in; undefined where it ends in something else. */
export function membersOf(shapes: ServiceShapes, type: ShapeType): ShapeMembers | undefined {
  return type.startsWith('S') && type !== 'S' ? shapes.structs[Number(type.slice(1))] : undefined;
}

/** Splits `Member=type` into the SDK's name of the member and its type. */
export function memberShape(
  members: ShapeMembers | undefined,
  wireName: string,
): { name: string; type: ShapeType } {
  if (members === undefined || !Object.hasOwn(members, wireName)) return { name: wireName, type: '' };
  const spelled = members[wireName] ?? '';
  const at = spelled.indexOf('=');
  return at < 0
    ? { name: wireName, type: spelled }
    : { name: spelled.slice(0, at), type: spelled.slice(at + 1) };
}
