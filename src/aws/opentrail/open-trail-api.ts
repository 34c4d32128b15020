import { eventCategories, searchKeys } from '../../history/search-filter.ts';
import type { ApiMember, ApiShape, ServiceApi } from '../../model/service-api.ts';

/**
 * The inputs of OpenTrail's own operations in the form of an API model, so that one code checks AWS's
 * operations and ours, and `docs/api.md` is generated from what is enforced.
 */
export const openTrailApi: ServiceApi = {
  operations: {
    SearchEvents: operation('SearchEventsRequest'),
    CountEvents: operation('CountEventsRequest'),
    TailEvents: operation('TailEventsRequest'),
    PutHold: operation('PutHoldRequest'),
    ListHolds: operation('EmptyRequest'),
    RemoveHold: operation('RemoveHoldRequest'),
    ListPrincipals: operation('ListPrincipalsRequest'),
    PutPrincipal: operation('PutPrincipalRequest'),
    RemovePrincipal: operation('RemovePrincipalRequest'),
    RotateMasterKey: operation('RotateMasterKeyRequest'),
    GetStatus: operation('EmptyRequest'),
    ReadChain: operation('EmptyRequest'),
    ReadHistory: operation('ReadHistoryRequest'),
  },
  shapes: {
    EmptyRequest: structure({}),
    SearchEventsRequest: structure({ ...filterMembers(), MaxResults: 'PageSize', NextToken: 'Token' }),
    CountEventsRequest: structure({
      ...filterMembers(),
      Facets: 'AttributeKeyList',
      FacetLimit: 'FacetLimit',
    }),
    TailEventsRequest: structure(tailMembers()),
    PutHoldRequest: structure(
      { Name: 'HoldName', StartTime: 'Time', EndTime: 'Time', Reason: 'HoldReason' },
      ['Name', 'StartTime', 'EndTime'],
    ),
    RemoveHoldRequest: structure({ HoldId: 'Id' }, ['HoldId']),
    ListPrincipalsRequest: structure({ AccountId: 'AccountId' }),
    PutPrincipalRequest: structure({ AccessKeyId: 'AccessKeyId', Arn: 'Arn' }, ['AccessKeyId', 'Arn']),
    RemovePrincipalRequest: structure({ AccessKeyId: 'AccessKeyId' }, ['AccessKeyId']),
    RotateMasterKeyRequest: structure({ EndSessions: 'Flag' }),
    ReadHistoryRequest: structure(
      { JournalId: 'JournalId', FirstSequence: 'Sequence', LastSequence: 'Sequence' },
      ['JournalId', 'FirstSequence', 'LastSequence'],
    ),
    AttributeList: { type: 'list', member: 'Attribute', max: 50 },
    Attribute: structure({ AttributeKey: 'AttributeKey', AttributeValue: 'AttributeValue' }, [
      'AttributeKey',
      'AttributeValue',
    ]),
    AttributeKey: { type: 'string', enum: searchKeys },
    AttributeKeyList: { type: 'list', member: 'AttributeKey', max: 10 },
    AttributeValue: { type: 'string', max: 2000 },
    RegionList: { type: 'list', member: 'Region', min: 1, max: 100 },
    Region: { type: 'string', pattern: '[a-z0-9-]{1,64}' },
    CategoryList: { type: 'list', member: 'Category', min: 1, max: 5 },
    Category: { type: 'string', enum: eventCategories },
    Origin: { type: 'string', enum: ['live', 'import'] },
    AccountList: { type: 'list', member: 'AccountOrAll', min: 1, max: 1000 },
    AccountOrAll: { type: 'string', pattern: '[0-9]{12}|\\*' },
    Text: { type: 'string', min: 1, max: 2000 },
    Flag: { type: 'boolean' },
    Time: { type: 'timestamp' },
    PageSize: { type: 'integer', min: 1, max: 1000 },
    FacetLimit: { type: 'integer', min: 1, max: 1000 },
    Token: { type: 'string', min: 1, max: 4096 },
    HoldName: { type: 'string', min: 1, max: 128 },
    HoldReason: { type: 'string', max: 1000 },
    Id: { type: 'string', pattern: '[A-Za-z0-9-]{1,64}' },
    AccountId: { type: 'string', pattern: '[0-9]{12}' },
    AccessKeyId: { type: 'string', pattern: '[A-Za-z0-9_-]{3,128}' },
    Arn: { type: 'string', min: 1, max: 2048 },
    // Rows that nobody journalled are read too: they may bear any name, and the number 0.
    JournalId: { type: 'string', max: 1000 },
    Sequence: { type: 'long', min: 0 },
  },
};

/** Errors that stand for a broken constraint of a member, where AWS has a name for it. */
export const openTrailOwnExceptions = {
  LookupAttributes: 'InvalidLookupAttributesException',
  MaxResults: 'InvalidMaxResultsException',
  NextToken: 'InvalidNextTokenException',
} as const;

function operation(input: string): ServiceApi['operations'][string] {
  return { http: ['POST', '/opentrail/v1/'], input, output: '', errors: [] };
}

function structure(members: Readonly<Record<string, string>>, required: readonly string[] = []): ApiShape {
  const entries = Object.entries(members).map(([name, shape]): [string, ApiMember] => [name, { shape }]);
  return { type: 'structure', required, members: Object.fromEntries(entries) };
}

function tailMembers(): Record<string, string> {
  return {
    LookupAttributes: 'AttributeList',
    EventCategories: 'CategoryList',
    Regions: 'RegionList',
    AllRegions: 'Flag',
    AllAccounts: 'Flag',
    Accounts: 'AccountList',
    Text: 'Text',
    IsError: 'Flag',
    IsReadOnly: 'Flag',
  };
}

function filterMembers(): Record<string, string> {
  return { ...tailMembers(), StartTime: 'Time', EndTime: 'Time', Origin: 'Origin' };
}
