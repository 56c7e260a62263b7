"""The formats of `scan`."""

from enum import StrEnum


class ScanFormat(StrEnum):
    """table: files with a finding, and the totals; json: one document; jsonl: a line a file, then the totals."""

    TABLE = "table"
    JSON = "json"
    JSONL = "jsonl"
