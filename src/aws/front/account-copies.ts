import type { EventDraft } from '../../model/cloudtrail-event.ts';

/**
 * The records that a call makes: one for the caller's account and, where a role of another account was assumed, one for the
 * role's owner, tied to the first by `sharedEventID`. The owner is told the caller's account and unique id, not its name.
 * A denied call is the caller's affair alone.
 */
export function accountCopies(draft: EventDraft, sharedEventId: () => string): readonly EventDraft[] {
  const ownerAccountId = draft.resources?.find(({ type }) => type === 'AWS::IAM::Role')?.accountId;
  const isAssumed = draft.eventName === 'AssumeRole' && draft.errorCode === undefined;
  if (!isAssumed || ownerAccountId === undefined || ownerAccountId === draft.recipientAccountId)
    return [draft];
  const sharedEventID = sharedEventId();
  const { principalId, accountId } = draft.userIdentity;
  return [
    { ...draft, sharedEventID },
    {
      ...draft,
      userIdentity: {
        type: 'AWSAccount',
        ...(principalId === undefined ? {} : { principalId }),
        ...(accountId === undefined ? {} : { accountId }),
      },
      recipientAccountId: ownerAccountId,
      sharedEventID,
    },
  ];
}
