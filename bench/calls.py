"""The table of API calls that the corpus is made of: names, shares, shape of their parameters.

Names and shares are those of a real trail of management events (docs/bench.md); the values are invented. A
template says `%(word)s` where `bench.draw.Draw` puts a value.

Next: `bench.events`, which makes whole records of these.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Call:
    """One API call.

    share: relative frequency; request, response: JSON text with placeholders; resource: an ARN, or empty;
    error: (errorCode, errorMessage) of those that fail; error_share: how many of them do.
    """

    name: str
    service: str
    share: float
    request: str = "null"
    response: str = "null"
    read_only: bool = True
    resource: str = ""
    error: tuple[str, str] | None = None
    error_share: float = 0.0

    @property
    def weight(self) -> int:
        """About how many bytes of a record are the call's own."""
        return len(self.name) + len(self.request) + len(self.response) + len(self.resource) * 2


_PARAMETER: Final = "arn:aws:ssm:%(region)s:%(account)s:parameter%(parameter)s"
_SECRET: Final = "arn:aws:secretsmanager:%(region)s:%(account)s:secret:%(secret)s"
_KEY: Final = "arn:aws:kms:%(region)s:%(account)s:key/%(key)s"
_ROLE: Final = '{"roleName":"%(role)s"}'
_CONTEXT: Final = (
    f'"encryptionContext":{{"PARAMETER_ARN":"{_PARAMETER}"}},"encryptionAlgorithm":"SYMMETRIC_DEFAULT"'
)
_DENIED: Final = (
    "Client.UnauthorizedOperation",
    "You are not authorized to perform this operation. %(encoded)s",
)
_THROTTLED: Final = ("ThrottlingException", "Rate exceeded")
_NO_ROUTE_TABLE: Final = (
    "Client.InvalidRouteTableID.NotFound",
    "The routeTable ID '%(routetable)s' does not exist",
)
_NO_BUCKET_POLICY: Final = ("NoSuchBucketPolicy", "The bucket policy does not exist")


def _ids(group: str, field: str, word: str) -> str:
    """The parameters of an EC2 Describe call for one id."""
    return f'{{"{group}":{{"items":[{{"{field}":"%({word})s"}}]}},"filterSet":{{}}}}'


def _classic(name: str) -> str:
    """The parameters of the calls that CloudTrail logs in the form of the older query protocol."""
    return f'{{"{name}Request":{{"VpcIds":{{"tag":1,"content":"%(vpc)s"}}}}}}'


def _bucket(name: str, share: float, query: str, error: tuple[str, str] | None = None) -> Call:
    request = f'{{"bucketName":"%(bucket)s","Host":"%(bucket)s.s3.%(region)s.amazonaws.com","{query}":""}}'
    return Call(name, "s3", share, request, resource="arn:aws:s3:::%(bucket)s", error=error, error_share=0.5)


