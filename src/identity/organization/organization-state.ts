import { assert } from '../../base/assert.ts';
import type {
  IdentityChange,
  IdentityDocument,
  IdentityKind,
  IdentityStore,
} from '../../store/identity-store.ts';
import type {
  DelegatedAdministratorEntity,
  OrganizationalUnitEntity,
  OrganizationEntity,
  OrganizationMemberEntity,
  ServiceControlPolicyEntity,
} from './organization-entities.ts';

interface PartEntities {
  readonly organizationalUnit: OrganizationalUnitEntity;
  readonly organizationMember: OrganizationMemberEntity;
  readonly serviceControlPolicy: ServiceControlPolicyEntity;
  readonly delegatedAdministrator: DelegatedAdministratorEntity;
}

type Parts = { readonly [Kind in keyof PartEntities]: readonly IdentityDocument[] };

/** One organization as it was at one moment: all parts belong to the same revision of its own document. */
export class OrganizationState {
  readonly entity: OrganizationEntity;
  /** Of the organization's own document, which every change of any part writes. */
  readonly revision: number;
  /** By id, in the order of ids. */
  readonly units: ReadonlyMap<string, OrganizationalUnitEntity>;
  /** By account id, the management account among them. */
  readonly members: ReadonlyMap<string, OrganizationMemberEntity>;
  /** By id; AWS's own `p-FullAWSAccess` is not among them. */
  readonly policies: ReadonlyMap<string, ServiceControlPolicyEntity>;
  /** By account id. */
  readonly delegates: ReadonlyMap<string, DelegatedAdministratorEntity>;
  readonly #revisions: ReadonlyMap<string, number>;

  private constructor(document: IdentityDocument, parts: Parts) {
    this.entity = JSON.parse(document.body);
    this.revision = document.revision;
    this.units = entitiesOf<OrganizationalUnitEntity>(parts.organizationalUnit);
    this.members = entitiesOf<OrganizationMemberEntity>(parts.organizationMember);
    this.policies = entitiesOf<ServiceControlPolicyEntity>(parts.serviceControlPolicy);
    this.delegates = entitiesOf<DelegatedAdministratorEntity>(parts.delegatedAdministrator);
    const all = Object.values(parts).flat();
    this.#revisions = new Map(all.map(({ kind, name, revision }) => [`${kind}/${name}`, revision]));
  }

  /** Reads anew while changes come between the reads of the parts. */
  static async load(
    store: IdentityStore,
    managementAccountId: string,
  ): Promise<OrganizationState | undefined> {
    const list = (kind: IdentityKind) => store.list({ kind, accountId: managementAccountId });
    for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
      const document = await organizationDocument(store, managementAccountId);
      if (document === undefined) return undefined;
      const parts = {
        organizationalUnit: await list('organizationalUnit'),
        organizationMember: await list('organizationMember'),
        serviceControlPolicy: await list('serviceControlPolicy'),
        delegatedAdministrator: await list('delegatedAdministrator'),
      };
      const again = await organizationDocument(store, managementAccountId);
      if (again?.revision === document.revision) return new OrganizationState(document, parts);
    }
    assert(false, `the organization of ${managementAccountId} changed during each of ${attemptsMax} reads`);
  }

  isManagementAccount(accountId: string): boolean {
    return accountId === this.entity.managementAccountId;
  }

  /** True of the root and of every unit. */
  isParent(id: string): boolean {
    return id === this.entity.root.id || this.units.has(id);
  }

  /** What a unit or an account is under, from its parent to the root; undefined for what is not here. */
  ancestorsOf(id: string): string[] | undefined {
    if (id === this.entity.root.id) return [];
    const parentId = this.units.get(id)?.parentId ?? this.members.get(id)?.parentId;
    if (parentId === undefined) return undefined;
    const above = this.ancestorsOf(parentId);
    assert(above !== undefined, `the parent ${parentId} of ${id} is not in the organization`);
    return [parentId, ...above];
  }

  unitsUnder(parentId: string): OrganizationalUnitEntity[] {
    return [...this.units.values()].filter((unit) => unit.parentId === parentId);
  }

  membersUnder(parentId: string): OrganizationMemberEntity[] {
    return [...this.members.values()].filter((member) => member.parentId === parentId);
  }

  /** The policies that are attached to the root, a unit or an account itself; undefined for what is not here. */
  attachedPolicies(targetId: string): readonly string[] | undefined {
    if (targetId === this.entity.root.id) return this.entity.root.attachedPolicies;
    return (this.units.get(targetId) ?? this.members.get(targetId))?.attachedPolicies;
  }

  /** The step that makes a part, or writes it as it shall be. */
  put<Kind extends keyof PartEntities>(kind: Kind, name: string, entity: PartEntities[Kind]): IdentityChange {
    return { ...this.#reference(kind, name), body: JSON.stringify(entity) };
  }

  /** The step that removes a part. */
  remove(kind: keyof PartEntities, name: string): IdentityChange {
    return this.#reference(kind, name);
  }

  #reference(kind: keyof PartEntities, name: string) {
    const expectedRevision = this.#revisions.get(`${kind}/${name}`) ?? 0;
    return { kind, accountId: this.entity.managementAccountId, name, expectedRevision };
  }
}

/** Reads of an organization that changes all the time before it is a fault of ours. */
const attemptsMax = 100;

/** The document of the organization that an account manages. */
export async function organizationDocument(
  store: IdentityStore,
  managementAccountId: string,
): Promise<IdentityDocument | undefined> {
  const [document] = await store.list({ kind: 'organization', accountId: managementAccountId, limit: 1 });
  return document;
}

function entitiesOf<Entity>(documents: readonly IdentityDocument[]): ReadonlyMap<string, Entity> {
  return new Map(documents.map(({ name, body }) => [name, JSON.parse(body) as Entity]));
}
