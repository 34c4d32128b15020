import { UNCONFIRMED } from './unconfirmed-choices.ts';

/** First words of operations that only read; from `Detect` on the evidence is weak. */
const READING_VERBS = [
  ...[
    'Get',
    'List',
    'Describe',
    'Head',
    'Lookup',
    'Search',
    'BatchGet',
    'BatchDescribe',
    'Check',
    'Validate',
  ],
  ...['Is', 'Count', 'Query', 'Scan', 'Calculate', 'Preview', 'Simulate', 'Select'],
  ...['Detect', 'Estimate', 'Discover', 'Resolve', 'Test', 'View', 'Filter', 'Retrieve', 'Poll'],
];

/** Whole words only: `Is` must not take `IssueCertificate`. Example: `BatchGetItem`, `ListTags`. */
const READING_NAME = new RegExp(`^(?:${READING_VERBS.join('|')})(?![a-z])`);

/** `<prefix of eventSource>:<operation>` → answer, where the verb misleads. */
const EXCEPTIONS: ReadonlyMap<string, boolean> = new Map([
  ...rows(true, 'kms', 'Decrypt Encrypt GenerateDataKey GenerateDataKeyPair'),
  ...rows(true, 'kms', 'GenerateDataKeyPairWithoutPlaintext GenerateDataKeyWithoutPlaintext'),
  ...rows(
    UNCONFIRMED.kmsCryptographyIsReadOnly,
    'kms',
    'ReEncrypt GenerateMac VerifyMac Sign Verify GenerateRandom DeriveSharedSecret',
  ),
  ...rows(true, 'sts', 'AssumeRole AssumeRoleWithSAML AssumeRoleWithWebIdentity GetCallerIdentity'),
  ...rows(true, 'sts', 'DecodeAuthorizationMessage GetAccessKeyInfo'),
  ...rows(false, 'sts', 'AssumeRoot GetFederationToken GetSessionToken'),
  ...rows(false, 'signin', 'ConsoleLogin CheckMfa GetSigninToken'),
  ...rows(true, 'signin', 'CreateOAuth2Token'),
  ...rows(false, 'cognito-identity', 'GetCredentialsForIdentity GetId GetOpenIdToken'),
  ...rows(false, 'lambda', 'Invoke InvokeAsync InvokeWithResponseStream'),
  ...rows(
    UNCONFIRMED.bedrockInvocationIsReadOnly,
    'bedrock',
    'InvokeModel InvokeModelWithResponseStream InvokeModelWithBidirectionalStream Converse ConverseStream',
  ),
  ...rows(
    UNCONFIRMED.partiQlIsReadOnly,
    'dynamodb',
    'ExecuteStatement ExecuteTransaction BatchExecuteStatement',
  ),
  ...rows(true, 'dynamodb', 'TransactGetItems'),
  ...rows(UNCONFIRMED.sqsReceiveMessageIsReadOnly, 'sqs', 'ReceiveMessage'),
  ...rows(true, 'bedrock', 'ExportAutomatedReasoningPolicyVersion'),
  ...rows(true, 'deadline', 'StartSessionsStatisticsAggregation'),
  ...rows(true, 'geo-places', 'Autocomplete Geocode ReverseGeocode Suggest'),
  ...rows(true, 'geo-routes', 'OptimizeWaypoints SnapToRoads'),
  ...rows(true, 'geo', 'ForecastGeofenceEvents'),
  ...rows(true, 'ivs', 'StartViewerSessionRevocation BatchStartViewerSessionRevocation'),
  ...rows(true, 'neptune-db', 'ExecuteOpenCypherExplainQuery'),
  ...rows(true, 'networkflowmonitor', 'StartQueryWorkloadInsightsTopContributors'),
  ...rows(true, 'networkflowmonitor', 'StopQueryWorkloadInsightsTopContributors'),
  ...rows(true, 'networkflowmonitor', 'StartQueryWorkloadInsightsTopContributorsData'),
  ...rows(true, 'networkflowmonitor', 'StopQueryWorkloadInsightsTopContributorsData'),
  ...rows(true, 'wisdom', 'QueryAssistant Retrieve'),
  ...rows(true, 'verifiedpermissions', 'IsAuthorized IsAuthorizedWithToken'),
  ...rows(true, 'verifiedpermissions', 'BatchIsAuthorized BatchIsAuthorizedWithToken'),
]);

/** Whether an operation only reads. */
export function isReadOnly(options: {
  readonly eventSource: string;
  readonly operation: string | undefined;
  readonly method: string;
  readonly isRest: boolean;
}): boolean {
  const { eventSource, operation, method, isRest } = options;
  if (operation !== undefined) {
    const exception = EXCEPTIONS.get(`${eventSource.slice(0, eventSource.indexOf('.'))}:${operation}`);
    if (exception !== undefined) return exception;
    if (READING_NAME.test(operation)) return true;
  }
  return (isRest || operation === undefined) && (method === 'GET' || method === 'HEAD');
}

function rows(answer: boolean, source: string, operations: string): [string, boolean][] {
  return operations.split(' ').map((operation) => [`${source}:${operation}`, answer]);
}
