import { compileStatement } from './compile-statement.ts';
import type { CompiledPolicy, PolicyKind, TextPosition } from './compiled-policy.ts';
import { malformedPolicy } from './malformed-policy.ts';
import { type PolicyJson, type PolicyJsonObject, parsePolicyJson } from './policy-json.ts';

const MEMBERS = new Set(['Version', 'Id', 'Statement']);
/** Documents without a version are of the older one. */
const VERSIONS = ['2008-10-17', '2012-10-17'];

/**
 * Reads and compiles a policy document. Its size, and whether the principals that it names exist, are the caller's to
 * check. Throws `ApiError('MalformedPolicyDocument')` with AWS's own sentence where it is known, and nothing else,
 * whatever the text.
 */
export function parsePolicy(text: string, kind: PolicyKind): CompiledPolicy {
  const document = parsePolicyJson(text);
  if (document.kind !== 'object') throw malformedPolicy();
  for (const name of document.members.keys()) if (!MEMBERS.has(name)) throw malformedPolicy();
  const version = optionalText(document.members.get('Version')) ?? '2008-10-17';
  if (!VERSIONS.includes(version)) throw malformedPolicy();
  optionalText(document.members.get('Id'));
  const contextKeys = new Map<string, string>();
  const positionOf = positionsIn(text);
  const statements = statementsOf(document).map((statement) =>
    compileStatement(statement, {
      kind,
      hasVariables: version === '2012-10-17',
      contextKeys,
      positionOf,
    }),
  );
  const sids = statements.map(({ sid }) => sid).filter((sid) => sid !== undefined && sid !== '');
  if (new Set(sids).size < sids.length) {
    throw malformedPolicy('Statement IDs (SID) in a single policy must be unique.');
  }
  return { kind, statements, contextKeys: [...contextKeys.values()] };
}

function optionalText(json: PolicyJson | undefined): string | undefined {
  if (json === undefined) return undefined;
  if (json.kind !== 'string') throw malformedPolicy();
  return json.value;
}

/** One statement or several, never none. */
function statementsOf({ members }: PolicyJsonObject): PolicyJsonObject[] {
  const statement = members.get('Statement');
  const items = statement?.kind === 'array' ? statement.items : [statement];
  if (items.length === 0) throw malformedPolicy();
  return items.map((item) => {
    if (item?.kind !== 'object') throw malformedPolicy();
    return item;
  });
}

/** Lines and columns of offsets that are asked for from the front to the back, in one pass over the text. */
function positionsIn(text: string): (offset: number) => TextPosition {
  let line = 1;
  let lineStart = 0;
  let lineEnd = text.indexOf('\n');
  return (offset) => {
    while (lineEnd >= 0 && lineEnd < offset) {
      line += 1;
      lineStart = lineEnd + 1;
      lineEnd = text.indexOf('\n', lineStart);
    }
    return { line, column: offset - lineStart + 1 };
  };
}
