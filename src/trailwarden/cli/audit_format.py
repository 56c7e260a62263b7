"""An audit for programs and for people, from its document. Pure, but for the printing.

Keeps: every form says pass, fail or unknown for each control as the document does; XML holds no character that XML does not know.

Source: the JUnit XML that pipelines read (testsuites, testsuite, testcase with failure or error). Next: `trailwarden.audit.page`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final
from xml.etree import ElementTree as Xml

from trailwarden.audit.document import AccountDocument, AuditDocument, ChainDocument, ControlDocument
from trailwarden.audit.outcome import Result
from trailwarden.cli.ocsf import FAIL, PASS, UNKNOWN, compliance_finding

_STATUS: Final = {Result.PASS: PASS, Result.UNKNOWN: UNKNOWN, Result.FAIL: FAIL}
_SEVERITY: Final = {Result.PASS: "informational", Result.UNKNOWN: "medium"}
_NOT_XML: Final = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_COLOURS: Final = {"pass": "green", "fail": "red", "unknown": "yellow"}


def every_control(document: AuditDocument) -> Iterator[tuple[AccountDocument, ControlDocument]]:
    """Each control of each account."""
    for account in document.accounts:
        for control in account.controls:
            yield account, control


def as_ocsf(document: AuditDocument, time: int) -> list[dict[str, Any]]:
    """A Compliance Finding for each control of each account. time: milliseconds since 1970."""
    return [_finding(account, control, time) for account, control in every_control(document)]


def as_junit(document: AuditDocument) -> str:
    """A suite for each account, a case for each control; unknown is an error, not a failure."""
    root = Xml.Element("testsuites", name="trailwarden audit")
    for account in document.accounts:
        results = [control.result for control in account.controls]
        suite = Xml.SubElement(
            root,
            "testsuite",
            name=f"account {account.account}",
            timestamp=document.created_at.removesuffix("Z"),
            tests=str(len(results)),
            failures=str(results.count(Result.FAIL)),
            errors=str(results.count(Result.UNKNOWN)),
        )
        for control in account.controls:
            case = Xml.SubElement(suite, "testcase", classname=f"{account.account}.cis", name=_name(control))
            if control.result is not Result.PASS:
                kind = "failure" if control.result is Result.FAIL else "error"
                wrong = Xml.SubElement(case, kind, message=_xml(control.reason), type=control.result.value)
                wrong.text = _xml("\n".join(_links(control)))
    Xml.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + Xml.tostring(root, encoding="unicode") + "\n"


def commands(document: AuditDocument) -> str:
    """The remediation for the AWS CLI, as a script that stops at the first mistake."""
    lines = ["#!/bin/sh", "set -eu"]
    for account, control in every_control(document):
        if control.remediation:
            lines += ["", f"# account {account.account}, {_name(control)}"]
        for step in control.remediation:
            lines += [f"# {step.title}", *step.commands]
    return "\n".join(lines) + "\n"


def terraform(document: AuditDocument) -> str:
    """The remediation for Terraform. A resource that several controls need is written once."""
    blocks: list[str] = []
    if len(document.accounts) > 1:
        blocks.append("# Each account into a configuration of its own: the names of resources come again.\n")
    for account, control in every_control(document):
        written = [
            step.terraform for step in control.remediation if step.terraform and step.terraform not in blocks
        ]
        if written:
            blocks += [f"# account {account.account}, {_name(control)}\n", *written]
    return "\n".join(blocks)


def print_audit(document: AuditDocument) -> None:
    """Each chain, link by link; what to do; the whole."""
    from rich.console import Console
    from rich.text import Text

    from trailwarden.cli.output import print_table

    console = Console(highlight=False)
    rows = [
        [account.account, _numbers(control), control.result.value, control.reason]
        for account, control in every_control(document)
    ]
    print_table(["account", "control", "result", "why"], rows, "nothing was audited")
    for account, control in every_control(document):
        if control.result is Result.PASS and len(rows) > 1:
            continue
        console.print()
        console.print(Text(f"{account.account}  {_name(control)}", style="bold"))
        for chain in control.chains:
            _print_chain(chain, console)
        for step in control.remediation:
            console.print(Text(f"  {step.title}:", style="bold"))
            for line in step.commands:
                console.print(Text(f"    {line}"), soft_wrap=True)
    console.print()
    told = ", ".join(f"{count} {result}" for result, count in document.summary.items() if count)
    console.print(
        Text(f"{document.result.value}: {told}", style=_COLOURS[document.result.value]), soft_wrap=True
    )


def _print_chain(chain: ChainDocument, console: Any) -> None:
    from rich.text import Text

    console.print(Text(f"  {chain.path}: {chain.result.value}"))
    for link in chain.links:
        mark = link.result.value if link.result is not None else "-"
        line = Text(f"    {link.name:<13}")
        line.append(f"{mark:<8}", style=_COLOURS.get(mark, "dim"))
        line.append(link.sentence)
        if link.remedy and link.result is not Result.PASS:
            line.append(f"; {link.remedy}")
        console.print(line, soft_wrap=True)


def _finding(account: AccountDocument, control: ControlDocument, time: int) -> dict[str, Any]:
    decisive = min(control.chains, key=lambda chain: chain.result.rank)
    broken = next((link for link in decisive.links if link.name == decisive.broken), None)
    finding = compliance_finding(
        place=f"audit/{account.account}/{control.key}",
        time=time,
        severity=_SEVERITY.get(control.result, control.severity.value),
        status=_STATUS[control.result],
        control=_numbers(control),
        title=f"CIS AWS Foundations {_name(control)}",
        sentence=control.reason,
        unmapped={"chains": [chain.model_dump(mode="json") for chain in control.chains]},
        remedy=broken.remedy if broken is not None else "",
        account=account.account,
    )
    subjects = [
        link.subject for chain in control.chains for link in chain.links if link.subject.startswith("arn:")
    ]
    finding["resources"] = [{"uid": uid} for uid in dict.fromkeys(subjects)]
    return finding


def _numbers(control: ControlDocument) -> str:
    return " / ".join(number for number in control.numbers.values() if not number.startswith("3."))


def _name(control: ControlDocument) -> str:
    return f"{_numbers(control)} {control.key}"


def _links(control: ControlDocument) -> Iterator[str]:
    for chain in control.chains:
        yield f"{chain.path}: {chain.result.value}"
        for link in chain.links:
            mark = link.result.value if link.result is not None else "-"
            yield f"  {link.name}: {mark}: {link.sentence}" + (f"; {link.remedy}" if link.remedy else "")


def _xml(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)
