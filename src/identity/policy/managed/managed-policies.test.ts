import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { loadActionTable } from '../../load-action-table.ts';
import type { RequestPrincipal } from '../access-request.ts';
import { decide } from '../decide.ts';
import { parsePolicy } from '../parse-policy.ts';
import { findManagedPolicy, listManagedPolicies } from './managed-policies.ts';

const TABLE = await loadActionTable([
  'cloudtrail',
  'cloudtrail-data',
  'iam',
  'sts',
  'organizations',
  'sns',
  's3',
  'logs',
  'kms',
  'lambda',
  'dynamodb',
]);

const SOMEBODY: RequestPrincipal = {
  type: 'IAMUser',
  accountId: '111122223333',
  arn: 'arn:aws:iam::111122223333:user/somebody',
  userIdentity: {},
};

/** Those of the actions that a policy allows on any resource. */
function allowed(policyName: string, actions: readonly string[]): string[] {
  const managed = findManagedPolicy(`arn:aws:iam::aws:policy/${policyName}`);
  assert.ok(managed !== undefined);
  const identity = [parsePolicy(managed.document, 'identity')];
  return actions.filter((action) => {
    const request = { principal: SOMEBODY, action, resourceArn: '*', context: new Map() };
    return decide({ ...request, resourceAccountId: '111122223333' }, { identity }).isAllowed;
  });
}

/** The same of all actions that the tables have of some services. */
function allowedBy(policyName: string, services: readonly string[]): string[] {
  const actions = [...TABLE.entries()].map(({ name }) => name);
  return allowed(
    policyName,
    actions.filter((name) => services.includes(name.split(':')[0] ?? '')),
  );
}

const OURS = ['cloudtrail', 'cloudtrail-data', 'iam', 'sts', 'organizations'];

/** Reports, simulations and queries make something to read; nothing that was there is another afterwards. */
const READING = new Set([
  'cloudtrail:StartQuery',
  'cloudtrail:CancelQuery',
  'cloudtrail:GenerateQuery',
  'iam:GenerateCredentialReport',
  'iam:GenerateServiceLastAccessedDetails',
]);

describe('the managed policies', () => {
  it('are policies that attach as they are, each found by its ARN', () => {
    for (const managed of listManagedPolicies()) {
      assert.equal(parsePolicy(managed.document, 'identity').kind, 'identity');
      assert.equal(findManagedPolicy(managed.arn), managed);
      assert.match(managed.policyId, /^ANPA[A-Z0-9]{17}$/);
    }
    assert.equal(findManagedPolicy('arn:aws:iam::aws:policy/Nothing'), undefined);
  });

  it('name no action that its service does not have', () => {
    for (const { document, policyName } of listManagedPolicies()) {
      const named = [...document.matchAll(/"([a-z0-9-]+:[A-Za-z]+)"/g)].map((match) => match[1] ?? '');
      for (const action of named.filter((name) => !/^(opentrail|iam:PassedToService)/.test(name))) {
        assert.ok(TABLE.find(action) !== undefined, `${policyName} names ${action}`);
      }
    }
  });

  it('let an auditor read all that there is of the record, and change nothing', () => {
    const auditor = new Set(allowedBy('OpenTrailAuditor', OURS));
    for (const action of auditor) {
      assert.ok(
        TABLE.find(action)?.isReadOnly === true || READING.has(action),
        `${action} changes something`,
      );
    }
    for (const { name, isReadOnly } of TABLE.entries()) {
      if (isReadOnly && /^(cloudtrail|iam|organizations):/.test(name)) assert.ok(auditor.has(name), name);
    }
  });

  it('let an auditor call every operation of OpenTrail that changes nothing, and no other', () => {
    const text = readFileSync(new URL('../../../../docs/api.md', import.meta.url), 'utf8');
    const rows = [...text.matchAll(/^\| \[\w+\]\S* \| `(opentrail:\w+)` \| (yes|no) \|/gm)];
    const actions = (changes: string) => rows.filter((row) => row[2] === changes).map((row) => row[1] ?? '');
    const changing = new Set(actions('yes'));
    const reading = actions('no').filter((action) => !changing.has(action));
    assert.ok(changing.size > 3 && reading.length > 6, 'the table of operations was not found');
    assert.deepEqual(allowed('OpenTrailAuditor', [...changing]), []);
    assert.deepEqual(allowed('OpenTrailAuditor', reading), reading);
    const wider = [...text.matchAll(/needs the action `(opentrail:\w+)`/g)].map((match) => match[1] ?? '');
    assert.deepEqual(allowed('OpenTrailAuditor', wider), wider);
  });

  it('let a recorder put events, and do nothing else', () => {
    assert.deepEqual(allowedBy('OpenTrailRecorder', OURS), ['cloudtrail-data:PutAuditEvents']);
  });

  it('let a reader of CloudTrail read the record, and change nothing', () => {
    const reader = allowedBy('AWSCloudTrail_ReadOnlyAccess', OURS);
    assert.ok(reader.includes('cloudtrail:LookupEvents'));
    assert.deepEqual(
      reader.filter((action) => TABLE.find(action)?.isReadOnly !== true),
      [],
    );
  });

  it('let an administrator do everything', () => {
    const all = [...TABLE.entries()].filter(({ name }) => OURS.includes(name.split(':')[0] ?? ''));
    assert.equal(allowedBy('AdministratorAccess', OURS).length, all.length);
  });
});
