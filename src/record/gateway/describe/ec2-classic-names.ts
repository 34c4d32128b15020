/** How the list `wireName` of a classic EC2 request is written: `<set>: {items: [{<inner>: value}]}`. */
export interface ListName {
  readonly set: string;
  /** Member that holds the value of a scalar entry. */
  readonly inner: string;
  /** Name of the member that holds the entries; a few operations write `item`. */
  readonly entries: 'items' | 'item';
}

/** Wire name → set and inner member, for all classic operations. */
const LISTS: Readonly<Record<string, readonly [set: string, inner: string]>> = {
  Add: ['add', 'add'],
  AllocationId: ['allocationIdsSet', 'allocationId'],
  AttributeName: ['accountAttributeNameSet', 'attributeName'],
  BlockDeviceMapping: ['blockDeviceMapping', 'blockDeviceMapping'],
  BundleId: ['bundlesSet', 'bundleId'],
  ConversionTaskId: ['conversionTaskIdSet', 'conversionTaskId'],
  CustomerGatewayId: ['customerGatewaySet', 'customerGatewayId'],
  DhcpConfiguration: ['dhcpConfigurationSet', 'dhcpConfiguration'],
  DhcpOptionsId: ['dhcpOptionsSet', 'dhcpOptionsId'],
  ExecutableBy: ['executableBySet', 'user'],
  ExportTaskId: ['exportTaskIdSet', 'exportTaskId'],
  Filter: ['filterSet', 'filter'],
  GroupId: ['securityGroupIdSet', 'groupId'],
  GroupName: ['securityGroupSet', 'groupName'],
  Groups: ['groups', 'groupId'],
  ImageId: ['imagesSet', 'imageId'],
  InstanceId: ['instancesSet', 'instanceId'],
  InternetGatewayId: ['internetGatewayIdSet', 'internetGatewayId'],
  IpPermissions: ['ipPermissions', 'ipPermission'],
  IpRanges: ['ipRanges', 'cidrIp'],
  Ipv6Ranges: ['ipv6Ranges', 'cidrIpv6'],
  KeyName: ['keySet', 'keyName'],
  KeyPairId: ['keyPairIdSet', 'keyPairId'],
  NetworkAclId: ['networkAclIdSet', 'networkAclId'],
  NetworkInterface: ['networkInterfaceSet', 'networkInterface'],
  NetworkInterfaceId: ['networkInterfaceIdSet', 'networkInterfaceId'],
  Owner: ['ownersSet', 'owner'],
  PrefixListIds: ['prefixListIds', 'prefixListId'],
  PrivateIpAddress: ['privateIpAddressesSet', 'privateIpAddress'],
  PrivateIpAddresses: ['privateIpAddressesSet', 'privateIpAddress'],
  PublicIp: ['publicIpsSet', 'publicIp'],
  RegionName: ['regionSet', 'regionName'],
  Remove: ['remove', 'remove'],
  ReservedInstancesId: ['reservedInstancesSet', 'reservedInstancesId'],
  ReservedInstancesOfferingId: ['reservedInstancesOfferingsSet', 'reservedInstancesOfferingId'],
  ResourceId: ['resourcesSet', 'resourceId'],
  RestorableBy: ['sharedUsersSet', 'user'],
  RouteTableId: ['routeTableIdSet', 'routeTableId'],
  SecurityGroup: ['groupSet', 'groupName'],
  SecurityGroupId: ['groupSet', 'groupId'],
  SnapshotId: ['snapshotSet', 'snapshotId'],
  SpotInstanceRequestId: ['spotInstanceRequestIdSet', 'spotInstanceRequestId'],
  SubnetId: ['subnetSet', 'subnetId'],
  Tag: ['tagSet', 'tag'],
  TagSpecification: ['tagSpecificationSet', 'tagSpecification'],
  UserGroup: ['userGroup', 'group'],
  UserId: ['userId', 'userId'],
  Value: ['valueSet', 'value'],
  VolumeId: ['volumeSet', 'volumeId'],
  VpcId: ['vpcSet', 'vpcId'],
  VpcPeeringConnectionId: ['vpcPeeringConnectionIdSet', 'vpcPeeringConnectionId'],
  VpnConnectionId: ['vpnConnectionSet', 'vpnConnectionId'],
  VpnGatewayId: ['vpnGatewaySet', 'vpnGatewayId'],
  ZoneId: ['availabilityZoneIdSet', 'zoneId'],
  ZoneName: ['availabilityZoneSet', 'zoneName'],
};

/** Where an operation differs from the table above. */
const LISTS_BY_OPERATION: Readonly<Record<string, Readonly<Record<string, readonly [string, string]>>>> = {
  DescribePlacementGroups: {
    GroupId: ['placementGroupIdSet', 'groupId'],
    GroupName: ['placementGroupSet', 'groupName'],
  },
  ModifyInstanceAttribute: { GroupId: ['groupSet', 'groupId'] },
  ModifyNetworkInterfaceAttribute: { SecurityGroupId: ['groupSet', 'groupId'] },
};

