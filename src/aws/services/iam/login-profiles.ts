import type { LoginProfile, UserEntity } from '../../../identity/entities.ts';
import { iamError } from '../../../identity/iam/iam-error.ts';
import { changeIdentities, type IdentityWork } from '../../../identity/iam/identity-work.ts';
import { checkPassword } from '../../../identity/iam/password-policy.ts';
import { putHolder, requireHolder } from '../../../identity/iam/policy-holders.ts';
import { ApiError } from '../../../model/api-error.ts';
import type { JsonObject } from '../../../model/cloudtrail-event.ts';
import type { ServiceCall, ServiceOperation } from '../service-operation.ts';
import { defineOperation } from './define-operation.ts';
import { callerUserName, type IamContext, readWork } from './iam-context.ts';
import { required } from './iam-input.ts';
import { existingUserName, isOn, password } from './iam-members.ts';
import { holderTarget, userTarget } from './iam-targets.ts';
import { wireTime } from './iam-wire.ts';

export function loginProfileOperations(context: IamContext): ServiceOperation[] {
  return [
    createLoginProfile(context),
    getLoginProfile(context),
    updateLoginProfile(context),
    deleteLoginProfile(context),
    changePassword(context),
  ];
}

function wireProfile(userName: string, profile: LoginProfile): JsonObject {
  return {
    LoginProfile: {
      UserName: userName,
      CreateDate: wireTime(profile.createdAtMs),
      PasswordResetRequired: profile.isResetRequired,
    },
  };
}

/** The user that is named, else the caller; the root has no login profile. */
function profileUserName(call: ServiceCall, given: string | undefined): string {
  const name = given ?? callerUserName(call);
  if (name !== undefined) return name;
  throw iamError('ValidationError', 'Must specify userName when calling with non-User credentials');
}

function requireProfile({ loginProfile, userName }: UserEntity): LoginProfile {
  if (loginProfile !== undefined) return loginProfile;
  throw iamError('NoSuchEntity', `Login Profile for User ${userName} cannot be found.`);
}

function createLoginProfile(context: IamContext): ServiceOperation {
  return defineOperation({
    name: 'CreateLoginProfile',
    isReadOnly: false,
    input: { UserName: existingUserName, Password: required(password), PasswordResetRequired: isOn },
    targets: ({ UserName }, call) => userTarget(context, call, UserName),
    async run({ UserName, Password, PasswordResetRequired = false }, call) {
      const { accountId } = call.principal;
      const name = profileUserName(call, UserName);
      // Asked before the slow hash is made, and again with it.
      refuseKnownProfile(await requireHolder(readWork(context), 'user', { accountId, name }));
      checkPassword(Password);
      const loginProfile: LoginProfile = {
        passwordHash: await context.passwords.hash(Password),
        isResetRequired: PasswordResetRequired,
        createdAtMs: context.clock.now(),
      };
      const user = await changeIdentities(context.identities, async (work) => {
        const holder = await requireHolder(work, 'user', { accountId, name });
        refuseKnownProfile(holder);
        await putHolder(work, 'user', { accountId, holder: { ...holder, loginProfile } });
        return holder;
      });
      return wireProfile(user.userName, loginProfile);
    },
  });
}

function refuseKnownProfile({ loginProfile, userName }: UserEntity): void {
  if (loginProfile === undefined) return;
  throw iamError('EntityAlreadyExists', `Login Profile for user ${userName} already exists.`);
}

function getLoginProfile(context: IamContext): ServiceOperation {
  return defineOperation({
    name: 'GetLoginProfile',
    isReadOnly: true,
    input: { UserName: existingUserName },
    targets: ({ UserName }, call) => userTarget(context, call, UserName),
    async run({ UserName }, call) {
      const name = profileUserName(call, UserName);
      const { accountId } = call.principal;
      const user = await requireHolder(readWork(context), 'user', { accountId, name });
      return wireProfile(user.userName, requireProfile(user));
    },
  });
}

