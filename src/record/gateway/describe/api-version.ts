/** Services that write `apiVersion`; all others leave it out. */
const API_VERSIONS: Readonly<Record<string, string>> = {
  dynamodb: '2012-08-10',
  dynamodbstreams: '2012-08-10',
  elb: '2012-06-01',
  elbv2: '2015-12-01',
  logs: '20140328',
  route53: '2013-04-01',
};

export function apiVersionOf(service: string | undefined): string | undefined {
  return service !== undefined && Object.hasOwn(API_VERSIONS, service) ? API_VERSIONS[service] : undefined;
}
