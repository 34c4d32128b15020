import type { IdentityWork } from './identity-work.ts';

type Principals = '*' | { readonly AWS?: string | readonly string[] };

interface TrustStatement {
  readonly Principal?: Principals;
  readonly NotPrincipal?: Principals;
}

interface TrustDocument {
  readonly Statement: TrustStatement | readonly TrustStatement[];
}

/** The names under `AWS` of a trust policy: ARNs, account ids, unique ids. The document MUST be a policy. */
export function trustedPrincipals(document: string): string[] {
  const { Statement }: TrustDocument = JSON.parse(document);
  return [Statement]
    .flat()
    .flatMap(({ Principal, NotPrincipal }) => [Principal, NotPrincipal].flatMap(namesOf));
}

function namesOf(principals: Principals | undefined): readonly string[] {
  if (principals === undefined || typeof principals === 'string') return [];
  return [principals.AWS ?? []].flat();
}

/**
 * Writes another name for a principal into every trust policy that names it, of whatever account: the new ARN of one that
 * was renamed, the unique id of one that goes. Whoever gets the name later is not who was trusted, as with IAM.
 */
export async function replaceTrusted(
  work: IdentityWork,
  { from, to }: { readonly from: string; readonly to: string },
): Promise<void> {
  for (const { accountId, entity } of await work.listAll('role')) {
    if (!trustedPrincipals(entity.trustPolicy).includes(from)) continue;
    const role = await work.get('role', accountId, entity.roleName);
    if (role === undefined) continue;
    const trustPolicy = withReplaced(role.trustPolicy, { from, to });
    await work.put({ kind: 'role', accountId, name: role.roleName }, { ...role, trustPolicy });
  }
}

function withReplaced(document: string, names: { readonly from: string; readonly to: string }): string {
  const { Statement, ...rest }: TrustDocument = JSON.parse(document);
  const replaced = [Statement].flat().map((statement) => {
    const { Principal, NotPrincipal } = statement;
    return {
      ...statement,
      ...(Principal === undefined ? {} : { Principal: replaceIn(Principal, names) }),
      ...(NotPrincipal === undefined ? {} : { NotPrincipal: replaceIn(NotPrincipal, names) }),
    };
  });
  return JSON.stringify({ ...rest, Statement: replaced });
}

function replaceIn(
  principals: Principals,
  { from, to }: { readonly from: string; readonly to: string },
): Principals {
  if (typeof principals === 'string' || principals.AWS === undefined) return principals;
  const { AWS } = principals;
  const replace = (name: string) => (name === from ? to : name);
  return { ...principals, AWS: typeof AWS === 'string' ? replace(AWS) : AWS.map(replace) };
}
