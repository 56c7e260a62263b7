"""Settings of several kinds in one list, told apart by `kind`: the type of such a list, made for the kinds that a document names.

Keeps: a kind that is not named is not loaded. Nothing is judged here: where it is not plain which kinds there are, the answer is
None, and the type of all kinds is to be asked, which says what is wrong.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from types import NoneType
from typing import Annotated, Any, Union

from pydantic import Field


def type_of_items(items: object, models: Mapping[str, str]) -> Any:
    """The type of each item: a model, or the union of several. models: kind -> where its model is, `package.module:Model`."""
    if not isinstance(items, list):
        return None
    kinds = [item.get("kind") if isinstance(item, dict) else None for item in items]
    known = [kind for kind in kinds if isinstance(kind, str) and kind in models]
    if len(known) < len(kinds):
        return None
    named = [_load(models[kind]) for kind in dict.fromkeys(known)]
    if len(named) > 1:
        return Annotated[Union[tuple(named)], Field(discriminator="kind")]  # noqa: UP007 - members known at run time only
    return named[0] if named else NoneType  # of an empty list, any would do


def _load(place: str) -> Any:
    module, _, name = place.partition(":")
    return getattr(import_module(module), name)
