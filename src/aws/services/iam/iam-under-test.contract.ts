import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AttemptGuard } from '../../../identity/attempt-guard.ts';
import { loadActionTable } from '../../../identity/load-action-table.ts';
import type { Principal } from '../../../identity/principal.ts';
import type { PasswordHasher } from '../../../identity/secrets/password-hash.ts';
import type { SecretSealer } from '../../../identity/secrets/secret-sealer.ts';
import { ApiError } from '../../../model/api-error.ts';
import type { JsonObject } from '../../../model/cloudtrail-event.ts';
import { systemRandom } from '../../../server/system/system-random.ts';
import type { IdentityStore } from '../../../store/identity-store.ts';
import { MemoryIdentityStore } from '../../../store/memory/memory-identity-store.ts';
import { openSqliteIdentityStore } from '../../../store/sqlite/sqlite-identity-store.ts';
import { errorResponse } from '../../protocol/error-response.ts';
import { queryResponse } from '../../protocol/query.ts';
import type { AccessTarget, OwnService, ServiceCall } from '../service-operation.ts';
import { createIamService } from './create-iam-service.ts';

export const accountId = '111122223333';
const otherAccountId = '444455556666';

export const allowAll =
  '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}';
export const trustRoot = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"${accountId}"},"Action":"sts:AssumeRole"}}`;
export const boundaryArn = 'arn:aws:iam::aws:policy/IAMReadOnlyAccess';

export const root: Principal = principal('Root', `arn:aws:iam::${accountId}:root`, {});
export const foreignRoot: Principal = {
  ...principal('Root', `arn:aws:iam::${otherAccountId}:root`, {}),
  accountId: otherAccountId,
};
export const session: Principal = principal(
  'AssumedRole',
  `arn:aws:sts::${accountId}:assumed-role/Admin/me`,
  {},
);

export function asUser(userName: string): Principal {
  return principal('IAMUser', `arn:aws:iam::${accountId}:user/${userName}`, { userName });
}

function principal(type: Principal['type'], arn: string, members: Partial<Principal>): Principal {
  return {
    type,
    accountId,
    arn,
    userId: 'AIDAEXAMPLE',
    accessKeyId: 'AKIAEXAMPLE',
    userIdentity: {},
    tags: [],
    ...members,
  };
}

const actions = await loadActionTable(['iam', 's3', 'cloudtrail']);

/** Turns the text around, so that a test can tell what was sealed, and for which document. */
const sealer: SecretSealer = {
  seal: (plain, { kind, name }) => `sealed(${kind}/${name})${[...plain].reverse().join('')}`,
  open: (sealed) => [...sealed.slice(sealed.indexOf(')') + 1)].reverse().join(''),
};

const passwords: PasswordHasher = {
  hash: async (password) => `hash:${Buffer.from(password).toString('hex')}`,
  verify: async (password, hash) => hash === `hash:${Buffer.from(password).toString('hex')}`,
};

/** The service on a store of its own, called as the front door calls it. */
export class IamUnderTest {
  readonly store: IdentityStore;
  readonly service: OwnService;
  nowMs = Date.parse('2026-11-21T07:30:00.250Z');

  constructor(store: IdentityStore) {
    this.store = store;
    this.service = createIamService({
      identities: store,
      clock: {
        now: () => this.nowMs,
        monotonicMs: () => this.nowMs,
        after: () => ({ cancel() {} }),
        sleep: async () => {},
      },
      random: systemRandom,
      sealer,
      passwords,
      attempts: new AttemptGuard(5),
      actions,
    });
  }

  /** As the wire would have it, after the targets of the call were asked for. */
  async call(name: string, input: JsonObject = {}, as: Principal = root): Promise<JsonObject> {
    const operation = this.service.operations.get(name);
    assert.ok(operation, `there is an operation ${name}`);
    const call = callOf(input, as);
    await operation.targets?.(call);
    const output = await operation.run(call);
    queryResponse({ service: 'iam', operation: name, output, requestId: 'r' });
    return output;
  }

  async targets(name: string, input: JsonObject, as: Principal = root): Promise<readonly AccessTarget[]> {
    return (await this.service.operations.get(name)?.targets?.(callOf(input, as))) ?? [];
  }

  /** Fails unless the call is refused so: `404 NoSuchEntity` with that message. */
  async refuses(
    name: string,
    input: JsonObject,
    expected: readonly [code: string, message: string | RegExp],
    as: Principal = root,
  ): Promise<void> {
    const generation = await this.store.generation();
    const error = await this.call(name, input, as).then(
      () => assert.fail(`${name} was not refused`),
      (cause: unknown) => cause,
    );
    assert.ok(error instanceof ApiError, String(error));
    const [code, message] = expected;
    const { status } = errorResponse({ protocol: 'query', service: 'iam' }, error, { requestId: 'r' });
    assert.equal(`${status} ${error.code}`, code, error.message);
    if (typeof message === 'string') assert.equal(error.message, message);
    else assert.match(error.message, message);
    assert.equal(await this.store.generation(), generation, 'a refused call changes nothing');
  }

  async createUser(userName: string, members: JsonObject = {}): Promise<void> {
    await this.call('CreateUser', { UserName: userName, ...members });
  }

  async createRole(roleName: string, members: JsonObject = {}): Promise<void> {
    await this.call('CreateRole', { RoleName: roleName, AssumeRolePolicyDocument: trustRoot, ...members });
  }

  async createGroup(groupName: string): Promise<void> {
    await this.call('CreateGroup', { GroupName: groupName });
  }

  /** The ARN of a new policy. */
  async createPolicy(policyName: string, members: JsonObject = {}): Promise<string> {
    await this.call('CreatePolicy', { PolicyName: policyName, PolicyDocument: allowAll, ...members });
    return `arn:aws:iam::${accountId}:policy${members.Path ?? '/'}${policyName}`;
  }
}

function callOf(input: JsonObject, as: Principal): ServiceCall {
  return {
    principal: as,
    region: 'us-east-1',
    sourceIPAddress: '192.0.2.1',
    requestId: '00000000-0000-4000-8000-000000000000',
    input: JSON.parse(JSON.stringify(input), (_, value) =>
      typeof value === 'number' || typeof value === 'boolean' ? String(value) : value,
    ),
  };
}

/** Runs a test on each kind of store. */
export const backends: readonly {
  readonly backend: string;
  on(test: (iam: IamUnderTest) => Promise<void>): () => Promise<void>;
}[] = [
  { backend: 'memory', on: (test) => () => test(new IamUnderTest(new MemoryIdentityStore())) },
  {
    backend: 'SQLite',
    on: (test) => async () => {
      const folder = await mkdtemp(join(tmpdir(), 'opentrail-iam-'));
      const store = await openSqliteIdentityStore(join(folder, 'catalog.sqlite'));
      try {
        await test(new IamUnderTest(store));
      } finally {
        await store.close();
        await rm(folder, { recursive: true });
      }
    },
  },
];

/** What a list of one member of each item holds. */
export function pluck(list: unknown, member: string): unknown[] {
  assert.ok(Array.isArray(list));
  return list.map((item: JsonObject) => item[member]);
}

/** A member of a member, for answers such as `{ User: { Arn } }`. */
export function inside(output: JsonObject, member: string): JsonObject {
  return output[member] as JsonObject;
}

/** Lets every first commit of a change lose, as if another call had been quicker. */
export function contended(store: IdentityStore, work: () => Promise<void>): IdentityStore {
  let isFirst = true;
  return new Proxy(store, {
    get(target, member) {
      if (member !== 'commit') return Reflect.get(target, member).bind(target);
      return async (changes: Parameters<IdentityStore['commit']>[0]) => {
        if (isFirst) {
          isFirst = false;
          await work();
        }
        return target.commit(changes);
      };
    },
  });
}
