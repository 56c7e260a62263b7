"""The language by example: patterns, events, and whether the one matches the other.

Each part of the project that decides on a match imports CASES and runs it: the reference evaluator, the compiled predicate,
the prefiltered matcher. An example's basis: DOCUMENTED by AWS, OBSERVED on the service by people who reported it, INFERRED
from the stated rules, OPEN where nobody knows; for these the expectation is our reading (docs/patterns.md), which misses nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Case:
    """basis: see above; pattern; event: a parsed JSON object, or a line of plain text; expect: what becomes of the two."""

    basis: Literal["documented", "observed", "inferred", "open"]
    pattern: str
    event: dict[str, Any] | str
    expect: Literal["match", "no", "refuse"]


Row = tuple[str, dict[str, Any] | str, Literal["match", "no", "refuse"]]

EVENT_A: dict[str, Any] = {
    "eventType": "UpdateTrail",
    "sourceIPAddress": "111.111.111.111",
    "arrayKey": ["value", "another value"],
    "objectList": [{"name": "a", "id": 1}, {"name": "b", "id": 2}],
    "SomeObject": None,
    "cluster.name": "c",
}

EVENT_B: dict[str, Any] = {
    "user": {"id": 1, "email": "John.Stiles@example.com"},
    "users": [{"id": 2, "email": "John.Doe@example.com"}, {"id": 3, "email": "Jane.Doe@example.com"}],
    "actions": ["GET", "PUT", "DELETE"],
    "coordinates": [[0, 1, 2], [4, 5, 6], [7, 8, 9]],
}

DOCUMENTED: list[Row] = [
    ('{ $.eventType = "UpdateTrail" }', EVENT_A, "match"),
    ("{ $.sourceIPAddress != 123.123.* }", EVENT_A, "match"),
    ('{ $.arrayKey[0] = "value" }', EVENT_A, "match"),
    ("{ $.eventType = %Trail% }", EVENT_A, "match"),
    ("{ $.arrayKey[*] = %val.{2}% }", EVENT_A, "match"),
    (r"{ $.* = %111\.111\.111\.1[0-9]{1,2}% }", EVENT_A, "match"),
    ("{ $.['cluster.name'] = \"c\" }", EVENT_A, "match"),
    ("{ $.objectList[1].id = 2 }", EVENT_A, "match"),
    ("{ $.SomeObject IS NULL }", EVENT_A, "match"),
    ("{ $.SomeOtherObject NOT EXISTS }", EVENT_A, "match"),
    ('{ ($.user.id = 1) && ($.users[0].email = "John.Doe@example.com") }', EVENT_B, "match"),
    (
        '{ $.user.email = "John.Stiles@example.com" || $.coordinates[0][1] = "nonmatch" && $.actions[2] = "nonmatch" }',
        EVENT_B,
        "match",
    ),
    (
        '{ ($.user.email = "John.Stiles@example.com" || $.coordinates[0][1] = "nonmatch") && $.actions[2] = "nonmatch" }',
        EVENT_B,
        "no",
    ),
    ('{ ($.user.id = 2 && $.users[0].email = "nonmatch") || $.actions[2] = "GET" }', EVENT_B, "no"),
    ("{ $.users = 1 }", EVENT_B, "no"),
    ("{ $.users != 1 }", EVENT_B, "no"),
    ('{ $.foo = "bar" }', {"foo": "bar"}, "match"),
    ('{ $.foo = "bar" || $.foo = "baz" }', {"foo": "bar"}, "match"),
    ("{ $.bandwidth > 75 }", {"bandwidth": 80}, "match"),
    ("{ $.latency < 50 }", {"latency": 50}, "no"),
    ("{ $.refreshRate >= 60 }", {"refreshRate": 60}, "match"),
    ("{ $.responseTime <= 5 }", {"responseTime": 5.5}, "no"),
    ("{ $.errorCode = 400}", {"errorCode": 400}, "match"),
    ("{ $.errorCode = 4* }", {"errorCode": 404}, "match"),
    ("{ $.errorCode != 500 }", {"errorCode": 404}, "match"),
    ("{ $.number[0] = 1e-3 }", {"number": [0.001]}, "match"),
    ("{ $.number[0] != 1e+3 }", {"number": [1000]}, "no"),
    ("{ $.ThisFlag IS TRUE }", {"ThisFlag": True}, "match"),
    ("{ $.ThisFlag IS FALSE }", {"ThisFlag": True}, "no"),
    ('{ $.eventType = "updatetrail" }', EVENT_A, "no"),
    ("{ $.SomeObject EXISTS }", EVENT_A, "refuse"),
    ("{ $.SomeObject IS NOT NULL }", EVENT_A, "refuse"),
]

OBSERVED: list[Row] = [
    (
        '{ ($.errorCode = "AccessDenied") && ($.userIdentity.invokedBy != "cloudfront.amazonaws.com") }',
        {"errorCode": "AccessDenied", "userIdentity": {"type": "IAMUser"}},
        "no",
    ),
    (
        (
            '{ ($.errorCode = "AccessDenied") && (($.userIdentity.invokedBy NOT EXISTS)'
            ' || ($.userIdentity.invokedBy != "cloudfront.amazonaws.com")) }'
        ),
        {"errorCode": "AccessDenied", "userIdentity": {"type": "IAMUser"}},
        "match",
    ),
    (
        '{ $.userIdentity.type = "Root" && $.userIdentity.invokedBy NOT EXISTS && $.eventType != "AwsServiceEvent" }',
        {"userIdentity": {"type": "Root"}, "eventType": "AwsApiCall"},
        "match",
    ),
    (
        '{ $.userIdentity.type = "Root" && $.userIdentity.invokedBy NOT EXISTS && $.eventType != "AwsServiceEvent" }',
        {"userIdentity": {"type": "Root", "invokedBy": "x.amazonaws.com"}, "eventType": "AwsApiCall"},
        "no",
    ),
    ('{ $.detail-type = "Object Created" }', {"detail-type": "Object Created"}, "match"),
    ('{ $."detail-type" = "x" }', {"detail-type": "x"}, "refuse"),
    ("{ $.eventName = 'ConsoleLogin' }", {"eventName": "ConsoleLogin"}, "refuse"),
    ('{ $.errorCode = "*UnauthorizedOperation" }', {"errorCode": "Client.UnauthorizedOperation"}, "match"),
    ("{ $.errorCode = AccessDenied* }", {"errorCode": "AccessDeniedException"}, "match"),
    ("{ $.eventSource = kms.amazonaws.com }", {"eventSource": "kms.amazonaws.com"}, "match"),
    ('{ ($.eventName = "A"), ($.eventName = "B") }', {"eventName": "A"}, "refuse"),
]

INFERRED: list[Row] = [
    ("{ $.eventName = CreateVpc }", {"eventName": "CreateVpcEndpoint"}, "no"),
    ("{ $.eventName = CreateVpc* }", {"eventName": "CreateVpcEndpoint"}, "match"),
    ("{ $.eventName = *Vpc* }", {"eventName": "DeleteVpcPeeringConnection"}, "match"),
    ('{ $.eventName = "*" }', {"eventName": "DeleteVpc"}, "match"),
    ('{ $.errorCode = "*" }', {"eventName": "DeleteVpc"}, "no"),
    ('{ $.errorCode != "*" }', {"eventName": "DeleteVpc"}, "no"),
    ("{ $.eventName != DeleteVpc }", {"eventName": "CreateVpc"}, "match"),
    ("{$.eventName=DeleteVpc}", {"eventName": "DeleteVpc"}, "match"),
    ("{ ((($.eventName = DeleteVpc))) }", {"eventName": "DeleteVpc"}, "match"),
    ("{ $.EventName = DeleteVpc }", {"eventName": "DeleteVpc"}, "no"),
    (
        '{ $.userIdentity.sessionContext.sessionIssuer.userName = "deploy" }',
        {"userIdentity": {"type": "IAMUser"}},
        "no",
    ),
    (
        "{ $.userIdentity.sessionContext.sessionIssuer.userName NOT EXISTS }",
        {"userIdentity": {"type": "IAMUser"}},
        "match",
    ),
    ("{ $.errorCode NOT EXISTS }", {"errorCode": None}, "no"),
    ("{ $.responseElements IS NULL }", {"eventName": "DescribeVpcs"}, "no"),
    ("{ $.responseElements NOT EXISTS }", {"responseElements": {}}, "no"),
    ('{ $.responseElements.vpc.vpcId = "vpc-0a" }', {"responseElements": None}, "no"),
    ("{ $.readOnly IS TRUE }", {"readOnly": "true"}, "no"),
    ('{ $.arr[2] = "x" }', {"arr": ["x"]}, "no"),
    ("{ $.arr[2] NOT EXISTS }", {"arr": ["x"]}, "match"),
    ("{ $.arr[*] != %x% }", {"arr": ["x", "y"]}, "match"),
    (
        '{ $.requestParameters.tagSpecificationSet.items[0].resourceType = "vpc" }',
        {"requestParameters": {"tagSpecificationSet": {"items": [{"resourceType": "vpc", "tags": []}]}}},
        "match",
    ),
    (r'{ $.eventName = "Delete\"Vpc" }', {"eventName": 'Delete"Vpc'}, "match"),
    ("{ $.eventName = %^(Create|Delete)Vpc$% }", {"eventName": "CreateVpc"}, "refuse"),
    ("{ $.eventName = %^CreateVpc$|^DeleteVpc$% }", {"eventName": "DeleteVpc"}, "match"),
    (
        r"{ $.sourceIPAddress = %^10\.0\.[0-9]{1,3}\.[0-9]{1,3}$% }",
        {"sourceIPAddress": "10.0.3.77"},
        "match",
    ),
    ("{ $.sourceIPAddress = 10.0.* }", {"sourceIPAddress": "10.0.3.77"}, "match"),
    ("{ $.sourceIPAddress = 10.0.* }", {"sourceIPAddress": "10.02.3.7"}, "no"),
    ("{ $.eventName == DeleteVpc }", {"eventName": "DeleteVpc"}, "refuse"),
    ("{ NOT ($.eventName = DeleteVpc) }", {"eventName": "CreateVpc"}, "refuse"),
    ("{ $.eventName = Failed authentication }", {"eventName": "Failed authentication"}, "refuse"),
    ('{ $.name > "abc" }', {"name": "abd"}, "refuse"),
    ("{ $.eventName = DeleteVpc }", "DeleteVpc happened", "no"),
    ("{ $.errorCode NOT EXISTS }", "DeleteVpc happened", "no"),
    (
        "{ ($.eventName = CreateRoute) && ($.eventSource = ec2.amazonaws.com) || ($.eventName = DeleteRoute) }",
        {"eventName": "DeleteRoute", "eventSource": "other.amazonaws.com"},
        "match",
    ),
    ("{ $.big = 1000000 }", {"big": 1000000.0}, "match"),
    ("{ $.n = -5 }", {"n": -5}, "match"),
    ("{ $.n = +5 }", {"n": 5}, "match"),
    ('{ $.eventName = " DeleteVpc" }', {"eventName": "DeleteVpc"}, "no"),
]

OPEN: list[Row] = [
    # U1: an inner wildcard is one, and may also be meant literally
    ("{ $.name = Ev*ent }", {"name": "Event"}, "match"),
    ("{ $.name = Ev*ent }", {"name": "Ev*ent"}, "match"),
    ("{ $.name = Ev*ent }", {"name": "Events"}, "no"),
    ("{ $.name != Ev*ent }", {"name": "Event"}, "match"),
    ("{ $.name != Ev*ent }", {"name": "Ev*ent"}, "no"),
    ("{ $.name = ab*ba }", {"name": "aba"}, "no"),
    ("{ $.name = a*b*b }", {"name": "ab"}, "no"),
    ("{ $.name = a*b*b }", {"name": "axbb"}, "match"),
    # U2: quoted digits against a number
    ('{ $.count = "3" }', {"count": 3}, "match"),
    ('{ $.count = "3" }', {"count": 3.0}, "match"),
    ('{ $.count != "3" }', {"count": 3}, "match"),
    ('{ $.count = "3" }', {"count": 4}, "no"),
    ('{ $.count = "1e3" }', {"count": 1000}, "no"),
    # U3: a bare number against a string
    ("{ $.count = 3 }", {"count": "3"}, "match"),
    ("{ $.count = 3 }", {"count": "3.0"}, "match"),
    ("{ $.count = 3 }", {"count": " 3"}, "no"),
    ("{ $.count > 3 }", {"count": "4"}, "match"),
    ("{ $.count > 3 }", {"count": "four"}, "no"),
    ("{ $.count != 3 }", {"count": "3"}, "match"),
    ("{ $.count != 3 }", {"count": "three"}, "match"),
    (
        "{ $.userIdentity.accountId = 012345678901 }",
        {"userIdentity": {"accountId": "012345678901"}},
        "match",
    ),
    # U4, U5: a text against a boolean
    ("{ $.readOnly = false }", {"readOnly": False}, "match"),
    ('{ $.readOnly = "false" }', {"readOnly": False}, "match"),
    ("{ $.readOnly = false }", {"readOnly": True}, "no"),
    ("{ $.readOnly != true }", {"readOnly": False}, "match"),
    ("{ $.readOnly != true }", {"readOnly": True}, "match"),
    ("{ $.readOnly != 1 }", {"readOnly": True}, "match"),
    ("{ $.readOnly = 1 }", {"readOnly": True}, "no"),
    ("{ $.readOnly < 5 }", {"readOnly": True}, "no"),
    ('{ $.readOnly = "*" }', {"readOnly": True}, "match"),
    ("{ $.readOnly IS FALSE }", {"readOnly": 0}, "no"),
    # U6, U7: a text against null
    ('{ $.f != "x" }', {"f": None}, "match"),
    ("{ $.f != 5 }", {"f": None}, "match"),
    ("{ $.f < 5 }", {"f": None}, "no"),
    ('{ $.f = "null" }', {"f": None}, "match"),
    ('{ $.f != "null" }', {"f": None}, "match"),
    ('{ $.f = "x" }', {"f": None}, "no"),
    # U8: the empty text
    ('{ $.f = "" }', {"f": ""}, "match"),
    ('{ $.f = "" }', {"f": "x"}, "no"),
    # U9: an array spoils its own term alone
    ("{ $.users = 1 || $.a = 2 }", {"users": [1], "a": 2}, "match"),
    # U10: keywords in lower case
    ("{ $.f is null }", {"f": None}, "match"),
    ("{ $.f not exists }", {}, "match"),
    # U11, U12: a dotted name through the plain path; a negative index
    ('{ $.a.b = "c" }', {"a.b": "c"}, "no"),
    ('{ $.arr[-1] = "x" }', {"arr": ["x"]}, "refuse"),
    # U13: a blank in a regex
    ("{ $.f = %^a b$% }", {"f": "a b"}, "match"),
    # U14, U15: spellings of numbers
    ("{ $.n = 0x10 }", {"n": 16}, "match"),
    ("{ $.n = 0x10 }", {"n": "0x10"}, "match"),
    ("{ $.n = 0x10 }", {"n": 17}, "no"),
    ("{ $.n = 1E3 }", {"n": 1000}, "match"),
    # a wildcard or a regex against what is no string
    ("{ $.n = 50* }", {"n": 500.0}, "match"),
    ("{ $.n = *00 }", {"n": 500.0}, "match"),
    ("{ $.n != 4* }", {"n": 404}, "no"),
    ("{ $.n = %^40% }", {"n": 404}, "match"),
    ("{ $.n = %^5% }", {"n": 404}, "no"),
    ("{ $.n != %^5% }", {"n": 404}, "match"),
    ("{ $.f = %ru% }", {"f": True}, "match"),
    # objects and arrays satisfy no comparison
    ('{ $.f != "x" }', {"f": {}}, "no"),
    ('{ $.f = "*" }', {"f": []}, "no"),
    # a dollar sign in a regex also stands before a line break at the end
    ("{ $.f = %^a$% }", {"f": "a\n"}, "match"),
    ("{ $.f = %^a$% }", {"f": "a\nb"}, "no"),
]

CASES: list[Case] = [
    *(Case("documented", *row) for row in DOCUMENTED),
    *(Case("observed", *row) for row in OBSERVED),
    *(Case("inferred", *row) for row in INFERRED),
    *(Case("open", *row) for row in OPEN),
]
