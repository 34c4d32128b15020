import { addHidePath, emptyHideTree, type HideAction, type HideNode } from './hide-tree.ts';
import { UNCONFIRMED } from './unconfirmed-choices.ts';

type Direction = 'in' | 'out';

/** What a service does with the members that its API model marks as sensitive. */
const MODEL_MARKED: Readonly<Record<string, HideAction>> = {
  ec2: 'remove',
  iam: 'drop',
  kms: 'drop',
  lambda: 'drop',
  'rds-data': 'stars',
  secretsmanager: 'drop',
  sts: 'drop',
};

/** Rows beyond the marks of the models: operation (`*` = all), direction, paths, what is written. */
type Row = readonly [operation: string, direction: Direction, action: HideAction, ...paths: string[]];

const SES_MESSAGE = [
  'Source',
  'Destination',
  'Destinations',
  'Message',
  'RawMessage',
  'ReplyToAddresses',
  'ReturnPath',
];

/*
 * CloudFormation's `parameterValue` is not among them: which parameters are NoEcho only the template tells, and a call
 * that names a parameter need not carry the template.
 */
const ROWS: Readonly<Record<string, readonly Row[]>> = {
  amplify: [
    ['*', 'in', 'empty', 'environmentVariables', 'autoBranchCreationConfig.environmentVariables'],
    ['*', 'out', 'empty', 'app.environmentVariables', 'app.autoBranchCreationConfig.environmentVariables'],
    ['*', 'out', 'empty', 'branch.environmentVariables'],
  ],
  apigateway: [
    ['CreateApiKey', 'in', 'hide', 'value'],
    ['*', 'out', 'hide', 'value'],
  ],
  autoscaling: [['CreateLaunchConfiguration', 'in', 'remove', 'UserData']],
  'bedrock-runtime': [['*', 'in', 'drop', 'messages', 'system', 'prompt', 'body', 'content']],
  codebuild: [
    ['*', 'in', 'hide', 'environment.environmentVariables[].value', 'environmentVariablesOverride[].value'],
    ['*', 'out', 'hide', 'project.environment.environmentVariables[].value'],
    ['*', 'out', 'hide', 'build.environment.environmentVariables[].value'],
  ],
  'cognito-identity': [['*', 'in', 'hide', 'Logins']],
  dynamodb: [
    ['*', 'in', 'names', 'Item'],
    ['*', 'in', 'key', 'Key'],
    [
      '*',
      'in',
      'hide',
      'ExpressionAttributeValues',
      'AttributeUpdates',
      'Expected',
      'KeyConditions',
      'QueryFilter',
    ],
    ['*', 'in', 'hide', 'ScanFilter', 'Parameters'],
    ['*', 'in', 'partiQl', 'Statement', 'Statements[].Statement', 'TransactStatements[].Statement'],
    ['*', 'in', 'hide', 'Statements[].Parameters', 'TransactStatements[].Parameters'],
    ['BatchWriteItem', 'in', 'names', 'RequestItems{}[].PutRequest.Item'],
    ['BatchWriteItem', 'in', 'key', 'RequestItems{}[].DeleteRequest.Key'],
    ['BatchGetItem', 'in', 'key', 'RequestItems{}.Keys[]'],
    ['TransactWriteItems', 'in', 'names', 'TransactItems[].Put.Item'],
    ['TransactWriteItems', 'in', 'key', 'TransactItems[].Update.Key', 'TransactItems[].Delete.Key'],
    ['TransactWriteItems', 'in', 'key', 'TransactItems[].ConditionCheck.Key'],
    ['TransactWriteItems', 'in', 'hide', 'TransactItems[].Put.ExpressionAttributeValues'],
    ['TransactWriteItems', 'in', 'hide', 'TransactItems[].Update.ExpressionAttributeValues'],
    ['TransactWriteItems', 'in', 'hide', 'TransactItems[].Delete.ExpressionAttributeValues'],
    ['TransactWriteItems', 'in', 'hide', 'TransactItems[].ConditionCheck.ExpressionAttributeValues'],
    ['TransactGetItems', 'in', 'key', 'TransactItems[].Get.Key'],
  ],
  ebs: [
    ['StartSnapshot', 'in', 'hide', 'KmsKeyArn'],
    ['PutSnapshotBlock', 'in', 'drop', 'BlockData'],
  ],
  ec2: [
    ['*', 'in', 'remove', 'UserData', 'LaunchTemplateData.UserData', 'LaunchSpecification.UserData'],
    ['ModifyInstanceAttribute', 'in', 'remove', 'UserData.Value'],
    ['*', 'out', 'remove', 'keyMaterial', 'passwordData'],
  ],
  events: [['PutEvents', 'in', 'drop', 'Entries[].Detail']],
  firehose: [['*', 'in', 'drop', 'Record.Data', 'Records[].Data']],
  iam: [
    ['*', 'in', 'drop', 'Password', 'OldPassword', 'NewPassword', 'PrivateKey', 'AuthenticationCode1'],
    ['*', 'in', 'drop', 'AuthenticationCode2', 'SAMLPrivateKey'],
    ['*', 'out', 'drop', 'AccessKey.SecretAccessKey', 'ServiceSpecificCredential.ServicePassword'],
    ['*', 'out', 'drop', 'VirtualMFADevice.Base32StringSeed', 'VirtualMFADevice.QRCodePNG'],
  ],
  kinesis: [['*', 'in', 'drop', 'Data', 'Records[].Data']],
  lightsail: [['CreateInstances', 'in', 'remove', 'userData']],
  logs: [['PutLogEvents', 'in', 'drop', 'logEvents']],
  kms: [
    ['*', 'in', 'drop', 'Plaintext', 'CiphertextBlob', 'Message', 'Signature', 'Mac', 'EncryptedKeyMaterial'],
    ['*', 'in', 'drop', 'ImportToken', 'PublicKey'],
    ['*', 'out', 'drop', 'Plaintext', 'CiphertextBlob', 'PrivateKeyPlaintext', 'PrivateKeyCiphertextBlob'],
    ['*', 'out', 'drop', 'Policy', 'ImportToken', 'PublicKey', 'SharedSecret', 'Mac', 'Signature'],
  ],
  lambda: [
    ['*', 'in', 'empty', 'Environment'],
    ['*', 'out', 'empty', 'Environment'],
    ['*', 'in', 'drop', 'ZipFile', 'Code.ZipFile', 'Content.ZipFile', 'Payload', 'InvokeArgs'],
  ],
  'rds-data': [
    ['*', 'in', 'stars', 'database', 'schema', 'sql', 'parameters', 'parameterSets', 'sqlStatements'],
  ],
  secretsmanager: [
    ['*', 'in', 'drop', 'SecretString', 'SecretBinary'],
    ['*', 'out', 'drop', 'SecretString', 'SecretBinary', 'RandomPassword'],
  ],
  ses: [['*', 'in', 'hide', ...SES_MESSAGE, 'TemplateData', 'DefaultTemplateData']],
  sesv2: [
    ['SendEmail', 'in', 'hide', 'FromEmailAddress', 'Destination', 'ReplyToAddresses', 'Content'],
    ['SendBulkEmail', 'in', 'hide', 'FromEmailAddress', 'ReplyToAddresses', 'DefaultContent'],
    ['SendBulkEmail', 'in', 'hide', 'BulkEmailEntries'],
  ],
  sns: [
    ['Publish', 'in', 'hide', 'Message', 'Subject', 'MessageAttributes', 'PhoneNumber'],
    ['PublishBatch', 'in', 'hide', 'PublishBatchRequestEntries[].Message'],
    ['PublishBatch', 'in', 'hide', 'PublishBatchRequestEntries[].Subject'],
    ['PublishBatch', 'in', 'hide', 'PublishBatchRequestEntries[].MessageAttributes'],
  ],
  sqs: [
    ['SendMessage', 'in', 'hide', 'MessageBody', 'MessageAttributes', 'MessageSystemAttributes'],
    ['SendMessageBatch', 'in', 'hide', 'Entries[].MessageBody', 'Entries[].MessageAttributes'],
    ['SendMessageBatch', 'in', 'hide', 'Entries[].MessageSystemAttributes'],
  ],
  ssm: [
    ['PutParameter', 'in', 'hide', 'Value'],
    ['SendCommand', 'in', 'hide', 'Parameters'],
    ['SendCommand', 'out', 'hide', 'Command.Parameters'],
  ],
  sts: [
    ['*', 'in', 'drop', 'SAMLAssertion', 'WebIdentityToken', 'TokenCode', 'TradeInToken'],
    ['*', 'out', 'drop', 'Credentials.SecretAccessKey'],
  ],
  xray: [['PutTraceSegments', 'in', 'hide', 'TraceSegmentDocuments']],
};

