"""How Trailwarden speaks to AWS: settings, credentials, clients, and what a failed call means.

Keeps: a failed call is classified once, here; nobody else reads error codes.

Next: `session`, then `failures`.
"""

from trailwarden.aws.failures import AwsError, AwsFailure, Fault, classified, translated
from trailwarden.aws.objects import ObjectPlace, ObjectReader, ObjectTooLargeError
from trailwarden.aws.session import Aws
from trailwarden.aws.settings import AwsSettings, Role

__all__ = [
    "Aws",
    "AwsError",
    "AwsFailure",
    "AwsSettings",
    "Fault",
    "ObjectPlace",
    "ObjectReader",
    "ObjectTooLargeError",
    "Role",
    "classified",
    "translated",
]