function updateLoginProfile(context: IamContext): ServiceOperation {
  return defineOperation({
    name: 'UpdateLoginProfile',
    isReadOnly: false,
    input: { UserName: required(existingUserName), Password: password, PasswordResetRequired: isOn },
    targets: ({ UserName }, call) => holderTarget(context, call, { kind: 'user', name: UserName }),
    async run({ UserName: name, Password, PasswordResetRequired }, call) {
      const { accountId } = call.principal;
      requireProfile(await requireHolder(readWork(context), 'user', { accountId, name }));
      if (Password !== undefined) checkPassword(Password);
      const passwordHash = Password === undefined ? undefined : await context.passwords.hash(Password);
      await changeIdentities(context.identities, async (work) => {
        const user = await requireHolder(work, 'user', { accountId, name });
        const known = requireProfile(user);
        const loginProfile = {
          ...known,
          passwordHash: passwordHash ?? known.passwordHash,
          isResetRequired: PasswordResetRequired ?? known.isResetRequired,
        };
        await putHolder(work, 'user', { accountId, holder: { ...user, loginProfile } });
      });
      return {};
    },
  });
}

function deleteLoginProfile(context: IamContext): ServiceOperation {
  return defineOperation({
    name: 'DeleteLoginProfile',
    isReadOnly: false,
    input: { UserName: existingUserName },
    targets: ({ UserName }, call) => userTarget(context, call, UserName),
    async run({ UserName }, call) {
      const name = profileUserName(call, UserName);
      const { accountId } = call.principal;
      await changeIdentities(context.identities, async (work) => {
        const user = await requireHolder(work, 'user', { accountId, name });
        requireProfile(user);
        const { loginProfile, ...holder } = user;
        await putHolder(work, 'user', { accountId, holder });
      });
      return {};
    },
  });
}

function changePassword(context: IamContext): ServiceOperation {
  return defineOperation({
    name: 'ChangePassword',
    isReadOnly: false,
    input: { OldPassword: required(password), NewPassword: required(password) },
    targets: (_, call) => userTarget(context, call, ownName(call)),
    async run({ OldPassword, NewPassword }, call) {
      const { accountId } = call.principal;
      const name = ownName(call);
      const user = await requireHolder(readWork(context), 'user', { accountId, name });
      const profile = requireProfile(user);
      refuseLocked(context, call);
      const isRight = await context.passwords.verify(OldPassword, profile.passwordHash);
      // Once more, so that many guesses at the same time are told no more than those one after another.
      refuseLocked(context, call);
      if (!isRight) {
        context.attempts.failed(call.sourceIPAddress, context.clock.monotonicMs());
        throw new ApiError('AccessDenied', 'The old password was incorrect.', {
          isPlatform: true,
          status: 403,
        });
      }
      checkPassword(NewPassword);
      const passwordHash = await context.passwords.hash(NewPassword);
      await changeIdentities(context.identities, (work) =>
        replacePassword(work, { accountId, name, from: profile.passwordHash, to: passwordHash }),
      );
      return {};
    },
  });
}

/** No password counts as proven: whoever has the user's key may be the one who guesses. */
function refuseLocked({ attempts, clock }: IamContext, { sourceIPAddress }: ServiceCall): void {
  const lockedMs = attempts.lockedMs(sourceIPAddress, '', clock.monotonicMs());
  if (lockedMs === 0) return;
  const seconds = Math.ceil(lockedMs / 1_000);
  const message = `Rate exceeded: too many wrong passwords came from this address; try again in ${seconds} s`;
  throw new ApiError('ThrottlingException', message, { isPlatform: true, retryAfterSeconds: seconds });
}

/** Only users have a password of their own that they can change. */
function ownName({ principal }: ServiceCall): string {
  if (principal.type === 'IAMUser' && principal.userName !== undefined) return principal.userName;
  throw iamError('InvalidUserType', 'Only IAM Users can change their own password');
}

/** The old password is checked against what was read; what was changed meanwhile is not overwritten. */
async function replacePassword(
  work: IdentityWork,
  change: { readonly accountId: string; readonly name: string; readonly from: string; readonly to: string },
): Promise<void> {
  const { accountId, name, from, to } = change;
  const user = await requireHolder(work, 'user', { accountId, name });
  const known = requireProfile(user);
  if (known.passwordHash !== from) {
    const message = `Login Profile for User ${user.userName} cannot be modified while login profile is being changed.`;
    throw iamError('EntityTemporarilyUnmodifiable', message);
  }
  const loginProfile = { ...known, passwordHash: to, isResetRequired: false };
  await putHolder(work, 'user', { accountId, holder: { ...user, loginProfile } });
}
