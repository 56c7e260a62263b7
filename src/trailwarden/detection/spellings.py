"""Names of fields as CloudTrail and the EC2 API spell them: with them it is soon said that an object holds no other spelling.

Keeps: of the names of a record, and of those inside it, no two are the same but for their case. So an object all of whose names
are there holds none of them in another spelling, and need not be gone through for one.

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
    ipv6IpamPoolId isDefault item items ownerId peerOwnerId peerRegion peerVpcId peeringOptions region requestId requesterVpcInfo
    return securityGroupId state status tagSet tagSpecificationSet value vpc vpcId vpcPeeringConnection vpcPeeringConnectionId
"""

RECORD: Final = frozenset(_RECORD.split())
"""Names of a record's own members, in the spelling that nearly every event has."""
INNER: Final = frozenset(f"{_IDENTITY} {_CALL}".split())
"""Likewise of the members of what is inside."""
_RECORD_BY_LOWER: Final = {name.lower(): name for name in RECORD}


def spelled(record: dict[str, Any]) -> dict[str, Any]:
    """A record whose own members can be asked for as CloudTrail spells them. Theirs counts; else of several the first."""
    if record.keys() <= RECORD:
        return record
    found = dict(record)
    for name, value in record.items():
        usual = name if name in RECORD else _RECORD_BY_LOWER.get(name.lower())
        if usual is not None:
            found.setdefault(usual, value)
    return found


def surely_absent(value: dict[str, Any], name: str) -> bool:
    """Whether an object inside a record that lacks a name surely lacks every other spelling. False: it must be gone through."""
    return name in INNER and value.keys() <= INNER