interface HideOptions {
  readonly service: string | undefined;
  readonly operation: string | undefined;
  readonly direction: Direction;
  readonly modelPaths: readonly string[];
}

/** Trees that were built, by the table's own list of paths, so that names that only callers invent leave nothing here. */
const built = new WeakMap<readonly string[], Map<string, HideNode>>();

/**
 * The members of one operation that must not be seen; `modelPaths` are the table's `hideIn` or `hideOut`. The tree is
 * shared: callers only read it.
 */
export function hideTreeOf(options: HideOptions): HideNode {
  const { service, operation, direction, modelPaths } = options;
  let trees = built.get(modelPaths);
  if (trees === undefined) {
    trees = new Map();
    built.set(modelPaths, trees);
  }
  const name = `${direction} ${service} ${operation}`;
  let tree = trees.get(name);
  if (tree === undefined) {
    tree = buildHideTree(options);
    trees.set(name, tree);
  }
  return tree;
}

function buildHideTree(options: HideOptions): HideNode {
  const { service, operation, direction, modelPaths } = options;
  const tree = emptyHideTree();
  const marked = entryOf(MODEL_MARKED, service) ?? UNCONFIRMED.sensitiveMember;
  for (const path of modelPaths) addHidePath(tree, path, marked);
  for (const [name, rowDirection, action, ...paths] of entryOf(ROWS, service) ?? []) {
    if (rowDirection !== direction || (name !== '*' && name !== operation)) continue;
    for (const path of paths) addHidePath(tree, path, action);
  }
  return tree;
}

/** Members whose very name tells a secret, in services that the tables do not have. Example: `clientSecret`. */
const SECRET_NAME =
  /(?:password|passwd|secret(?!Id|Arn|Name|VersionId)|token(?!Type)|privateKey|credential|apiKey|authorization|messageBody|plaintext)/i;

/** Never hidden, though the pattern takes them. */
const HARMLESS_NAME =
  /^(?:next|client|clientRequest|pagination|continuation|session|start|starting|upload)_?token$/i;

/** The narrower pattern for services whose models mark what is sensitive: names that leave no doubt. */
const CERTAIN_SECRET_NAME =
  /(?:passwords?|passwd|privateKey|preSharedKey|clientSecret|platformCredential|secretAccessKey|authToken|plaintext)$/i;

/** Whether a text member must be hidden for its name alone. */
export function isSecretName(name: string, isKnownOperation: boolean): boolean {
  if (isKnownOperation) return CERTAIN_SECRET_NAME.test(name);
  return SECRET_NAME.test(name) && !HARMLESS_NAME.test(name);
}

function entryOf<Value>(table: Readonly<Record<string, Value>>, key: string | undefined): Value | undefined {
  return key !== undefined && Object.hasOwn(table, key) ? table[key] : undefined;
}
