"""The audit as one page of HTML: self-contained, to be mailed, printed and kept.

Keeps: everything that is shown is escaped; nothing is loaded from anywhere, and the page's own policy says so: no script, no
style but its own, by its hash.

Next: `page.html` and `page.css`, beside this file.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from importlib.resources import files
from typing import Final

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from trailwarden.audit.document import AuditDocument, ControlDocument, LinkDocument

_HERE: Final = files("trailwarden.audit")
_STYLE: Final = (_HERE / "page.css").read_text("utf-8")
_HASH: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
POLICY: Final = f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none'"

_TITLES: Final[Mapping[str, str]] = {
    "trail": "Trail",
    "log_group": "Log group",
    "filter": "Metric filter",
    "alarm": "Alarm",
    "topic": "Topic",
    "subscription": "Subscriber",
    "feed": "Feed",
    "rules": "Rules",
    "sinks": "Sinks",
    "alert_path": "Alert taken",
}
_PATHS: Final = {"cloudwatch": "Through CloudWatch", "siem": "Through Trailwarden, to the SIEM"}
_WORDS: Final = {
    "pass": "Every audited control is met",
    "fail": "Not every audited control is met",
    "unknown": "It is not known whether every audited control is met",
}


def rendered(document: AuditDocument) -> str:
    """The whole page."""
    return _TEMPLATE.render(
        document=document,
        style=Markup(_STYLE),  # noqa: S704 - our own file, not input
        policy=POLICY,
        headline=_WORDS[document.result.value],
        titles=_TITLES,
        paths=_PATHS,
        numbers=_numbers,
        name=_name,
        mark=_mark,
    )


def _numbers(control: ControlDocument) -> str:
    return " / ".join(number for number in control.numbers.values() if not number.startswith("3."))


def _name(link: LinkDocument) -> str:
    """What the subject is called, without the rest of its ARN."""
    subject = link.subject
    return (
        subject.rsplit(":", 1)[-1].rpartition("/")[2]
        if subject.startswith("arn:") and link.name != "log_group"
        else (subject.partition("log-group:")[2] if link.name == "log_group" else subject)
    )


def _mark(link: LinkDocument) -> str:
    """`pass`, `fail`, `unknown`, or `none` behind the broken link."""
    return link.result.value if link.result is not None else "none"


_TEMPLATE: Final = Environment(
    autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
).from_string((_HERE / "page.html").read_text("utf-8"))
