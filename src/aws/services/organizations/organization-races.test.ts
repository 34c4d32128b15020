import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { OrganizationState } from '../../../identity/organization/organization-state.ts';
import { fullAwsAccess } from '../../../identity/organization/service-control.ts';
import { MemoryIdentityStore } from '../../../store/memory/memory-identity-store.ts';
import { OrganizationsUnderTest } from './organizations-under-test.contract.ts';

const rival = '222222222222';
const managers = ['111111111111', rival];
const ServicePrincipal = 'cloudtrail.amazonaws.com';
const Content = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}';

/** A call by the numbers that it was drawn with: which operation, by whom, about what. */
type Draw = readonly [operation: number, manager: number, first: number, second: number];

/** What is there to be named by calls; also what is gone, or of the other organization. */
interface Known {
  readonly accounts: string[];
  readonly parents: string[];
  readonly policies: string[];
  readonly handshakes: string[];
}

function pick(from: readonly string[], n: number): string {
  return from[n % Math.max(from.length, 1)] ?? '999999999999';
}

/** Makes one call; what it makes becomes known. Refusals are answers like others. */
async function play(aws: OrganizationsUnderTest, known: Known, draw: Draw): Promise<void> {
  const [operation, manager, first, second] = draw;
  const by = pick(managers, manager);
  const account = pick(known.accounts, first);
  const parent = pick(known.parents, second);
  const target = pick([...known.accounts, ...known.parents], second);
  const policy = pick(known.policies, first);
  const keep = async (list: string[], name: string, input: object, path: readonly string[]) => {
    const output = await aws.call(name, input as never, by).catch(() => ({}));
    const id = path.reduce((value: unknown, member) => (value as Record<string, unknown>)?.[member], output);
    if (typeof id === 'string') list.push(id);
  };
  const tell = (name: string, input: object, accountId = by) => aws.refusal(name, input as never, accountId);
  const calls: readonly (() => Promise<unknown>)[] = [
    () =>
      keep(known.accounts, 'CreateAccount', { Email: `a${first}@example.com`, AccountName: 'a' }, [
        'CreateAccountStatus',
        'AccountId',
      ]),
    () =>
      keep(known.parents, 'CreateOrganizationalUnit', { ParentId: parent, Name: `u${first}` }, [
        'OrganizationalUnit',
        'Id',
      ]),
    () =>
      keep(
        known.policies,
        'CreatePolicy',
        { Name: `p${first}`, Description: '', Type: 'SERVICE_CONTROL_POLICY', Content },
        ['Policy', 'PolicySummary', 'Id'],
      ),
    () =>
      keep(known.handshakes, 'InviteAccountToOrganization', { Target: { Type: 'ACCOUNT', Id: account } }, [
        'Handshake',
        'Id',
      ]),
    () => tell('AcceptHandshake', { HandshakeId: pick(known.handshakes, second) }, account),
    () => tell('LeaveOrganization', {}, account),
    () => tell('RemoveAccountFromOrganization', { AccountId: account }),
    () =>
      tell('MoveAccount', {
        AccountId: account,
        SourceParentId: pick(known.parents, first),
        DestinationParentId: parent,
      }),
    () => tell('DeleteOrganizationalUnit', { OrganizationalUnitId: parent }),
    () => tell('DeletePolicy', { PolicyId: policy }),
    () => tell('AttachPolicy', { PolicyId: policy, TargetId: target }),
    () => tell('DetachPolicy', { PolicyId: policy, TargetId: target }),
    () => tell('RegisterDelegatedAdministrator', { AccountId: account, ServicePrincipal }),
    () => tell('DeregisterDelegatedAdministrator', { AccountId: account, ServicePrincipal }),
    () => tell('CreateOrganization', {}, account),
  ];
  await calls[operation % calls.length]?.();
}

/** Everything that an organization names is there, and no account is in two of them. */
async function assertWhole(store: MemoryIdentityStore, accounts: readonly string[]): Promise<void> {
  const homes = new Map<string, string>();
  for (const manager of [...managers, ...accounts]) {
    const state = await OrganizationState.load(store, manager);
    if (state === undefined) continue;
    const { entity, members, units, policies, delegates } = state;
    assert.ok(members.has(manager), 'the management account is a member');
    for (const accountId of members.keys()) {
      assert.equal(homes.get(accountId), undefined, `${accountId} is in two organizations`);
      homes.set(accountId, manager);
    }
    for (const id of [entity.root.id, ...units.keys(), ...members.keys()]) {
      assert.ok(state.ancestorsOf(id), `${id} is under the root`);
      const attached = state.attachedPolicies(id) ?? [];
      const isWithin = attached.length <= 5 && attached.length > 0 === entity.isServiceControlEnabled;
      assert.ok(isWithin, `${id} has one to five policies, where they are enabled`);
      for (const one of attached) assert.ok(one === fullAwsAccess.id || policies.has(one), `${one} is there`);
    }
    assert.ok(delegates.size <= 3, 'there are at most three delegates');
    for (const accountId of delegates.keys()) assert.ok(members.has(accountId), 'a delegate is a member');
  }
}

test('calls that come at once leave every organization whole, and each account in one at most', async () => {
  const draw = fc.tuple(fc.nat(14), fc.nat(1), fc.nat(7), fc.nat(7));
  const rounds = fc.array(fc.array(draw, { minLength: 1, maxLength: 6 }), { minLength: 5, maxLength: 25 });
  await fc.assert(
    fc.asyncProperty(rounds, async (played) => {
      const store = new MemoryIdentityStore();
      const aws = new OrganizationsUnderTest(store);
      const known: Known = { accounts: [], parents: [], policies: [fullAwsAccess.id], handshakes: [] };
      for (const manager of managers) {
        await aws.call('CreateOrganization', {}, manager);
        await aws.call('EnableAWSServiceAccess', { ServicePrincipal }, manager);
        const { Roots } = await aws.call<{ Roots: { Id: string }[] }>('ListRoots', {}, manager);
        const RootId = Roots[0]?.Id ?? '';
        await aws.call('EnablePolicyType', { RootId, PolicyType: 'SERVICE_CONTROL_POLICY' }, manager);
        known.parents.push(RootId);
      }
      for (const round of played) {
        await Promise.all(round.map((one) => play(aws, known, one)));
        await assertWhole(store, known.accounts);
      }
    }),
    { numRuns: 60 },
  );
});
