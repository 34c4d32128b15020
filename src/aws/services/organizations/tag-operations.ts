import type { Tag } from '../../../identity/entities.ts';
import type { OrganizationState } from '../../../identity/organization/organization-state.ts';
import type { ServiceOperation } from '../service-operation.ts';
import {
  changeAsManagement,
  type OrganizationContext,
  readableOrganization,
} from './organization-context.ts';
import { invalidInput } from './organization-errors.ts';
import { checkTagCount, idRules, optionalList, pageOf, readTags, requiredText } from './read-input.ts';
import { targetNotFound, withChangedTargets } from './target-entity.ts';
import { toWireTags } from './wire-shapes.ts';

/** Tags of the root, units, accounts and policies. */
export function tagOperations(context: OrganizationContext): ServiceOperation[] {
  return [tagResource(context), untagResource(context), listTagsForResource(context)];
}

function tagResource(context: OrganizationContext): ServiceOperation {
  return {
    name: 'TagResource',
    isReadOnly: false,
    async run(call) {
      const id = requiredText(call.input, 'ResourceId', idRules.taggable);
      if (optionalList(call.input, 'Tags') === undefined) throw required('Tags');
      const given = readTags(call.input);
      await changeAsManagement(context, call, (state) => {
        const kept = tagsOf(state, id).filter(({ key }) => !given.some((tag) => tag.key === key));
        const tags = [...kept, ...given];
        checkTagCount(tags);
        return { result: undefined, ...withChangedTargets(state, new Map([[id, { tags }]])) };
      });
      return {};
    },
  };
}

function untagResource(context: OrganizationContext): ServiceOperation {
  return {
    name: 'UntagResource',
    isReadOnly: false,
    async run(call) {
      const id = requiredText(call.input, 'ResourceId', idRules.taggable);
      const keys = optionalList(call.input, 'TagKeys');
      if (keys === undefined) throw required('TagKeys');
      await changeAsManagement(context, call, (state) => {
        const tags = tagsOf(state, id).filter(({ key }) => !keys.includes(key));
        return { result: undefined, ...withChangedTargets(state, new Map([[id, { tags }]])) };
      });
      return {};
    },
  };
}

function listTagsForResource(context: OrganizationContext): ServiceOperation {
  return {
    name: 'ListTagsForResource',
    isReadOnly: true,
    async run(call) {
      const id = requiredText(call.input, 'ResourceId', idRules.taggable);
      const state = await readableOrganization(context, call);
      const { items, next } = pageOf(call.input, tagsOf(state, id), ({ key }) => key);
      return { Tags: toWireTags(items), ...next };
    },
  };
}

function tagsOf({ entity, units, members, policies }: OrganizationState, id: string): readonly Tag[] {
  const tagged = id === entity.root.id ? entity.root : (units.get(id) ?? members.get(id) ?? policies.get(id));
  if (tagged === undefined) throw targetNotFound();
  return tagged.tags;
}

function required(name: string): Error {
  return invalidInput('INPUT_REQUIRED', `You must include a value for the parameter ${name}.`);
}
