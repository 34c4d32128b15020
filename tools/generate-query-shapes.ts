/**
 * Compiles the schemas that the AWS SDK clients carry into `src/model/query-shapes.generated.ts`: what type a
 * member has whose text on the wire does not tell it (numbers and booleans of query, EC2 and XML bodies and of REST
 * headers, timestamps and binaries of all protocols), which members are lists, maps or structures, and where the
 * name on the wire is not the member's.
 *
 * `node tools/generate-query-shapes.ts` writes the file; `--check` exits with 1 when it would change.
 * The grammar of a member's type is described beside its reader, `src/model/query-shapes.ts`.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { NormalizedSchema } from '@smithy/core/schema';

/** SDK package name → key of the service in the tables, where they differ. */
const SERVICE_KEYS: Readonly<Record<string, string>> = {
  'auto-scaling': 'autoscaling',
  'cloudwatch-logs': 'logs',
  'config-service': 'config',
  'cost-explorer': 'ce',
  'elastic-beanstalk': 'elasticbeanstalk',
  'elastic-load-balancing': 'elb',
  'elastic-load-balancing-v2': 'elbv2',
  eventbridge: 'events',
  'route-53': 'route53',
  's3-control': 's3control',
  'secrets-manager': 'secretsmanager',
  'service-catalog-appregistry': 'servicecatalog-appregistry',
  sfn: 'stepfunctions',
};

type Protocol = 'query' | 'ec2' | 'xml' | 'json';

/** Which services spell their bodies as text, so that every list and structure must be known. */
const TEXT_PROTOCOLS: Readonly<Record<string, Protocol>> = {
  autoscaling: 'query',
  cloudformation: 'query',
  cloudfront: 'xml',
  cloudsearch: 'query',
  cloudwatch: 'query',
  docdb: 'query',
  ec2: 'ec2',
  elasticache: 'query',
  elasticbeanstalk: 'query',
  elb: 'query',
  elbv2: 'query',
  iam: 'query',
  neptune: 'query',
  rds: 'query',
  redshift: 'query',
  route53: 'xml',
  s3control: 'xml',
  ses: 'query',
  sns: 'query',
  sqs: 'query',
  sts: 'query',
};

/** Query services that newer clients speak JSON or CBOR with, under the SDK's names. */
const SPEAK_JSON_TOO = new Set(['cloudwatch', 'sqs']);

/** S3 is spelled from its query, headers and XML as they are, so its shapes are not needed. */
const LEFT_OUT = new Set(['s3']);

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const OUTPUT = `${ROOT}src/model/query-shapes.generated.ts`;

type Struct = Record<string, string>;
export interface ServiceShapes {
  operations: Record<string, readonly [string, string]>;
  structs: Struct[];
  /** Error code on the wire → name of the error's shape, where they differ. */
  errors?: Record<string, string>;
}

export async function compileShapes(): Promise<Record<string, ServiceShapes>> {
  const folder = `${ROOT}node_modules/@aws-sdk`;
  const services: Record<string, ServiceShapes> = {};
  for (const name of readdirSync(folder).sort()) {
    const packageName = /^client-(.+)$/.exec(name)?.[1];
    if (packageName === undefined || !existsSync(`${folder}/${name}/dist-es/schemas/schemas_0.js`)) continue;
    const key = SERVICE_KEYS[packageName] ?? packageName;
    if (LEFT_OUT.has(key)) continue;
    const client = (await import(`@aws-sdk/${name}`)) as Record<string, unknown>;
    services[key] = new ServiceCompiler(key).compile(client);
  }
  return services;
}

class ServiceCompiler {
  readonly #protocol: Protocol;
  readonly #speaksJsonToo: boolean;
  readonly #structs: Struct[] = [];
  readonly #known = new Map<string, number>();

  constructor(service: string) {
    this.#protocol = TEXT_PROTOCOLS[service] ?? 'json';
    this.#speaksJsonToo = SPEAK_JSON_TOO.has(service);
  }

