import { cloudTrailApi, cloudTrailDataApi } from '../../src/model/cloudtrail-api.generated.ts';
import type { ServiceApi } from '../../src/model/service-api.ts';
import { type CallDraft, jsonCall, ownCall, queryCall } from '../hostile/identity-call.ts';

/** What is known of the account that is attacked: names and ARNs, which are no secrets. */
export interface Target {
  readonly accountId: string;
  readonly userName: string;
  readonly accessKeyId: string;
  readonly policyArn: string;
  readonly roleArn: string;
  readonly holdId: string;
  readonly journalId: string;
  /** Page tokens that the other account was given. */
  readonly lookupToken: string;
  readonly searchToken: string;
}

/** `denied`: must be refused as such; `empty`: may be answered, with nothing of the other account. */
export interface CrossAccountCall {
  readonly name: string;
  readonly expect: 'denied' | 'empty';
  readonly draft: CallDraft;
}

/** Every operation of CloudTrail's API, with ARNs and ids of the other account wherever the input takes one. */
export function cloudTrailCalls(target: Target): CrossAccountCall[] {
  const control = Object.keys(cloudTrailApi.operations).map(
    (name): CrossAccountCall => ({
      name,
      expect: 'empty',
      draft: jsonCall('cloudtrail', name, foreignInput(cloudTrailApi, name, target)),
    }),
  );
  const input = foreignInput(cloudTrailDataApi, 'PutAuditEvents', target) as Record<string, unknown>;
  const { channelArn, ...body } = input;
  const data: CrossAccountCall = {
    name: 'PutAuditEvents',
    expect: 'empty',
    draft: {
      service: 'cloudtrail-data',
      target: `/PutAuditEvents?channelArn=${encodeURIComponent(String(channelArn))}`,
      headers: [['Content-Type', 'application/json']],
      body: JSON.stringify(body),
    },
  };
  const token: CrossAccountCall = {
    name: 'LookupEvents with a page token of the other account',
    expect: 'empty',
    draft: jsonCall('cloudtrail', 'LookupEvents', { MaxResults: 1, NextToken: target.lookupToken }),
  };
  return [...control, data, token];
}

function foreignInput(api: ServiceApi, operation: string, target: Target): object {
  const input = api.operations[operation]?.input ?? '';
  // What LookupEvents looks for must be valid, so that it is answered.
  if (operation === 'LookupEvents') {
    const attribute = { AttributeKey: 'Username', AttributeValue: target.userName };
    return { LookupAttributes: [attribute], MaxResults: 50 };
  }
  return foreignValue(api, { shape: input, name: operation, depth: 0 }, target) as object;
}

function foreignValue(
  api: ServiceApi,
  at: { readonly shape: string; readonly name: string; readonly depth: number },
  target: Target,
): unknown {
  const shape = api.shapes[at.shape];
  const depth = at.depth + 1;
  if (shape === undefined || depth > 6) return undefined;
  switch (shape.type) {
    case 'structure':
      return Object.fromEntries(
        Object.entries(shape.members ?? {}).map(([name, member]) => [
          name,
          foreignValue(api, { shape: member.shape, name, depth }, target),
        ]),
      );
    case 'list':
      return [foreignValue(api, { shape: shape.member ?? '', name: at.name, depth }, target)];
    case 'map':
      return {};
    case 'boolean':
      return true;
    case 'timestamp':
      return Math.floor(Date.now() / 1000);
    case 'string':
      return shape.enum?.[0] ?? foreignText(at.name, target);
    default:
      return shape.min ?? 1;
  }
}

function foreignText(name: string, { accountId }: Target): string {
  const arn = (resource: string) => `arn:aws:cloudtrail:us-east-1:${accountId}:${resource}`;
  const id = '11111111-2222-4333-8444-555555555555';
  if (/eventDataStore/i.test(name)) return arn(`eventdatastore/${id}`);
  if (/channel/i.test(name)) return arn(`channel/${id}`);
  if (/dashboard/i.test(name)) return arn('dashboard/all');
  if (/account/i.test(name)) return accountId;
  if (/bucket/i.test(name)) return 'bucket-of-the-first-account';
  return arn('trail/all');
}