/** Lists that are written as `{}` when they are not sent. */
const EMPTY_SETS: Readonly<Record<string, readonly string[]>> = {
  AuthorizeSecurityGroupEgress: ['ipPermissions'],
  AuthorizeSecurityGroupIngress: ['ipPermissions'],
  CreateNetworkInterface: ['groupSet', 'privateIpAddressesSet'],
  DescribeAccountAttributes: ['accountAttributeNameSet', 'filterSet'],
  DescribeAddresses: ['publicIpsSet', 'filterSet', 'allocationIdsSet'],
  DescribeAvailabilityZones: ['availabilityZoneSet', 'availabilityZoneIdSet'],
  DescribeBundleTasks: ['bundlesSet', 'filterSet'],
  DescribeCustomerGateways: ['customerGatewaySet', 'filterSet'],
  DescribeDhcpOptions: ['dhcpOptionsSet', 'filterSet'],
  DescribeImages: ['executableBySet', 'imagesSet', 'ownersSet', 'filterSet'],
  DescribeInstanceStatus: ['instancesSet', 'filterSet'],
  DescribeInstances: ['instancesSet', 'filterSet'],
  DescribeInternetGateways: ['internetGatewayIdSet', 'filterSet'],
  DescribeKeyPairs: ['keySet', 'filterSet', 'keyPairIdSet'],
  DescribeNetworkAcls: ['networkAclIdSet', 'filterSet'],
  DescribeNetworkInterfaces: ['networkInterfaceIdSet', 'filterSet'],
  DescribePlacementGroups: ['placementGroupSet', 'placementGroupIdSet', 'filterSet'],
  DescribeRegions: ['regionSet'],
  DescribeReservedInstances: ['reservedInstancesSet', 'filterSet'],
  DescribeRouteTables: ['routeTableIdSet', 'filterSet'],
  DescribeSecurityGroups: ['securityGroupSet', 'securityGroupIdSet', 'filterSet'],
  DescribeSnapshots: ['snapshotSet', 'ownersSet', 'sharedUsersSet', 'filterSet'],
  DescribeSpotInstanceRequests: ['spotInstanceRequestIdSet', 'filterSet'],
  DescribeSubnets: ['subnetSet', 'filterSet'],
  DescribeTags: ['filterSet'],
  DescribeVolumeStatus: ['volumeSet', 'filterSet'],
  DescribeVolumes: ['volumeSet', 'filterSet'],
  DescribeVpcClassicLink: ['vpcSet', 'filterSet'],
  DescribeVpcPeeringConnections: ['vpcPeeringConnectionIdSet', 'filterSet'],
  DescribeVpcs: ['vpcSet', 'filterSet'],
  DescribeVpnConnections: ['vpnConnectionSet', 'filterSet'],
  DescribeVpnGateways: ['vpnGatewaySet', 'filterSet'],
  RevokeSecurityGroupEgress: ['ipPermissions'],
  RevokeSecurityGroupIngress: ['ipPermissions'],
  RunInstances: ['blockDeviceMapping'],
};

/** Lists inside an entry of `IpPermissions` that are always written. */
export const IP_PERMISSION_SETS = ['groups', 'ipRanges', 'ipv6Ranges', 'prefixListIds'] as const;

/** Scalar members that are written under another name. */
const SCALARS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  CreateVolume: { AvailabilityZone: 'zone' },
  ModifyImageAttribute: { Attribute: 'attributeType' },
  ModifySnapshotAttribute: { Attribute: 'attributeType' },
  RegisterImage: { SriovNetSupport: 'sriovNetSupport' },
};

/** What the service adds where a member was not sent. */
export const SERVICE_DEFAULTS: Readonly<Record<string, Readonly<Record<string, boolean>>>> = {
  DeleteSnapshot: { force: false },
  DeleteVolume: { reportVolumeFailure: false },
};

/** Numbers that are recorded as text. */
const NUMBERS_AS_TEXT: Readonly<Record<string, readonly string[]>> = { CreateVolume: ['Size', 'Iops'] };

export function classicListName(operation: string, wireName: string): ListName {
  const row = LISTS_BY_OPERATION[operation]?.[wireName] ?? own(LISTS, wireName);
  const plain = wireName.charAt(0).toLowerCase() + wireName.slice(1);
  return {
    set: row?.[0] ?? `${plain}Set`,
    inner: row?.[1] ?? plain,
    entries: operation === 'DescribeVpcClassicLink' && wireName === 'VpcId' ? 'item' : 'items',
  };
}

export function classicScalarName(operation: string, wireName: string): string {
  return own(SCALARS, operation)?.[wireName] ?? wireName.charAt(0).toLowerCase() + wireName.slice(1);
}

export function emptyClassicSets(operation: string): readonly string[] {
  return own(EMPTY_SETS, operation) ?? [];
}

export function isNumberAsText(operation: string, wireName: string): boolean {
  return own(NUMBERS_AS_TEXT, operation)?.includes(wireName) ?? false;
}

function own<Value>(table: Readonly<Record<string, Value>>, key: string): Value | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}
