"""How Trailwarden speaks to AWS: settings, credentials, clients, and what a failed call means.

Keeps: a failed call is classified once, here; nobody else reads error codes.

Next: `session`, then `failures`.
"""

from trailwarden.aws.failures import AwsFailure, Fault, classified
from trailwarden.aws.session import Aws
from trailwarden.aws.settings import AwsSettings, Role

__all__ = ["Aws", "AwsFailure", "AwsSettings", "Fault", "Role", "classified"]