/** Every filter and every operation of OpenTrail's own that could reach into another account. */
export function ownCalls(target: Target): CrossAccountCall[] {
  const { accountId, holdId, journalId, accessKeyId } = target;
  const denied = (name: string, input: object): CrossAccountCall => ({
    name: `${name} ${JSON.stringify(input)}`,
    expect: 'denied',
    draft: ownCall(name, input),
  });
  const empty = (name: string, input: object): CrossAccountCall => ({
    ...denied(name, input),
    expect: 'empty',
  });
  const attribute = (AttributeKey: string, AttributeValue: string) => ({
    AllRegions: true,
    LookupAttributes: [{ AttributeKey, AttributeValue }],
  });
  const searches = ['SearchEvents', 'CountEvents'].flatMap((name) => [
    denied(name, { AllAccounts: true }),
    denied(name, { AllAccounts: true, AllRegions: true }),
    denied(name, { Accounts: [accountId] }),
    denied(name, { Accounts: ['222222222222', accountId] }),
    empty(name, { Accounts: ['*'], AllRegions: true }),
    empty(name, { AllRegions: true }),
    empty(name, { Regions: ['us-east-1', 'eu-west-1'] }),
    empty(name, attribute('AccountId', accountId)),
    empty(name, attribute('Username', target.userName)),
    empty(name, attribute('AccessKeyId', accessKeyId)),
    empty(name, attribute('UserIdentityArn', `arn:aws:iam::${accountId}:root`)),
    empty(name, { AllRegions: true, Text: 'canary' }),
    empty(name, { AllRegions: true, Origin: 'import' }),
  ]);
  return [
    ...searches,
    empty('SearchEvents', { MaxResults: 1, NextToken: target.searchToken }),
    denied('TailEvents', { AllAccounts: true }),
    denied('TailEvents', { Accounts: [accountId] }),
    denied('ListPrincipals', { AccountId: accountId }),
    empty('ListPrincipals', {}),
    denied('PutPrincipal', { AccessKeyId: accessKeyId, Arn: `arn:aws:iam::${accountId}:user/eve` }),
    denied('PutPrincipal', { AccessKeyId: 'AKIAUNSEEN', Arn: `arn:aws:iam::${accountId}:root` }),
    empty('RemovePrincipal', { AccessKeyId: accessKeyId }),
    denied('PutHold', { Name: 'mine', StartTime: 0, EndTime: 1 }),
    denied('ListHolds', {}),
    denied('RemoveHold', { HoldId: holdId }),
    denied('GetStatus', {}),
    denied('ReadChain', {}),
    denied('ReadHistory', { JournalId: journalId, FirstSequence: 1, LastSequence: 1_000 }),
    denied('BeginImport', {}),
    denied('FindImportedObjects', { Objects: [] }),
    denied('EndImport', { ImportId: 'none' }),
    denied('ListImportConflicts', {}),
    {
      name: 'ImportEvents',
      expect: 'denied',
      draft: {
        ...ownCall('ImportEvents', ''),
        target: '/opentrail/v1/ImportEvents?ImportId=none',
        headers: [['x-amz-content-sha256', 'UNSIGNED-PAYLOAD']],
      },
    },
  ];
}

/** IAM, STS and Organizations by name, ARN and key id of the other account. */
export function identityCalls(target: Target): CrossAccountCall[] {
  const { accountId, userName: UserName, accessKeyId: AccessKeyId, policyArn: PolicyArn, roleArn } = target;
  const document = JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }],
  });
  const userArn = `arn:aws:iam::${accountId}:user/${UserName}`;
  const iam: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
    ['GetUser', { UserName }],
    ['ListUserPolicies', { UserName }],
    ['ListAccessKeys', { UserName }],
    ['ListUserTags', { UserName }],
    ['GetUserPolicy', { UserName, PolicyName: 'all' }],
    ['PutUserPolicy', { UserName, PolicyName: 'all', PolicyDocument: document }],
    ['AttachUserPolicy', { UserName, PolicyArn: 'arn:aws:iam::aws:policy/AdministratorAccess' }],
    ['CreateAccessKey', { UserName }],
    ['UpdateAccessKey', { UserName, AccessKeyId, Status: 'Inactive' }],
    ['DeleteAccessKey', { UserName, AccessKeyId }],
    ['DeleteUser', { UserName }],
    ['CreateLoginProfile', { UserName, Password: 'Unmistakable-1' }],
    ['GetAccessKeyLastUsed', { AccessKeyId }],
    ['GetPolicy', { PolicyArn }],
    ['GetPolicyVersion', { PolicyArn, VersionId: 'v1' }],
    ['ListPolicyVersions', { PolicyArn }],
    ['ListEntitiesForPolicy', { PolicyArn }],
    ['CreatePolicyVersion', { PolicyArn, PolicyDocument: document, SetAsDefault: 'true' }],
    ['DeletePolicy', { PolicyArn }],
    ['AttachUserPolicy', { UserName: 'eve', PolicyArn }],
    ['PutUserPermissionsBoundary', { UserName: 'eve', PermissionsBoundary: PolicyArn }],
    ['CreateUser', { UserName: 'bounded', PermissionsBoundary: PolicyArn }],
    ['SimulatePrincipalPolicy', { PolicySourceArn: userArn, 'ActionNames.member.1': 'iam:GetUser' }],
    ['GetContextKeysForPrincipalPolicy', { PolicySourceArn: userArn }],
    ['GetRole', { RoleName: roleArn.split('/').at(-1) ?? '' }],
    ['UpdateAssumeRolePolicy', { RoleName: roleArn.split('/').at(-1) ?? '', PolicyDocument: document }],
  ];
  const organizations: readonly (readonly [string, object])[] = [
    ['CreateAccount', { Email: 'x@example.com', AccountName: 'x' }],
    ['CloseAccount', { AccountId: accountId }],
    ['RemoveAccountFromOrganization', { AccountId: accountId }],
    ['DeleteOrganization', {}],
    ['CreatePolicy', { Name: 'x', Description: '', Type: 'SERVICE_CONTROL_POLICY', Content: document }],
    ['EnableAWSServiceAccess', { ServicePrincipal: 'cloudtrail.amazonaws.com' }],
    [
      'RegisterDelegatedAdministrator',
      { AccountId: accountId, ServicePrincipal: 'cloudtrail.amazonaws.com' },
    ],
    ['ListAccounts', {}],
    ['ListPolicies', { Filter: 'SERVICE_CONTROL_POLICY' }],
    ['DescribeAccount', { AccountId: accountId }],
    ['ListTagsForResource', { ResourceId: accountId }],
  ];
  return [
    ...iam.map(
      ([name, parameters]): CrossAccountCall => ({
        name: `iam:${name} ${JSON.stringify(parameters)}`,
        expect: 'empty',
        draft: queryCall('iam', name, parameters),
      }),
    ),
    ...organizations.map(
      ([name, input]): CrossAccountCall => ({
        name: `organizations:${name}`,
        expect: 'empty',
        draft: jsonCall('organizations', name, input),
      }),
    ),
    {
      name: 'sts:AssumeRole',
      expect: 'denied',
      draft: queryCall('sts', 'AssumeRole', { RoleArn: roleArn, RoleSessionName: 'eve' }),
    },
  ];
}
