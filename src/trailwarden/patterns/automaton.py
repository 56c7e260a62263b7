"""Searches a string for a regex of the subset in linear time.

Event fields may be long and in the hands of whoever made the call, and a backtracking engine needs quadratic time and worse
for as little as `%[a-z]+:%`. Keeps: one step a character, whatever the regex and the string. This is a non-deterministic
automaton whose sets of places are remembered as states the first time they occur; the memory of them is bounded.

Thread-safe: states are only ever added, each of them finished before it can be seen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from trailwarden.patterns.regex import Branch, CharClass

_MEMORY: Final = 100_000
"""Places in remembered states plus remembered transitions, per regex; beyond, both are worked out anew each time."""

_FOUND: Final = -1  # a place: some branch has been gone through
_FOUND_IF_END: Final = -2  # likewise, and that branch asks for the end


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a character of the class may come next. then: the place behind it; skip: the place that may be had without it."""

    characters: CharClass
    then: int
    skip: int | None


class _State:
    """A set of places. verdict: the answer as soon as it is settled; at_end: the answer if the string ends here."""

    __slots__ = ("at_end", "following", "places", "verdict")

    def __init__(self, places: frozenset[int], verdict: bool | None) -> None:
        self.places = places
        self.verdict = verdict
        self.at_end = verdict is True or _FOUND_IF_END in places
        self.following: dict[str, _State] = {}


def searcher(branches: tuple[Branch, ...]) -> Callable[[str], bool]:
    """A function that says whether a string contains what the regex describes."""
    return _Automaton(branches).search


class _Automaton:
    def __init__(self, branches: tuple[Branch, ...]) -> None:
        self._places: list[_Place] = []
        entries = [(branch.at_start, self._add(branch)) for branch in branches]
        self._anywhere = self._entered(entry for at_start, entry in entries if not at_start)
        self._states: dict[frozenset[int], _State] = {}
        self._memory = _MEMORY
        self._start = self._state(self._entered(entry for _, entry in entries))

    def search(self, value: str) -> bool:
        body, line_break = (value[:-1], "\n") if value.endswith("\n") else (value, "")
        state = self._run(self._start, body)
        return state.at_end or self._run(state, line_break).at_end

    def _run(self, state: _State, value: str) -> _State:
        if state.verdict is not None:
            return state
        for character in value:
            state = state.following.get(character) or self._step(state, character)
            if state.verdict is not None:
                break
        return state

    def _step(self, state: _State, character: str) -> _State:
        open_places = (self._places[place] for place in state.places if place >= 0)
        onward = (place.then for place in open_places if character in place.characters)
        following = self._state(self._entered(onward) | self._anywhere)
        if self._memory > 0:
            self._memory -= 1
            state.following[character] = following
        return following

    def _state(self, places: frozenset[int]) -> _State:
        known = self._states.get(places)
        if known is not None:
            return known
        verdict = True if _FOUND in places else None if places or self._anywhere else False
        state = _State(places, verdict)
        if self._memory > 0:
            self._memory -= len(places)
            self._states[places] = state
        return state

    def _entered(self, entries: Iterable[int]) -> frozenset[int]:
        """The entries, and what can be reached from them without a character."""
        reached: set[int] = set()
        for entry in entries:
            place: int | None = entry
            while place is not None and place not in reached:
                reached.add(place)
                place = self._places[place].skip if place >= 0 else None
        return frozenset(reached)

    def _add(self, branch: Branch) -> int:
        """Adds a branch's places, from its end to its start. Returns where it is entered."""
        entry = _FOUND_IF_END if branch.at_end else _FOUND
        for item in reversed(branch.items):
            if item.most is None:
                entry = self._add_place(item.characters, then=len(self._places), skip=entry)
            for _ in range((item.most or item.least) - item.least):
                entry = self._add_place(item.characters, then=entry, skip=entry)
            for _ in range(item.least):
                entry = self._add_place(item.characters, then=entry, skip=None)
        return entry

    def _add_place(self, characters: CharClass, then: int, skip: int | None) -> int:
        self._places.append(_Place(characters, then, skip))
        return len(self._places) - 1
