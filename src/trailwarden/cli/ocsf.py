"""What every OCSF Compliance Finding of ours has in common. Pure.

Source: OCSF 1.6, class Compliance Finding (2003), objects compliance, finding_info, cloud, remediation; profile cloud.
"""

from __future__ import annotations

import hashlib
from typing import Any, Final

from trailwarden import __version__

VERSION: Final = "1.6.0"
PASS: Final = (1, "Pass")
UNKNOWN: Final = (0, "Unknown")
FAIL: Final = (3, "Fail")
_SEVERITIES: Final = {
    "informational": (1, "Informational"),
    "low": (2, "Low"),
    "medium": (3, "Medium"),
    "high": (4, "High"),
    "critical": (5, "Critical"),
}


def compliance_finding(
    *,
    place: str,
    time: int,
    severity: str,
    status: tuple[int, str],
    control: str,
    title: str,
    sentence: str,
    unmapped: dict[str, Any],
    remedy: str = "",
    account: str = "",
    region: str = "",
) -> dict[str, Any]:
    """One finding.

    place: what it is about, the same for the same thing at any time; time: milliseconds since 1970; account, region: "" for none.
    """
    severity_id, severity_name = _SEVERITIES[severity]
    document: dict[str, Any] = {
        "class_uid": 2003,
        "class_name": "Compliance Finding",
        "category_uid": 2,
        "category_name": "Findings",
        "activity_id": 1,
        "activity_name": "Create",
        "type_uid": 200301,
        "time": time,
        "severity_id": severity_id,
        "severity": severity_name,
        "status_id": 1,
        "status": "New",
        "message": sentence,
        "metadata": {
            "version": VERSION,
            "product": {"name": "Trailwarden", "vendor_name": "Trailwarden", "version": __version__},
        },
        "finding_info": {
            "uid": hashlib.sha256(place.encode()).hexdigest()[:40],
            "title": title,
            "desc": sentence,
        },
        "compliance": {
            "standards": ["CIS AWS Foundations"],
            "control": control,
            "status_id": status[0],
            "status": status[1],
            "status_details": [sentence],
        },
        "unmapped": unmapped,
    }
    if remedy:
        document["remediation"] = {"desc": remedy}
    if account:
        document["metadata"]["profiles"] = ["cloud"]
        document["cloud"] = {"provider": "AWS", "account": {"uid": account}}
        if region:
            document["cloud"]["region"] = region
    return document
