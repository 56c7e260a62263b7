from collections.abc import Sequence

Place = tuple[int, int, int, int]

def survey(
    data: bytes | bytearray | memoryview,
    first: int,
    longest: int,
    hideable: bytes,
    part: bytes | None,
    texts: bytes,
    hits: int | Sequence[int],
) -> tuple[int, list[Place], bool] | None: ...
def narrow(yes: bool) -> bool: ...
