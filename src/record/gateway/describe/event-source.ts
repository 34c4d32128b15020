import type { DecodedCall } from '../decoded-call.ts';
import { UNCONFIRMED } from './unconfirmed-choices.ts';

/** Signing name → prefix of `eventSource`, where they differ. */
const BY_SIGNING_NAME: Readonly<Record<string, string>> = {
  'application-autoscaling': 'autoscaling',
  'autoscaling-plans': 'autoscaling-plans',
  awsssoportal: UNCONFIRMED.awsssoportalSource,
  cloudwatch: 'monitoring',
  IoTSecuredTunneling: 'iotsecuredtunneling',
  'rds-data': 'rdsdata',
  's3express-control': 's3express',
};

/** Key of the service in the tables → prefix, where the signing name is shared with another service. */
const BY_SERVICE: Readonly<Record<string, string>> = {
  appconfigdata: 'appconfig',
  'cloudtrail-data': 'cloudtrail-data',
  'iot-data': 'iotdata',
  'iot-jobs-data': 'iot-jobs-data',
  iotsecuretunneling: 'iotsecuredtunneling',
  mailmanager: 'ses',
  s3outposts: 's3-outposts',
  'servicecatalog-appregistry': 'servicecatalog-appregistry',
};

/** Data calls of the RDS Data API have a source of their own. */
const RDS_DATA_OPERATIONS = new Set([
  'BatchExecuteStatement',
  'BeginTransaction',
  'CommitTransaction',
  'ExecuteStatement',
  'RollbackTransaction',
]);

/** `eventSource` of a call: the signing name, unless it is shared or differs. */
export function eventSourceOf(decoded: DecodedCall): string {
  const { service, signingName } = decoded.recognition;
  if (signingName === 'rds-data' && RDS_DATA_OPERATIONS.has(decoded.operation ?? ''))
    return `rdsdataapi${UNCONFIRMED.eventSourceSuffix}`;
  const prefix = entryOf(BY_SERVICE, service) ?? entryOf(BY_SIGNING_NAME, signingName) ?? signingName;
  return `${prefix.toLowerCase()}${UNCONFIRMED.eventSourceSuffix}`;
}

function entryOf(table: Readonly<Record<string, string>>, key: string | undefined): string | undefined {
  return key !== undefined && Object.hasOwn(table, key) ? table[key] : undefined;
}
