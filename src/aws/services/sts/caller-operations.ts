import { accountOfAccessKey } from '../../../model/access-key-account.ts';
import { readInput, required } from '../iam/iam-input.ts';
import type { ServiceOperation } from '../service-operation.ts';
import type { StsContext } from './sts-context.ts';
import { stsError } from './sts-error.ts';
import * as members from './sts-members.ts';

/** Whoever can sign may know who it is: never denied. */
export const getCallerIdentity: ServiceOperation = {
  name: 'GetCallerIdentity',
  isReadOnly: true,
  action: null,
  run: async ({ principal }) => ({
    UserId: principal.userId,
    Account: principal.accountId,
    Arn: principal.arn,
  }),
};

const ACCESS_KEY_INFO = { AccessKeyId: required(members.accessKeyId) };

/** The account of an access key: of the keys that are known here, else what the id itself tells. */
export function createGetAccessKeyInfo({ identities }: StsContext): ServiceOperation {
  return {
    name: 'GetAccessKeyInfo',
    isReadOnly: true,
    targets(call) {
      readInput(ACCESS_KEY_INFO, call.input);
      return [{ resourceArn: '*' }];
    },
    async run({ input, principal }) {
      const { AccessKeyId } = readInput(ACCESS_KEY_INFO, input);
      if (AccessKeyId === principal.accessKeyId) return { Account: principal.accountId };
      const document = await identities.find('accessKey', AccessKeyId);
      const accountId = document?.accountId ?? accountOfAccessKey(AccessKeyId);
      if (accountId === undefined) throw stsError('ValidationError', 'Invalid access key');
      return { Account: accountId };
    },
  };
}
