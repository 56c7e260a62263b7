"""The only file here that knows Trailwarden: how to call the matcher, and how to start the command.

Next: `bench.matching` and `bench.processes`, which call this.
"""

from __future__ import annotations

import base64
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import yaml

from bench.bare_loop import QUEUE
from bench.rivals import Count
from bench.standin import BUCKET
from trailwarden.decode import Limits
from trailwarden.detection import Matcher, inspect_many, load_ruleset
from trailwarden.detection.many import TOGETHER

COMMAND: Final = str(Path(sys.executable).with_name("trailwarden"))
"""The console script of the environment that this runs in."""

_LIMITS: Final = Limits()
_VERBS: Final = (
    "Create",
    "Delete",
    "Modify",
    "Replace",
    "Import",
    "Export",
    "Enable",
    "Disable",
    "Accept",
    "Reject",
)
_EC2: Final = (
    "TransitGateway", "TransitGatewayRoute", "CustomerGateway", "VpnGateway", "VpnConnection", "CarrierGateway",
    "NetworkAclEntry", "FlowLogs", "KeyPair", "LaunchTemplate", "PlacementGroup", "SpotFleetRequest", "Volume", "Image",
)  # fmt: skip
_IAM: Final = (
    "SAMLProvider", "OpenIDConnectProvider", "VirtualMFADevice", "AccountAlias", "SigningCertificate", "SSHPublicKey",
)  # fmt: skip


def matcher(rules: int, folder: Path) -> Matcher:
    """A matcher with that many rules: the default pack's, and others for names that the corpus does not hold.

    folder: where the file of the others is written.
    """
    if rules == 1:
        return Matcher(load_ruleset(("cis-vpc",), ()))
    names = [("ec2" if noun in _EC2 else "iam", verb + noun) for verb in _VERBS for noun in (*_EC2, *_IAM)]
    file = folder / f"{rules}-rules.yaml"
    folder.mkdir(parents=True, exist_ok=True)
    file.write_text(yaml.safe_dump(_pack([_rule(*name) for name in names[: rules - 1]])))
    return Matcher(load_ruleset(("cis-vpc",), (file,)))


def _pack(rules: list[dict[str, object]]) -> dict[str, object]:
    return {"pack": "bench", "title": "Names that the corpus does not hold", "rules": rules}


def _rule(service: str, name: str) -> dict[str, object]:
    """Written as people write them: half of them name the service as well."""
    source = f"{service}.amazonaws.com"
    named = f'($.eventName = "{name}")'
    return {
        "id": f"bench-{name.lower()}",
        "title": f"{name} was called",
        "severity": "low",
        "pattern": f"{{ {named} }}" if len(name) % 2 else f'{{ ($.eventSource = "{source}") && {named} }}',
        "must_match": [{"eventSource": source, "eventName": name}],
        "must_not_match": [{"eventSource": source, "eventName": f"{name}s"}],
    }


def count(payloads: Sequence[bytes], by: Matcher) -> Count:
    """Decompress, match and count every payload: small ones together, as `scan` and the service do."""
    events = wanted = 0
    for together in _together(payloads):
        for found in inspect_many(together, by, _LIMITS):
            events += found.seen
            wanted += len(found.matches)
    return events, wanted


def _together(payloads: Sequence[bytes]) -> Iterator[list[bytes]]:
    waiting: list[bytes] = []
    size = 0
    for payload in payloads:
        waiting.append(payload)
        size += len(payload)
        if size >= TOGETHER:
            yield waiting
            waiting, size = [], 0
    yield waiting


search = Matcher.search
"""The prefilter alone, over decompressed bytes."""


def scan(path: Path) -> list[str]:
    """The command that counts events and matches below `path`, for programs to read."""
    return [COMMAND, "scan", str(path), "--format", "json"]