ORDINARY: Final = (
    Call("Decrypt", "kms", 178, f"{{{_CONTEXT}}}", resource=_KEY),
    Call("DescribeRouteTables", "ec2", 163, _ids("routeTableIdSet", "routeTableId", "routetable"),
         error=_NO_ROUTE_TABLE, error_share=0.08),
    Call("GetUser", "iam", 130),
    Call("DescribeParameters", "ssm", 122,
         '{"parameterFilters":[{"key":"Name","option":"Equals","values":["%(parameter)s"]}],"shared":false}',
         error=_THROTTLED, error_share=0.5),
    Call("ListTagsForResource", "ssm", 88, '{"resourceType":"Parameter","resourceId":"%(parameter)s"}',
         error=_THROTTLED, error_share=0.4),
    Call("GetParameter", "ssm", 82, '{"name":"%(parameter)s","withDecryption":true}', resource=_PARAMETER),
    Call("DeleteParameter", "ssm", 78, '{"name":"%(parameter)s"}', read_only=False, resource=_PARAMETER),
    Call("PutParameter", "ssm", 67,
         '{"name":"%(parameter)s","value":"HIDDEN_DUE_TO_SECURITY_REASONS","type":"SecureString","overwrite":false}',
         '{"version":1,"tier":"Standard"}', read_only=False, resource=_PARAMETER),
    Call("GetSecretValue", "secretsmanager", 60, f'{{"secretId":"{_SECRET}","versionId":"%(uuid)s"}}'),
    Call("DescribeNatGateways", "ec2", 54,
         '{"DescribeNatGatewaysRequest":{"NatGatewayId":{"tag":1,"content":"%(nat)s"}}}'),
    Call("AssumeRole", "sts", 49,
         '{"roleArn":"arn:aws:iam::%(account)s:role/%(role)s","roleSessionName":"%(session)s","durationSeconds":3600}',
         '{"credentials":{"accessKeyId":"ASIA%(key_id)s","sessionToken":"%(token)s"},'
         '"assumedRoleUser":{"assumedRoleId":"AROA%(key_id)s:%(session)s"}}',
         resource="arn:aws:iam::%(account)s:role/%(role)s"),
    Call("DescribeVpcAttribute", "ec2", 48, '{"vpcId":"%(vpc)s","attribute":"enableDnsSupport"}'),
    Call("DescribeEventAggregates", "health", 48,
         '{"filter":{"eventStatusCodes":["open","upcoming"]},"aggregateField":"eventTypeCategory"}'),
    Call("DescribeOrderableDBInstanceOptions", "rds", 45,
         '{"dBInstanceClass":"db.t3.micro","engineVersion":"8.0.35","engine":"mysql","maxRecords":1000}'),
    Call("DescribeVpcs", "ec2", 43, _ids("vpcSet", "vpcId", "vpc")),
    Call("Encrypt", "kms", 42, f'{{"keyId":"alias/aws/ssm",{_CONTEXT}}}', resource=_KEY),
    Call("DescribeAccountAttributes", "ec2", 41, '{"accountAttributeNameSet":{},"filterSet":{}}'),
    Call("DescribeSubnets", "ec2", 40, _ids("subnetSet", "subnetId", "subnet")),
    Call("ListAttachedRolePolicies", "iam", 39, _ROLE),
    Call("GetResourcePolicy", "secretsmanager", 39, f'{{"secretId":"{_SECRET}"}}'),
    Call("DescribeSecret", "secretsmanager", 36, f'{{"secretId":"{_SECRET}"}}'),
    Call("DescribeDBInstances", "rds", 35, '{"dBInstanceIdentifier":"%(database)s"}'),
    Call("ListRolePolicies", "iam", 33, _ROLE),
    Call("GetRole", "iam", 31, _ROLE),
    Call("DescribeSecurityGroups", "ec2", 30, _ids("securityGroupIdSet", "groupId", "group")),
    Call("GetPasswordData", "ec2", 29, '{"instanceId":"%(instance)s"}', error=_DENIED, error_share=0.7),
    Call("DescribeInstanceInformation", "ssm", 27,
         '{"filters":[{"key":"InstanceIds","values":["%(instance)s"]}]}'),
    Call("DescribeAvailabilityZones", "ec2", 26, '{"availabilityZoneSet":{},"availabilityZoneIdSet":{}}'),
    Call("DescribeNetworkAcls", "ec2", 26, '{"maxResults":1000,"networkAclIdSet":{},"filterSet":{}}'),
    Call("DescribeInstanceAttribute", "ec2", 25, '{"instanceId":"%(instance)s","attribute":"userData"}',
         error=_DENIED, error_share=0.6),
    Call("DescribeInternetGateways", "ec2", 24, _ids("internetGatewayIdSet", "internetGatewayId", "gateway")),
    Call("DescribeDBEngineVersions", "rds", 21, '{"defaultOnly":false,"listSupportedCharacterSets":true}'),
    Call("DescribeImages", "ec2", 20, _ids("imagesSet", "imageId", "image")),
    Call("DescribeVpcClassicLink", "ec2", 20, _ids("vpcSet", "vpcId", "vpc")),
    Call("DescribeVpcClassicLinkDnsSupport", "ec2", 20, _classic("DescribeVpcClassicLinkDnsSupport")),
    Call("DescribeInstances", "ec2", 20, _ids("instancesSet", "instanceId", "instance")),
    Call("StartSecretVersionDelete", "secretsmanager", 20, read_only=False),
    Call("EndSecretVersionDelete", "secretsmanager", 20, read_only=False),
    Call("DescribeNetworkInterfaces", "ec2", 19,
         _ids("networkInterfaceIdSet", "networkInterfaceId", "interface")),
    Call("GetCallerIdentity", "sts", 15),
    Call("CreateRole", "iam", 13,
         '{"path":"/","roleName":"%(role)s","assumeRolePolicyDocument":"%(policy)s","maxSessionDuration":3600}',
         '{"role":{"arn":"arn:aws:iam::%(account)s:role/%(role)s","path":"/"}}', read_only=False),
    Call("CreateSubnet", "ec2", 10, '{"vpcId":"%(vpc)s","cidrBlock":"10.%(octet)s.1.0/24"}',
         '{"requestId":"%(uuid)s","subnet":{"subnetId":"%(subnet)s","vpcId":"%(vpc)s"}}', read_only=False),
    Call("RunInstances", "ec2", 8,
         '{"instancesSet":{"items":[{"imageId":"%(image)s","minCount":1}]},"clientToken":"%(uuid)s"}',
         read_only=False),
    Call("UpdateFunctionCode20150331v2", "lambda", 8,
         '{"functionName":"%(role)s","dryRun":false}', read_only=False),
    Call("CreateVpcEndpoint", "ec2", 2,
         '{"CreateVpcEndpointRequest":{"VpcId":"%(vpc)s","VpcEndpointType":"Interface"}}', read_only=False),
    Call("ModifyVpcPeeringConnectionOptions", "ec2", 1,
         '{"vpcPeeringConnectionId":"%(peering)s"}', read_only=False),
    _bucket("GetBucketAcl", 42, "acl"),
    _bucket("GetBucketLogging", 18, "logging"),
    _bucket("GetBucketPublicAccessBlock", 16, "publicAccessBlock"),
    _bucket("GetBucketPolicy", 14, "policy", _NO_BUCKET_POLICY),
    _bucket("GetBucketTagging", 15, "tagging"),
)  # fmt: skip

