"""The partitions of AWS, as they stand in ARNs."""

from __future__ import annotations


def partition_of(region: str) -> str:
    """That of a Region; `aws` where nothing else is known."""
    for prefix, partition in (("cn-", "aws-cn"), ("us-gov-", "aws-us-gov")):
        if region.startswith(prefix):
            return partition
    return "aws"
