"""Names of fields as CloudTrail and the EC2 API spell them: with them it is soon said that an object holds no other spelling.

Keeps: no two names here are the same but for their case. So an object all of whose names are here holds none of them in another
spelling, and need not be gone through for one.

Source: CloudTrail record contents, `userIdentity` element; EC2 API model. Next: `trailwarden.detection.fields`, which asks.
"""

from __future__ import annotations

from typing import Any, Final

_RECORD: Final = """
    addendum additionalEventData apiVersion awsRegion edgeDeviceDetails errorCode errorMessage eventCategory eventContext eventID
    eventName eventSource eventTime eventType eventVersion insightDetails managementEvent readOnly recipientAccountId requestID
    requestParameters resources responseElements serviceEventDetails sessionCredentialFromConsole sharedEventID sourceIPAddress
    tlsDetails userAgent userIdentity vpcEndpointAccountId vpcEndpointId
"""
_IDENTITY: Final = """
    accessKeyId accountId arn attributes creationDate credentialId ec2RoleDelivery identityProvider identityStoreArn inScopeOf
    invokedBy mfaAuthenticated onBehalfOf principalId sessionContext sessionIssuer sourceIdentity type userId userName
    webIdFederationData
"""
_CALL: Final = """
    _return accepterVpcInfo amazonProvidedIpv6CidrBlock attribute cidrBlock cidrBlockAssociationSet cidrBlockSet clientToken
    dhcpOptionsId dryRun enableDnsHostnames enableDnsSupport enableNetworkAddressUsageMetrics expirationTime filterSet groupSet
    instanceId instanceTenancy ipv4IpamPoolId ipv4NetmaskLength ipv6CidrBlock ipv6CidrBlockAssociationSet ipv6CidrBlockSet
    ipv6IpamPoolId isDefault item items ownerId peerOwnerId peerRegion peerVpcId peeringOptions region requesterVpcInfo
    return securityGroupId state status tagSet tagSpecificationSet value vpc vpcId vpcPeeringConnection vpcPeeringConnectionId
"""

PLAIN: Final = frozenset(f"{_RECORD} {_IDENTITY} {_CALL}".split())
"""Names in the spelling that nearly every event has."""


def surely_absent(value: dict[str, Any], name: str) -> bool:
    """Whether an object without a name surely holds it in no other spelling either. False: it must be gone through."""
    return name in PLAIN and value.keys() <= PLAIN