def service(path: Path, state: Path) -> list[str]:
    """The command that runs the whole service once over the files below `path`, with its database below `state`."""
    config = {
        "sources": [{"kind": "files", "name": "bench", "path": str(path), "follow": False, "settle": "0s"}],
        "rules": {"packs": ["cis-vpc"]},
        "sinks": [{"kind": "stdout", "name": "console"}],
        "store": {"url": f"sqlite:///{state / 'state.db'}"},
        "http": {"host": "127.0.0.1", "port": 0},
        "log": {"format": "json", "level": "warning"},
    }
    return _running(config, state)


def s3_service(queue: str, store: str, state: Path) -> list[str]:
    """The command that runs the whole service once over what a queue announces. queue, store: addresses of SQS and S3."""
    source = {
        "kind": "s3_sqs",
        "name": "bench",
        "queue_url": queue + QUEUE,
        "buckets": [BUCKET],
        "follow": False,
        "wait": "1s",
    }
    config = {
        "sources": [source],
        "aws": {"region": "eu-west-1", "endpoints": {"sqs": queue, "s3": store}, "s3_addressing": "path"},
        "rules": {"packs": ["cis-vpc"]},
        "sinks": [{"kind": "stdout", "name": "console"}],
        "store": {"url": f"sqlite:///{state / 'state.db'}"},
        "http": {"host": "127.0.0.1", "port": 0},
        "log": {"format": "json", "level": "warning"},
    }
    return _running(config, state)


def kafka_config(bootstrap: str, topic: str, group: str, state: Path) -> dict[str, Any]:
    """A service that reads a topic."""
    source = {
        "kind": "kafka",
        "name": "bench",
        "bootstrap_servers": [bootstrap],
        "topics": [topic],
        "group_id": group,
    }
    return {
        "sources": [source],
        "rules": {"packs": ["cis-vpc"]},
        "sinks": [{"kind": "stdout", "name": "console"}],
        "store": {"url": f"sqlite:///{state / 'state.db'}"},
        "http": {"host": "127.0.0.1", "port": 0},
        "log": {"format": "json", "level": "info"},
    }


def kafka_following(bootstrap: str, topic: str, hook: str, state: Path) -> list[str]:
    """The command that runs the whole service over a topic, and on, with a webhook."""
    config = kafka_config(bootstrap, topic, "alerts", state)
    config["sources"][0]["start"] = "latest"
    secret = "whsec_" + base64.b64encode(bytes(32)).decode()
    config["sinks"] = [{"kind": "webhook", "name": "hook", "url": hook, "secret": secret}]
    return _running(config, state)[:-1]


def kafka_service(bootstrap: str, topic: str, group: str, state: Path) -> list[str]:
    """The command that runs the whole service once over a topic, up to its end."""
    return _running(kafka_config(bootstrap, topic, group, state), state)


CLAIM: Final = 2 * 1 + 10
"""Seconds for which an instance that dies keeps the alerts that it was about to send: two time-outs of the sink, and a margin."""


def sharing(sections: dict[str, Any], hook: str, store: str, folder: Path) -> Path:
    """The configuration of one of several instances on one feed. sections: `sources`, and more; store: URL of their database."""
    secret = "whsec_" + base64.b64encode(bytes(32)).decode()
    config = {
        **sections,
        "rules": {"packs": ["cis-vpc"]},
        "sinks": [{"kind": "webhook", "name": "hook", "url": hook, "secret": secret, "timeout": "1s"}],
        "store": {"url": store},
        "http": {"host": "127.0.0.1", "port": 0},
        "log": {"format": "json", "level": "info"},
    }
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "bench.yaml"
    file.write_text(yaml.safe_dump(config))
    return file


def _running(config: dict[str, object], state: Path) -> list[str]:
    state.mkdir(parents=True, exist_ok=True)
    file = state / "bench.yaml"
    file.write_text(yaml.safe_dump(config))
    return [COMMAND, "run", "--config", str(file), "--once"]
