/** Member name → resource type, by prefix of `eventSource`. Only the rows of ec2, cloudtrail, kms and eks are confirmed. */
const ROWS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  autoscaling: {
    autoScalingGroupName: 'AWS::AutoScaling::AutoScalingGroup',
    autoScalingGroupARN: 'AWS::AutoScaling::AutoScalingGroup',
    launchConfigurationName: 'AWS::AutoScaling::LaunchConfiguration',
  },
  cloudformation: { stackName: 'AWS::CloudFormation::Stack', stackId: 'AWS::CloudFormation::Stack' },
  cloudtrail: {
    eventDataStore: 'AWS::CloudTrail::EventDataStore',
    eventDataStoreArn: 'AWS::CloudTrail::EventDataStore',
    name: 'AWS::CloudTrail::Trail',
    trailARN: 'AWS::CloudTrail::Trail',
    trailArn: 'AWS::CloudTrail::Trail',
    trailName: 'AWS::CloudTrail::Trail',
  },
  dynamodb: { tableArn: 'AWS::DynamoDB::Table', tableName: 'AWS::DynamoDB::Table' },
  ec2: {
    allocationId: 'AWS::EC2::EIP',
    groupId: 'AWS::EC2::SecurityGroup',
    groupName: 'AWS::EC2::SecurityGroup',
    imageId: 'AWS::EC2::Ami',
    instanceId: 'AWS::EC2::Instance',
    internetGatewayId: 'AWS::EC2::InternetGateway',
    keyName: 'AWS::EC2::KeyPair',
    natGatewayId: 'AWS::EC2::NatGateway',
    networkAclId: 'AWS::EC2::NetworkAcl',
    networkInterfaceId: 'AWS::EC2::NetworkInterface',
    routeTableId: 'AWS::EC2::RouteTable',
    snapshotId: 'AWS::EC2::Snapshot',
    subnetId: 'AWS::EC2::Subnet',
    volumeId: 'AWS::EC2::Volume',
    vpcId: 'AWS::EC2::VPC',
  },
  ecs: {
    cluster: 'AWS::ECS::Cluster',
    clusterArn: 'AWS::ECS::Cluster',
    clusterName: 'AWS::ECS::Cluster',
    serviceArn: 'AWS::ECS::Service',
    serviceName: 'AWS::ECS::Service',
    taskDefinition: 'AWS::ECS::TaskDefinition',
    taskDefinitionArn: 'AWS::ECS::TaskDefinition',
  },
  eks: { clusterName: 'AWS::EKS::Cluster', name: 'AWS::EKS::Cluster' },
  elasticloadbalancing: {
    loadBalancerArn: 'AWS::ElasticLoadBalancingV2::LoadBalancer',
    loadBalancerName: 'AWS::ElasticLoadBalancing::LoadBalancer',
    targetGroupArn: 'AWS::ElasticLoadBalancingV2::TargetGroup',
  },
  iam: {
    accessKeyId: 'AWS::IAM::AccessKey',
    groupName: 'AWS::IAM::Group',
    instanceProfileName: 'AWS::IAM::InstanceProfile',
    policyArn: 'AWS::IAM::Policy',
    policyName: 'AWS::IAM::Policy',
    roleName: 'AWS::IAM::Role',
    userName: 'AWS::IAM::User',
  },
  kms: { keyId: 'AWS::KMS::Key', targetKeyId: 'AWS::KMS::Key' },
  lambda: { functionArn: 'AWS::Lambda::Function', functionName: 'AWS::Lambda::Function' },
  logs: { logGroupName: 'AWS::Logs::LogGroup', logGroupIdentifier: 'AWS::Logs::LogGroup' },
  rds: {
    dBClusterArn: 'AWS::RDS::DBCluster',
    dBClusterIdentifier: 'AWS::RDS::DBCluster',
    dBInstanceArn: 'AWS::RDS::DBInstance',
    dBInstanceIdentifier: 'AWS::RDS::DBInstance',
    dBSnapshotArn: 'AWS::RDS::DBSnapshot',
    dBSnapshotIdentifier: 'AWS::RDS::DBSnapshot',
    dBSubnetGroupName: 'AWS::RDS::DBSubnetGroup',
  },
  s3: { bucketName: 'AWS::S3::Bucket' },
  secretsmanager: {
    aRN: 'AWS::SecretsManager::Secret',
    arn: 'AWS::SecretsManager::Secret',
    name: 'AWS::SecretsManager::Secret',
    secretId: 'AWS::SecretsManager::Secret',
  },
  sns: { subscriptionArn: 'AWS::SNS::Subscription', topicArn: 'AWS::SNS::Topic' },
  sqs: { queueName: 'AWS::SQS::Queue', queueUrl: 'AWS::SQS::Queue' },
  sts: {
    accessKeyId: 'AWS::IAM::AccessKey',
    assumedRoleId: 'AWS::STS::AssumedRole',
    roleArn: 'AWS::IAM::Role',
  },
};

/** IAM and STS name the type of an `arn` in the ARN itself: `…:user/team/bob`. */
const BY_ARN_KIND: Readonly<Record<string, string>> = {
  'assumed-role': 'AWS::STS::AssumedRole',
  group: 'AWS::IAM::Group',
  'instance-profile': 'AWS::IAM::InstanceProfile',
  policy: 'AWS::IAM::Policy',
  role: 'AWS::IAM::Role',
  user: 'AWS::IAM::User',
};

/** Wrapped EC2 calls have the same names with a capital. */
const TABLES: ReadonlyMap<string, ReadonlyMap<string, string>> = new Map(
  Object.entries(ROWS).map(([source, names]) => [
    `${source}.amazonaws.com`,
    new Map(
      Object.entries(names).flatMap(([name, type]) => [
        [name, type],
        ...(source === 'ec2' ? ([[name.charAt(0).toUpperCase() + name.slice(1), type]] as const) : []),
      ]),
    ),
  ]),
);

/** Names to look for in the parameters and answers of a source; undefined where none are known. */
export function resourceNamesOf(eventSource: string): ReadonlyMap<string, string> | undefined {
  return TABLES.get(eventSource);
}

/** Type of an IAM or STS resource by its ARN; undefined for others. */
export function typeOfIamArn(arn: string): string | undefined {
  const kind = /^arn:[^:]*:(?:iam|sts)::[^:]*:([a-z-]+)\//.exec(arn)?.[1];
  return kind !== undefined && Object.hasOwn(BY_ARN_KIND, kind) ? BY_ARN_KIND[kind] : undefined;
}
