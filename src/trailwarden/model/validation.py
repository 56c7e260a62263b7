"""A pydantic ValidationError in words that help: one line a mistake, with the place and the nearest known key.

Keeps: no line shows the value that was given, because it may be a secret.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError


def one_line_each(fault: ValidationError, root: type[BaseModel], where: str) -> list[str]:
    """`where: place: what is wrong; the mend`, a line for each mistake. root: the model that was validated."""
    errors = fault.errors(include_url=False, include_input=False)
    return [f"{where}: {_sentence(error, root)}" for error in errors if not _follows(error, errors)]


def _follows(error: Any, errors: Sequence[Any]) -> bool:
    """Whether it is there only because of another one: a list is too short when its items are wrong."""
    loc = error["loc"]
    return error["type"] == "too_short" and any(
        len(other["loc"]) > len(loc) and other["loc"][: len(loc)] == loc for other in errors
    )


def _sentence(error: Any, root: type[BaseModel]) -> str:
    location: tuple[str | int, ...] = error["loc"]
    place, _ = _walk(location, root)
    kind = error["type"]
    if kind == "extra_forbidden":
        return _unknown_key(location, place, root)
    if kind == "too_short":
        return f"{place}: at least {error['ctx']['min_length']} must be there"
    if kind == "missing":
        return f"{place}: is missing"
    if kind in {"union_tag_invalid", "union_tag_not_found"}:
        expected = error.get("ctx", {}).get("expected_tags", "")
        what = "unknown kind" if kind == "union_tag_invalid" else "has no kind"
        return f"{place}: {what}{'; known: ' + expected if expected else ''}"
    message = str(error["msg"]).removeprefix("Value error, ")
    return f"{place}: {message}" if place else message


def _unknown_key(location: tuple[str | int, ...], place: str, root: type[BaseModel]) -> str:
    key = str(location[-1])
    _, annotations = _walk(location[:-1], root)
    known = sorted(
        {name for annotation in annotations for model in _models(annotation) for name in _keys(model)}
    )
    near = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
    mend = f"did you mean {near[0]!r}?" if near else f"known here: {', '.join(known)}"
    return f"{place}: unknown key; {mend}"


def _keys(model: type[BaseModel]) -> Iterator[str]:
    for name, info in model.model_fields.items():
        yield info.alias or name


def _walk(location: tuple[str | int, ...], root: type[BaseModel]) -> tuple[str, list[Any]]:
    """`sinks[0].url` and the types that stand there. The tag that pydantic puts in for the member of a union narrows the
    types and is not shown."""
    text = ""
    annotations: list[Any] = [root]
    for part in location:
        models = [model for annotation in annotations for model in _models(annotation)]
        tagged = [model for model in models if _tag(model) == part] if len(models) > 1 else []
        if tagged:
            annotations = list(tagged)
            continue
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += f".{part}" if text else part
        annotations = [step for annotation in annotations for step in _step(annotation, part)]
    return text, annotations


def _tag(model: type[BaseModel]) -> str | None:
    kind = model.model_fields.get("kind")
    values = get_args(kind.annotation) if kind is not None else ()
    return str(values[0]) if values else None


def _step(annotation: Any, part: str | int) -> Iterator[Any]:
    """What stands behind a key or an index of a value of this type."""
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from _step(get_args(annotation)[0], part)
    elif origin in (Union, UnionType):
        for member in get_args(annotation):
            yield from _step(member, part)
    elif origin in (tuple, list, set, frozenset) and isinstance(part, int):
        yield get_args(annotation)[0]
    elif origin is dict or (
        origin is not None and hasattr(origin, "__getitem__") and len(get_args(annotation)) == 2
    ):
        yield get_args(annotation)[1]
    elif isinstance(annotation, type) and issubclass(annotation, BaseModel) and isinstance(part, str):
        for name, info in annotation.model_fields.items():
            if part in (name, info.alias):
                yield info.annotation


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from _models(get_args(annotation)[0])
    elif origin in (Union, UnionType):
        for member in get_args(annotation):
            yield from _models(member)
    elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
