import type { OwnService } from '../service-operation.ts';
import { createAssumeRole } from './assume-role.ts';
import { createGetAccessKeyInfo, getCallerIdentity } from './caller-operations.ts';
import { createGetFederationToken } from './get-federation-token.ts';
import { createGetSessionToken } from './get-session-token.ts';
import type { StsContext } from './sts-context.ts';

/** The part of STS that OpenTrail has itself. */
export function createStsService(context: StsContext): OwnService {
  const operations = [
    getCallerIdentity,
    createAssumeRole(context),
    createGetSessionToken(context),
    createGetFederationToken(context),
    createGetAccessKeyInfo(context),
  ];
  return {
    service: 'sts',
    protocol: 'query',
    operations: new Map(operations.map((operation) => [operation.name, operation])),
  };
}
