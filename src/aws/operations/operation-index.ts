import type * as sdk from '@aws-sdk/client-cloudtrail';
import { assert } from '../../base/assert.ts';
import { cloudTrailApi, cloudTrailDataApi } from '../../model/cloudtrail-api.generated.ts';
import { lookupEvents } from './history/lookup-events.ts';
import { notBuilt } from './not-built.ts';
import type { Operation } from './operation.ts';
import { deregisterOrganizationDelegatedAdmin } from './organizations/deregister-organization-delegated-admin.ts';
import { registerOrganizationDelegatedAdmin } from './organizations/register-organization-delegated-admin.ts';

/** The names of CloudTrail's operations as AWS's own SDK has them, so that a missing one does not compile. */
export type OperationName = {
  [Key in keyof typeof sdk]: Key extends `${infer Name}Command` ? (Name extends '$' ? never : Name) : never;
}[keyof typeof sdk];

export const cloudTrailOperations = {
  // Trails
  CreateTrail: notBuilt('CreateTrail'),
  UpdateTrail: notBuilt('UpdateTrail'),
  DeleteTrail: notBuilt('DeleteTrail'),
  GetTrail: notBuilt('GetTrail'),
  DescribeTrails: notBuilt('DescribeTrails'),
  ListTrails: notBuilt('ListTrails'),
  GetTrailStatus: notBuilt('GetTrailStatus'),
  StartLogging: notBuilt('StartLogging'),
  StopLogging: notBuilt('StopLogging'),
  // Selectors and event configuration
  PutEventSelectors: notBuilt('PutEventSelectors'),
  GetEventSelectors: notBuilt('GetEventSelectors'),
  PutInsightSelectors: notBuilt('PutInsightSelectors'),
  GetInsightSelectors: notBuilt('GetInsightSelectors'),
  PutEventConfiguration: notBuilt('PutEventConfiguration'),
  GetEventConfiguration: notBuilt('GetEventConfiguration'),
  // Event history, Insights data and keys
  LookupEvents: lookupEvents,
  ListInsightsData: notBuilt('ListInsightsData'),
  ListInsightsMetricData: notBuilt('ListInsightsMetricData'),
  ListPublicKeys: notBuilt('ListPublicKeys'),
  // Event data stores
  CreateEventDataStore: notBuilt('CreateEventDataStore'),
  UpdateEventDataStore: notBuilt('UpdateEventDataStore'),
  DeleteEventDataStore: notBuilt('DeleteEventDataStore'),
  RestoreEventDataStore: notBuilt('RestoreEventDataStore'),
  GetEventDataStore: notBuilt('GetEventDataStore'),
  ListEventDataStores: notBuilt('ListEventDataStores'),
  StartEventDataStoreIngestion: notBuilt('StartEventDataStoreIngestion'),
  StopEventDataStoreIngestion: notBuilt('StopEventDataStoreIngestion'),
  EnableFederation: notBuilt('EnableFederation'),
  DisableFederation: notBuilt('DisableFederation'),
  // Queries
  StartQuery: notBuilt('StartQuery'),
  DescribeQuery: notBuilt('DescribeQuery'),
  GetQueryResults: notBuilt('GetQueryResults'),
  ListQueries: notBuilt('ListQueries'),
  CancelQuery: notBuilt('CancelQuery'),
  GenerateQuery: notBuilt('GenerateQuery'),
  SearchSampleQueries: notBuilt('SearchSampleQueries'),
  // Imports
  StartImport: notBuilt('StartImport'),
  StopImport: notBuilt('StopImport'),
  GetImport: notBuilt('GetImport'),
  ListImports: notBuilt('ListImports'),
  ListImportFailures: notBuilt('ListImportFailures'),
  // Channels
  CreateChannel: notBuilt('CreateChannel'),
  UpdateChannel: notBuilt('UpdateChannel'),
  DeleteChannel: notBuilt('DeleteChannel'),
  GetChannel: notBuilt('GetChannel'),
  ListChannels: notBuilt('ListChannels'),
  // Dashboards
  CreateDashboard: notBuilt('CreateDashboard'),
  UpdateDashboard: notBuilt('UpdateDashboard'),
  DeleteDashboard: notBuilt('DeleteDashboard'),
  GetDashboard: notBuilt('GetDashboard'),
  ListDashboards: notBuilt('ListDashboards'),
  StartDashboardRefresh: notBuilt('StartDashboardRefresh'),
  // Tags and resource policies
  AddTags: notBuilt('AddTags'),
  RemoveTags: notBuilt('RemoveTags'),
  ListTags: notBuilt('ListTags'),
  PutResourcePolicy: notBuilt('PutResourcePolicy'),
  GetResourcePolicy: notBuilt('GetResourcePolicy'),
  DeleteResourcePolicy: notBuilt('DeleteResourcePolicy'),
  // Organizations
  RegisterOrganizationDelegatedAdmin: registerOrganizationDelegatedAdmin,
  DeregisterOrganizationDelegatedAdmin: deregisterOrganizationDelegatedAdmin,
} satisfies Record<OperationName, Operation>;

export const cloudTrailDataOperations = {
  PutAuditEvents: notBuilt('PutAuditEvents'),
} satisfies Record<string, Operation>;

/**
 * The operation of that name, or undefined; names come from outside, so inherited members must not be found.
 */
export function findOperation(
  service: 'cloudtrail' | 'cloudtrail-data',
  name: string,
): Operation | undefined {
  const index: Readonly<Record<string, Operation>> =
    service === 'cloudtrail' ? cloudTrailOperations : cloudTrailDataOperations;
  return Object.hasOwn(index, name) ? index[name] : undefined;
}

/** Refuses to start when the index and the API model do not name the same operations. */
export function assertOperationsMatchModel(): void {
  for (const [api, index] of [
    [cloudTrailApi, cloudTrailOperations],
    [cloudTrailDataApi, cloudTrailDataOperations],
  ] as const) {
    const modelled = Object.keys(api.operations);
    const indexed = Object.keys(index);
    const orphans = indexed.filter((name) => !modelled.includes(name));
    const missing = modelled.filter((name) => !indexed.includes(name));
    assert(orphans.length === 0, `operations that the API model does not have: ${orphans.join(', ')}`);
    assert(missing.length === 0, `operations of the API model without an entry: ${missing.join(', ')}`);
  }
}
