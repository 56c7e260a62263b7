"""How Trailwarden speaks to AWS: settings, credentials, clients, and what a failed call means.

Keeps: a failed call is classified once, here; nobody else reads error codes. Who asks for the settings alone does not load the
clients: they take as long to load as all the rest.

Next: `session`, then `failures`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from trailwarden.aws.settings import AwsSettings, Role

if TYPE_CHECKING:
    from trailwarden.aws.direct import DirectCalls
    from trailwarden.aws.failures import AwsError, AwsFailure, Fault, classified, translated
    from trailwarden.aws.objects import ObjectPlace, ObjectReader, ObjectTooLargeError
    from trailwarden.aws.session import Aws

__all__ = [
    "Aws",
    "AwsError",
    "AwsFailure",
    "AwsSettings",
    "DirectCalls",
    "Fault",
    "ObjectPlace",
    "ObjectReader",
    "ObjectTooLargeError",
    "Role",
    "classified",
    "translated",
]

_HEAVY = {
    **dict.fromkeys(("AwsError", "AwsFailure", "Fault", "classified", "translated"), "failures"),
    **dict.fromkeys(("ObjectPlace", "ObjectReader", "ObjectTooLargeError"), "objects"),
    "Aws": "session",
    "DirectCalls": "direct",
}
"""Name -> the module that has it, loaded when it is first asked for."""


def __getattr__(name: str) -> Any:
    if name not in _HEAVY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HEAVY[name]}"), name)
    globals()[name] = value
    return value
