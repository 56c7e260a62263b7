"""What is wrong with a cluster, in one line that says what to do.

Keeps: no line holds a secret; what is not known is told by its name and not taken for something else.
"""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from typing import Final

from aiokafka import errors


class NoTokenError(OSError):
    """AWS gave no token. Known to aiokafka as an error of the connection."""


_LINES: Final[tuple[tuple[type[BaseException] | tuple[type[BaseException], ...], str], ...]] = (
    (NoTokenError, "no credentials of AWS for a token; the log has the reason"),
    (errors.SaslAuthenticationFailed, "wrong credentials: the broker refuses them; see sasl"),
    (
        (errors.AuthenticationFailedError, errors.IllegalSaslStateError),
        "wrong credentials, or the listener expects another security protocol; see sasl and tls",
    ),
    (
        (errors.UnsupportedSaslMechanismError, errors.AuthenticationMethodNotSupported),
        "the broker does not offer this SASL mechanism; see sasl.mechanism",
    ),
    (ssl.SSLCertVerificationError, "the broker's certificate is not trusted; see tls.ca_file"),
    (ssl.SSLError, "no TLS with this listener; see tls, and whether the broker wants a certificate"),
    (errors.TopicAuthorizationFailedError, "not authorised to read the topic; it takes DESCRIBE and READ"),
    (errors.GroupAuthorizationFailedError, "not authorised to use the group; it takes READ on group_id"),
    (errors.ClusterAuthorizationFailedError, "not authorised to use the cluster"),
    (errors.UnknownTopicOrPartitionError, "an unknown topic; see topics, and whether we may DESCRIBE it"),
    (
        errors.InconsistentGroupProtocolError,
        "the group has members of another kind (cooperative-sticky, say); use a group_id of its own",
    ),
    (errors.InvalidSessionTimeoutError, "the broker does not allow this session_timeout"),
    (errors.InvalidGroupIdError, "the broker does not allow this group_id"),
    (
        (errors.UnknownMemberIdError, errors.IllegalGenerationError, errors.CommitFailedError),
        "the group went on without us; two instances with one instance_id, or a pause longer than session_timeout",
    ),
    (
        (errors.UnsupportedVersionError, errors.IncompatibleBrokerVersion, errors.UnrecognizedBrokerVersion),
        "the broker is too old, or too new; versions since 2.1 are served",
    ),
    (
        (errors.KafkaTimeoutError, errors.RequestTimedOutError, TimeoutError),
        "a broker does not answer in time",
    ),
    (
        (ConnectionResetError, EOFError),
        "the broker closes the connection; see tls and sasl, and what this listener expects",
    ),
    (
        (errors.KafkaConnectionError, errors.NodeNotReadyError, OSError),
        "a broker cannot be reached; see bootstrap_servers, and the addresses that the brokers advertise",
    ),
)

_HEARTBEAT: Final = "heartbeat"


def line_of(fault: BaseException) -> str:
    """For a status. Never raises. An error of the connection is told by what caused it, where that is known."""
    cause = fault.__cause__ or fault.__context__
    if isinstance(fault, errors.KafkaConnectionError) and cause is not None:
        return line_of(cause)
    if type(fault) is errors.KafkaError and _HEARTBEAT in str(fault):
        return line_of(errors.CommitFailedError())  # FENCED_INSTANCE_ID, which aiokafka does not know
    for kinds, line in _LINES:
        if isinstance(fault, kinds):
            return line
    name = type(fault).__name__
    return f"{name}; the log has the details"


def which(what: str, servers: Sequence[str]) -> str:
    """A line with the cluster's name in it."""
    shown = ", ".join(servers[:3]) + (", ..." if len(servers) > 3 else "")
    return f"{shown}: {what}"
