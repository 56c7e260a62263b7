from collections.abc import Sequence

Wanted = tuple[bytes, bytes, bytes, bytes]
Place = tuple[int, int, int, int]

def survey(
    data: bytes | bytearray | memoryview,
    first: int,
    longest: int,
    hideable: bytes,
    wanted: Wanted,
    hits: int | Sequence[int],
) -> tuple[int, list[Place], bool] | None: ...
def look(
    payloads: tuple[bytes | memoryview, ...],
    longest: int,
    limits: tuple[int, int, int],
    hideable: bytes,
    wanted: Wanted,
    digest: bool,
) -> list[tuple[int, int, str, list[tuple[int, bytes]]] | None]: ...
def libraries(deflate: str | None, hashes: str | None) -> tuple[bool, bool]: ...
def narrow(yes: bool) -> bool: ...
