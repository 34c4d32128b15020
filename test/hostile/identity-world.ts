import assert from 'node:assert/strict';
import { OpenTrailServer, TEST_ROOT } from '../harness/opentrail-server.ts';
import {
  type CallAnswer,
  type CallDraft,
  type Credential,
  credentialsOf,
  jsonCall,
  queryCall,
  sendCall,
  xmlText,
} from './identity-call.ts';

export const MANAGEMENT = '111111111111';
export const ROOT: Credential = {
  accessKeyId: TEST_ROOT.OPENTRAIL_ROOT_ACCESS_KEY_ID,
  secretAccessKey: TEST_ROOT.OPENTRAIL_ROOT_SECRET_ACCESS_KEY,
};
const ACCESS_ROLE = 'OrganizationAccountAccessRole';
/** Limits would otherwise answer in the place of the checks that are under test. */
const FLAGS = [
  ...['--account', MANAGEMENT, '--failed-attempts-max', '0', '--calls-per-second-max', '0'],
  ...['--unverified-per-minute', '1000000000'],
];

/** One statement that allows, as a whole policy. */
export function allow(
  action: string | readonly string[],
  resource: string | readonly string[] = '*',
  more: object = {},
): string {
  return policyOf({ Effect: 'Allow', Action: action, Resource: resource, ...more });
}

export function policyOf(...statements: readonly object[]): string {
  return JSON.stringify({ Version: '2012-10-17', Statement: statements });
}

export function trustOf(principal: object | string, condition?: object): string {
  const more = condition === undefined ? {} : { Condition: condition };
  return policyOf({ Effect: 'Allow', Principal: principal, Action: 'sts:AssumeRole', ...more });
}

/** A server with an organization, and the keys of those who try things on it. */
export class IdentityWorld implements AsyncDisposable {
  readonly server: OpenTrailServer;
  /** Nothing of it may be found in anything that the server keeps or says. */
  readonly secrets = new Set<string>();
  /** Undefined where the server was asked for none. */
  readonly metricsPort: number | undefined;

  private constructor(server: OpenTrailServer, metricsPort: number | undefined) {
    this.server = server;
    this.metricsPort = metricsPort;
  }

  static async start(
    options: { readonly flags?: readonly string[]; readonly metricsPort?: number } = {},
  ): Promise<IdentityWorld> {
    const { metricsPort } = options;
    const server = await OpenTrailServer.start({
      flags: [...FLAGS, ...(options.flags ?? [])],
      ...(metricsPort === undefined ? {} : { metricsPort }),
    });
    const world = new IdentityWorld(server, metricsPort);
    world.secrets.add(ROOT.secretAccessKey);
    return world;
  }

  get endpoint(): string {
    return this.server.endpoint;
  }

  send(credential: Credential | undefined, draft: CallDraft): Promise<CallAnswer> {
    return sendCall(this.endpoint, { ...draft, credential });
  }

  /** A call that must succeed. */
  async must(credential: Credential, draft: CallDraft): Promise<string> {
    const { status, text } = await this.send(credential, draft);
    assert.equal(status, 200, `${draft.body}: ${text}`);
    return text;
  }

  iam(
    credential: Credential,
    action: string,
    parameters: Readonly<Record<string, string>> = {},
  ): Promise<string> {
    return this.must(credential, queryCall('iam', action, parameters));
  }

  /** A new organization of the installation's account, with an administrator that is not root. */
  async createOrganization(): Promise<Credential> {
    await this.must(ROOT, jsonCall('organizations', 'CreateOrganization', { FeatureSet: 'ALL' }));
    const admin = await this.createUser(ROOT, 'chief', { all: allow('*') });
    return admin;
  }

  /** A member account and a session of its administrator, got as its management account gets it. */
  async createMember(admin: Credential, name: string): Promise<{ accountId: string; admin: Credential }> {
    const input = { Email: `${name}@example.com`, AccountName: name };
    const text = await this.must(admin, jsonCall('organizations', 'CreateAccount', input));
    const accountId = /"AccountId":"(\d{12})"/.exec(text)?.[1] ?? '';
    const roleArn = `arn:aws:iam::${accountId}:role/${ACCESS_ROLE}`;
    return { accountId, admin: await this.assume(admin, roleArn) };
  }

  /** A user with one key. */
  async createUser(
    admin: Credential,
    userName: string,
    policies: Readonly<Record<string, string>> = {},
    more: Readonly<Record<string, string>> = {},
  ): Promise<Credential> {
    await this.iam(admin, 'CreateUser', { UserName: userName, ...more });
    for (const [PolicyName, PolicyDocument] of Object.entries(policies)) {
      await this.iam(admin, 'PutUserPolicy', { UserName: userName, PolicyName, PolicyDocument });
    }
    return this.createKey(admin, userName);
  }

  async createKey(admin: Credential, userName: string): Promise<Credential> {
    return this.known(await this.iam(admin, 'CreateAccessKey', { UserName: userName }));
  }

  async createRole(
    admin: Credential,
    roleName: string,
    documents: { readonly trust: string; readonly policy?: string },
    more: Readonly<Record<string, string>> = {},
  ): Promise<string> {
    const text = await this.iam(admin, 'CreateRole', {
      RoleName: roleName,
      AssumeRolePolicyDocument: documents.trust,
      ...more,
    });
    if (documents.policy !== undefined) {
      const PolicyDocument = documents.policy;
      await this.iam(admin, 'PutRolePolicy', { RoleName: roleName, PolicyName: 'own', PolicyDocument });
    }
    return xmlText(text, 'Arn');
  }

  async assume(
    credential: Credential,
    roleArn: string,
    more: Readonly<Record<string, string>> = {},
  ): Promise<Credential> {
    const parameters = { RoleArn: roleArn, RoleSessionName: 'session', ...more };
    return this.known(await this.must(credential, queryCall('sts', 'AssumeRole', parameters)));
  }

  /** Credentials of an answer, whose secret is searched for at the end. */
  known(text: string): Credential {
    const credential = credentialsOf(text);
    this.secrets.add(credential.secretAccessKey);
    return credential;
  }

  /** Everything that IAM keeps of an account, keys and passwords too. */
  async dump(admin: Credential): Promise<string> {
    const parts: string[] = [];
    let Marker = '';
    do {
      const page = await this.iam(admin, 'GetAccountAuthorizationDetails', Marker === '' ? {} : { Marker });
      parts.push(page);
      Marker = xmlText(page, 'IsTruncated') === 'true' ? xmlText(page, 'Marker') : '';
    } while (Marker !== '');
    parts.push(await this.iam(admin, 'GetAccountSummary'), await this.iam(admin, 'ListAccountAliases'));
    const users = await this.iam(admin, 'ListUsers', { MaxItems: '1000' });
    for (const [, UserName = ''] of users.matchAll(/<UserName>([^<]*)</g)) {
      parts.push(await this.iam(admin, 'ListAccessKeys', { UserName }));
      parts.push(await this.iam(admin, 'ListUserTags', { UserName }));
      const profile = await this.send(admin, queryCall('iam', 'GetLoginProfile', { UserName }));
      parts.push(profile.text);
    }
    return parts
      .join('\n')
      .replaceAll(/<RequestId>[^<]*<\/RequestId>|<RoleLastUsed>.*?<\/RoleLastUsed>/g, '');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.stop();
  }
}
