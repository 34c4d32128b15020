import { iamError } from '../../../identity/iam/iam-error.ts';
import { requireHolder } from '../../../identity/iam/policy-holders.ts';
import type { ServiceOperation } from '../service-operation.ts';
import { defineOperation } from './define-operation.ts';
import { callerUserName, type IamContext, readWork } from './iam-context.ts';
import { existingUserName, paging } from './iam-members.ts';
import { userTarget } from './iam-targets.ts';

/** What users can have with IAM but not here, by the list that their operation answers. */
const ABSENT = [
  ['ListMFADevices', 'MFADevices'],
  ['ListSSHPublicKeys', 'SSHPublicKeys'],
  ['ListSigningCertificates', 'Certificates'],
  ['ListServiceSpecificCredentials', 'ServiceSpecificCredentials'],
] as const;

/**
 * Empty lists of credentials that there are not: Terraform and scripts that delete a user with everything that hangs on it ask
 * for each of them first. And the password policy, of which every account has the default.
 */
export function absentCredentialOperations(context: IamContext): ServiceOperation[] {
  return [
    ...ABSENT.map(([name, member]) => emptyList(context, name, member)),
    listVirtualMfaDevices(),
    getAccountPasswordPolicy(),
  ];
}

function emptyList(context: IamContext, name: string, member: string): ServiceOperation {
  return defineOperation({
    name,
    isReadOnly: true,
    input: { UserName: existingUserName, ...paging },
    targets: ({ UserName }, call) => userTarget(context, call, UserName),
    async run({ UserName }, call) {
      const userName = UserName ?? callerUserName(call);
      const { accountId } = call.principal;
      if (userName !== undefined)
        await requireHolder(readWork(context), 'user', { accountId, name: userName });
      return { [member]: [], IsTruncated: false };
    },
  });
}

function listVirtualMfaDevices(): ServiceOperation {
  return defineOperation({
    name: 'ListVirtualMFADevices',
    isReadOnly: true,
    input: paging,
    targets: () => ({ resourceArn: '*' }),
    run: async () => ({ VirtualMFADevices: [], IsTruncated: false }),
  });
}

/** IAM answers `NoSuchEntity` where an account has set none of its own. */
function getAccountPasswordPolicy(): ServiceOperation {
  return defineOperation({
    name: 'GetAccountPasswordPolicy',
    isReadOnly: true,
    input: {},
    targets: () => ({ resourceArn: '*' }),
    async run(_, { principal: { accountId } }) {
      throw iamError('NoSuchEntity', `The Password Policy with domain name ${accountId} cannot be found.`);
    },
  });
}
