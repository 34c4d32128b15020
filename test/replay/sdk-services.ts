import { NormalizedSchema } from '@smithy/core/schema';

/** Key of the service in the tables → name of its SDK client, where the package is not `client-<key>`. */
const PACKAGES: Readonly<Record<string, string>> = {
  autoscaling: 'auto-scaling',
  ce: 'cost-explorer',
  elasticbeanstalk: 'elastic-beanstalk',
  elb: 'elastic-load-balancing',
  elbv2: 'elastic-load-balancing-v2',
  events: 'eventbridge',
  logs: 'cloudwatch-logs',
  route53: 'route-53',
  s3control: 's3-control',
  secretsmanager: 'secrets-manager',
  'servicecatalog-appregistry': 'service-catalog-appregistry',
  stepfunctions: 'sfn',
};

export interface SdkOperation {
  readonly client: Record<string, unknown>;
  readonly input: NormalizedSchema;
}

/** The SDK's schema of an operation; undefined where its client is not installed or has no such operation. */
export async function sdkOperation(service: string, operation: string): Promise<SdkOperation | undefined> {
  let client: Record<string, unknown>;
  try {
    client = (await import(`@aws-sdk/client-${PACKAGES[service] ?? service}`)) as Record<string, unknown>;
  } catch (error) {
    if ((error as { code?: string }).code === 'ERR_MODULE_NOT_FOUND') return undefined;
    throw error;
  }
  const schema = client[`${operation}$`];
  if (!Array.isArray(schema) || client[`${operation}Command`] === undefined) return undefined;
  return { client, input: NormalizedSchema.of(schema[4]) };
}
