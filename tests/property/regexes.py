"""Hypothesis strategies for the regex subset of the pattern language."""

from __future__ import annotations

from hypothesis import strategies as st

from trailwarden.patterns.regex import Branch, Item, parse_regex
from trailwarden.patterns.syntax import Regex

_ATOMS = [
    "a",
    "b",
    "V",
    "p",
    "c",
    "1",
    "0",
    "-",
    " ",
    ".",
    r"\.",
    r"\d",
    r"\W",
    r"\s",
    r"\x28",
    r"\x0a",
    "[a-c]",
    "[^a]",
    r"[\d.]",
    r"[^\Wb]",
]
_COUNTS = ["", "", "", "", "*", "+", "?", "{2}", "{1,}", "{,2}", "{1,3}", "*?", "{0}"]
_ALPHABET = "abVpc10-. ()\n\té"

_items = st.builds("{}{}".format, st.sampled_from(_ATOMS), st.sampled_from(_COUNTS))
_words = st.sampled_from(["Vpc", "DeleteVpc", "CreateVpc", "10", "true", "u"])
_bodies = st.one_of(_words, st.lists(_items, min_size=1, max_size=6).map("".join))
_branches = st.builds("{}{}{}".format, st.sampled_from(["", "^"]), _bodies, st.sampled_from(["", "$"]))


def regexes() -> st.SearchStrategy[Regex]:
    """Regexes of one to three alternatives."""
    return st.lists(_branches, min_size=1, max_size=3).map("|".join).map(Regex)


def strings_like(regex: Regex) -> st.SearchStrategy[str]:
    """Strings that have a good chance to be found by the regex."""
    near = st.sampled_from(parse_regex(regex.source)).flatmap(_from_branch)
    around = st.text(_ALPHABET, max_size=3)
    return st.one_of(near, st.builds("{}{}{}".format, around, near, around), st.text(_ALPHABET, max_size=8))


def _from_branch(branch: Branch) -> st.SearchStrategy[str]:
    return st.tuples(*map(_from_item, branch.items)).map("".join)


def _from_item(item: Item) -> st.SearchStrategy[str]:
    inside = (
        [letter for letter in _ALPHABET if letter in item.characters]
        or sorted(item.characters.members)
        or ["x"]
    )
    most = item.least + 2 if item.most is None else item.most
    return st.text(inside, min_size=item.least, max_size=most)
