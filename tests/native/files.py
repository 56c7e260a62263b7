"""Log files, and texts that are nearly log files, for the compiled pass, and what Python's json says of them; compiled parts."""

from __future__ import annotations

import ctypes
import importlib.machinery
import importlib.util
import json
import random
from typing import Any

HEAD = b'{"Records":['
VALUES: tuple[Any, ...] = (
    "", "a", "\\", '"', 'x"},{"eventVersion":"1.08"', "[]{}", "_Yy", "é", "\U0001f600", "\n", "V", "Vpc",
    "CreateVpc", '"DeleteVpc"',
    0, -1.5, True, None, [], {}, [[]], [{}], {"eventVersion": "1.08"}, [1, {"eventVersion": "1.08"}], "x" * 70, "\\" * 63,
)  # fmt: skip


def record(chance: random.Random, depth: int = 0) -> dict[str, Any]:
    """One record, mostly as CloudTrail's begin."""
    event: dict[str, Any] = {"eventVersion": chance.choice(["1.08", "1.11", "1.1", '1."'])}
    if chance.random() < 0.8:
        event["userIdentity"] = {}
    for _ in range(chance.randrange(5)):
        event[chance.choice(["eventName", "a", "\\", '"'])] = value(chance, depth)
    return event


def value(chance: random.Random, depth: int) -> Any:
    if depth > 3 or chance.random() < 0.7:
        return chance.choice(VALUES)
    if chance.random() < 0.05:
        return deep(chance.randrange(80))
    return (
        {"k": value(chance, depth + 1)}
        if chance.random() < 0.5
        else [value(chance, depth + 1), record(chance, depth + 1)]
    )


def deep(levels: int) -> Any:
    inner: Any = "x"
    for level in range(levels):
        inner = [inner] if level % 3 else {"d": inner}
    return inner


def text(chance: random.Random) -> bytes:
    """A whole file, in one of the two layouts."""
    spaced = (", ", ": ") if chance.random() < 0.1 else (",", ":")
    ascii_only = chance.random() < 0.7
    records = [
        json.dumps(record(chance), separators=spaced, ensure_ascii=ascii_only)
        for _ in range(chance.randrange(1, 6))
    ]
    end = chance.choice(["", "", "\n", "\r\n", " ", "\n\n"])
    if chance.random() < 0.4:
        return ("\n".join(records) + end).encode()
    return HEAD + (",".join(records) + "]}" + end).encode()


def damaged(chance: random.Random, whole: bytes) -> bytes:
    """With some bytes changed, put in, or taken out."""
    data = bytearray(whole)
    for _ in range(chance.randrange(1, 4)):
        at = chance.randrange(len(data) + 1)
        if chance.random() < 0.5:
            data[at : at + chance.randrange(3)] = bytes([chance.choice(b'{}[]",:\\_Yy\n\x01\x7f\x80a1 ')])
        else:
            del data[at : at + chance.randrange(1, 90)]
    return bytes(data)


def spans(whole: bytes) -> list[tuple[int, int]] | None:
    """Where the records begin and end, by Python's json; None when it does not read the text, or not as records."""
    try:
        source = whole.decode()
    except UnicodeDecodeError:
        return None
    decoder = json.JSONDecoder()
    array = whole.startswith(HEAD)
    at = len(HEAD) if array else 0
    found: list[tuple[int, int]] = []
    try:
        if array:
            json.loads(source)
        while at < len(source) and source[at] != "]":
            _, end = decoder.raw_decode(source, at)
            found.append((len(source[:at].encode()), len(source[:end].encode())))
            at = end + (not array or source[end : end + 1] == ",")
    except (ValueError, RecursionError):
        return None
    return found


def compiled(name: str, path: str) -> Any:
    """A compiled part from a shared object that was built for a test."""
    loader = importlib.machinery.ExtensionFileLoader(name, path)
    spec = importlib.util.spec_from_loader(name, loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


def exact(data: bytes) -> Any:
    """A copy in memory of just its size: the next byte is beyond the allocation. Bytes and bytearrays have one to spare."""
    return (ctypes.c_char * len(data)).from_buffer_copy(data)