  compile(client: Record<string, unknown>): ServiceShapes {
    const operations: Record<string, [string, string]> = {};
    for (const [name, schema] of Object.entries(client).sort(byName)) {
      if (!Array.isArray(schema) || schema[0] !== 9) continue;
      const input = this.#typeOf(NormalizedSchema.of(schema[4]), 'in');
      const output = this.#typeOf(NormalizedSchema.of(schema[5]), 'out');
      if (input !== '' || output !== '') operations[name.replace(/\$$/, '')] = [input, output];
    }
    const errors = errorNames(client);
    return { ...this.#prune(operations), ...(Object.keys(errors).length === 0 ? {} : { errors }) };
  }

  /** The type of a member, or '' for text and whatever else needs nothing. */
  #typeOf(schema: NormalizedSchema, direction: 'in' | 'out'): string {
    const traits = schema.getMergedTraits();
    if (schema.isStructSchema()) return `S${this.#structOf(schema, direction)}`;
    if (schema.isListSchema()) {
      const flat = traits.xmlFlattened === 1 || (this.#protocol === 'ec2' && direction === 'in');
      return `${flat ? 'F' : 'L'}${this.#typeOf(schema.getValueSchema(), direction)}`;
    }
    if (schema.isMapSchema()) return `M${this.#typeOf(schema.getValueSchema(), direction)}`;
    if (schema.isBlobSchema()) return 'x';
    if (schema.isBooleanSchema()) return 'b';
    if (schema.isNumericSchema() || schema.isBigIntegerSchema() || schema.isBigDecimalSchema()) return 'i';
    if (schema.isTimestampSchema()) return 't';
    return '';
  }

  #structOf(schema: NormalizedSchema, direction: 'in' | 'out'): number {
    const identity = `${schema.getName(true)} ${direction}`;
    const known = this.#known.get(identity);
    if (known !== undefined) return known;
    const index = this.#structs.length;
    this.#known.set(identity, index);
    const struct: Struct = {};
    this.#structs.push(struct);
    for (const [member, memberSchema] of schema.structIterator()) {
      const wire = this.#wireName(member, memberSchema, direction);
      const type = this.#memberType(memberSchema, direction);
      const spelled = wire === member || this.#protocol === 'ec2' ? type : `${member}=${type}`;
      // In a JSON body a text needs no care and keeps its name but for the first letter.
      if (this.#protocol === 'json' && type === '') continue;
      if (spelled !== '') struct[wire] = spelled;
      if (this.#speaksJsonToo && wire !== member && type !== '') struct[member] = type;
    }
    return index;
  }

  #memberType(schema: NormalizedSchema, direction: 'in' | 'out'): string {
    const type = this.#typeOf(schema, direction);
    if (this.#protocol !== 'json') return type;
    const traits = schema.getMemberTraits();
    const isOutsideBody = Boolean(traits.httpQuery ?? traits.httpHeader ?? traits.httpLabel);
    return isOutsideBody || type.includes('M') || !/^[LF]*[ib]$/.test(type) ? type : '';
  }

  #wireName(member: string, schema: NormalizedSchema, direction: 'in' | 'out'): string {
    const traits = schema.getMergedTraits();
    const isOutsideBody = Boolean(traits.httpHeader ?? traits.httpQuery ?? traits.httpLabel);
    if (isOutsideBody) return member;
    if (this.#protocol === 'json') return String(traits.jsonName ?? member);
    if (this.#protocol === 'ec2' && direction === 'in')
      return String(traits.ec2QueryName ?? capitalise(String(traits.xmlName ?? member)));
    return String(traits.xmlName ?? member);
  }

  /** Leaves out structures that say nothing, again and again until none is left, and numbers the rest anew. */
  #prune(operations: Record<string, [string, string]>): ServiceShapes {
    const keepsStructures = this.#protocol !== 'json';
    const empty = new Set<number>();
    const isNothing = (type: string) => {
      const struct = /S(\d+)$/.exec(type)?.[1];
      if (struct !== undefined) return !keepsStructures && empty.has(Number(struct)) && !type.includes('M');
      return !keepsStructures && /^[LF]+$/.test(type);
    };
    for (let before = -1; before !== empty.size; ) {
      before = empty.size;
      for (const [index, struct] of this.#structs.entries()) {
        for (const [wire, spelled] of Object.entries(struct)) if (isNothing(spelled)) delete struct[wire];
        if (Object.keys(struct).length === 0) empty.add(index);
      }
    }
    return renumber(operations, this.#structs, { empty, textStruct: keepsStructures ? 'S' : '' });
  }
}

/** Input and output are structures anyway. */
function wholeOf(type: string): string {
  return type === 'S' ? '' : type;
}

function errorNames(client: Record<string, unknown>): Record<string, string> {
  const names: Record<string, string> = {};
  for (const [, schema] of Object.entries(client).sort(byName)) {
    if (!Array.isArray(schema) || schema[0] !== -3) continue;
    const [code] = (schema[3] as { awsQueryError?: [string, number] } | undefined)?.awsQueryError ?? [];
    if (code !== undefined && code !== schema[2]) names[code] ??= String(schema[2]);
  }
  return names;
}

function renumber(
  operations: Record<string, [string, string]>,
  structs: Struct[],
  { empty, textStruct }: { readonly empty: ReadonlySet<number>; readonly textStruct: string },
): ServiceShapes {
  const order = new Map<number, number>();
  const kept: Struct[] = [];
  const rename = (type: string): string =>
    type.replace(/S(\d+)$/, (_, digits: string) => {
      const index = Number(digits);
      return empty.has(index) ? textStruct : `S${visit(index)}`;
    });
  const visit = (index: number): number => {
    const known = order.get(index);
    if (known !== undefined) return known;
    const place = kept.length;
    order.set(index, place);
    const target: Struct = {};
    kept.push(target);
    for (const [wire, type] of Object.entries(structs[index] ?? {})) target[wire] = rename(type);
    return place;
  };
  const renamed: Record<string, [string, string]> = {};
  for (const [name, [input, output]] of Object.entries(operations)) {
    const types: [string, string] = [wholeOf(rename(input)), wholeOf(rename(output))];
    if (types[0] !== '' || types[1] !== '') renamed[name] = types;
  }
  return { operations: renamed, structs: kept };
}

export function renderShapes(services: Record<string, ServiceShapes>): string {
  const lines = Object.entries(services).map(
    ([key, shapes]) => `  ${JSON.stringify(key)}:\n    ${quote(JSON.stringify(shapes))},`,
  );
  return [
    '// Generated by tools/generate-query-shapes.ts from the schemas of the AWS SDK clients (Apache-2.0).',
    '',
    '/** By service key: its shapes as JSON, parsed when the service is first seen. */',
    'export const QUERY_SHAPES: Readonly<Record<string, string>> = {',
    ...lines,
    '};',
    '',
  ].join('\n');
}

function quote(json: string): string {
  return `'${json.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

function capitalise(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}

function byName([left]: [string, unknown], [right]: [string, unknown]): number {
  return left < right ? -1 : 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const text = renderShapes(await compileShapes());
  if (process.argv.includes('--check')) {
    if (!existsSync(OUTPUT) || readFileSync(OUTPUT, 'utf8') !== text) {
      process.stderr.write(
        'src/model/query-shapes.generated.ts is stale: run node tools/generate-query-shapes.ts\n',
      );
      process.exitCode = 1;
    }
  } else {
    writeFileSync(OUTPUT, text);
  }
}