_DONE: Final = '{"requestId":"%(uuid)s","_return":true}'
_PEERING: Final = '{"vpcPeeringConnectionId":"%(peering)s"}'
_PEERED: Final = (
    '{"requestId":"%(uuid)s","vpcPeeringConnection":{"vpcPeeringConnectionId":"%(peering)s",'
    '"requesterVpcInfo":{"ownerId":"%(account)s","vpcId":"%(vpc)s"}}}'
)

WANTED: Final = (
    Call("CreateVpc", "ec2", 40, '{"cidrBlock":"10.%(octet)s.0.0/16","instanceTenancy":"default"}',
         '{"requestId":"%(uuid)s","vpc":{"vpcId":"%(vpc)s","state":"pending","ownerId":"%(account)s",'
         '"cidrBlock":"10.%(octet)s.0.0/16","isDefault":false}}', read_only=False,
         error=("Client.VpcLimitExceeded", "The maximum number of VPCs has been reached."), error_share=0.3),
    Call("DeleteVpc", "ec2", 25, '{"vpcId":"%(vpc)s"}', _DONE, read_only=False),
    Call("ModifyVpcAttribute", "ec2", 20,
         '{"vpcId":"%(vpc)s","enableDnsHostnames":{"value":true}}', _DONE, read_only=False),
    Call("CreateVpcPeeringConnection", "ec2", 4,
         '{"vpcId":"%(vpc)s","peerVpcId":"%(vpc)s"}', _PEERED, read_only=False),
    Call("AcceptVpcPeeringConnection", "ec2", 3, _PEERING, _PEERED, read_only=False),
    Call("RejectVpcPeeringConnection", "ec2", 1, _PEERING, _DONE, read_only=False),
    Call("DeleteVpcPeeringConnection", "ec2", 3, _PEERING, _DONE, read_only=False),
    Call("AttachClassicLinkVpc", "ec2", 1,
         '{"vpcId":"%(vpc)s","instanceId":"%(instance)s"}', _DONE, read_only=False),
    Call("DetachClassicLinkVpc", "ec2", 1,
         '{"vpcId":"%(vpc)s","instanceId":"%(instance)s"}', _DONE, read_only=False),
    Call("EnableVpcClassicLink", "ec2", 1, '{"vpcId":"%(vpc)s"}', _DONE, read_only=False),
    Call("DisableVpcClassicLink", "ec2", 1, '{"vpcId":"%(vpc)s"}', _DONE, read_only=False),
)  # fmt: skip
"""The eleven calls of the CIS control, as the corpus has them: matches."""

WANTED_NAMES: Final = frozenset(call.name for call in WANTED)
