"""CloudWatch metric math, as far as alarms on filters use it: its value in one period, from the values of the metrics. Pure.

Numbers, ids, + - * / ^, comparisons, AND, OR, NOT, brackets, METRICS(), and SUM, AVG, MIN, MAX, ABS, CEIL, FLOOR, FILL, IF.

Keeps: a value that is missing stays missing through arithmetic and is left out by SUM and the like, as CloudWatch has it;
what is not understood raises, and is never guessed.

Rule: CloudWatch User Guide, "Using math expressions with CloudWatch metrics". Next: `firing`.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

Value = float | None
"""In one period; None: no datapoint."""
_Result = Value | list[Value]

_TOKEN: Final = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+)|(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<text>\"[^\"]*\"|'[^']*')|(?P<sign>==|!=|<=|>=|&&|\|\||[-+*/^<>(),\[\]!]))"
)
_MAX_LENGTH: Final = 2048
_MAX_DEPTH: Final = 50


class UnknownExpressionError(ValueError):
    """The expression is not in the part of the language that is understood."""


def evaluated(expression: str, values: Mapping[str, Value]) -> Value:
    """The expression's value. values: by id, of this period. Raises UnknownExpressionError."""
    if len(expression) > _MAX_LENGTH:
        raise UnknownExpressionError(f"longer than {_MAX_LENGTH} characters")
    reader = _Reader(_tokens(expression), values)
    found = reader.read()
    if isinstance(found, list):
        raise UnknownExpressionError("it gives several series")
    return found


def _tokens(expression: str) -> list[str]:
    tokens, at = [], 0
    while at < len(expression.rstrip()):
        found = _TOKEN.match(expression, at)
        if found is None:
            raise UnknownExpressionError(f"{expression[at : at + 20]!r} is not understood")
        tokens.append(found[0].strip())
        at = found.end()
    return tokens


class _Reader:
    """Recursive descent; evaluates as it reads."""

    def __init__(self, tokens: Sequence[str], values: Mapping[str, Value]) -> None:
        self._tokens = tokens
        self._values = values
        self._at = 0
        self._depth = 0

    def read(self) -> _Result:
        found = self._level(0)
        if self._at < len(self._tokens):
            raise UnknownExpressionError(f"{self._tokens[self._at]!r} was not expected")
        return found

    def _next(self) -> str:
        return self._tokens[self._at].upper() if self._at < len(self._tokens) else ""

    def _take(self) -> str:
        if self._at >= len(self._tokens):
            raise UnknownExpressionError("it ends too early")
        self._at += 1
        return self._tokens[self._at - 1]

    def _expect(self, sign: str) -> None:
        if self._take() != sign:
            raise UnknownExpressionError(f"{sign!r} is missing")

    def _level(self, level: int) -> _Result:
        if level == len(_LEVELS):
            return self._unary()
        signs = _LEVELS[level]
        left = self._level(level + 1)
        while self._next() in signs:
            sign = self._take().upper()
            left = _each(signs[sign], left, self._level(level + 1))
        return left

    def _unary(self) -> _Result:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise UnknownExpressionError("it is nested too deeply")
        try:
            if self._next() == "-":
                self._take()
                return _each(operator.sub, 0.0, self._unary())
            if self._next() in ("!", "NOT"):
                self._take()
                return _each(lambda one, _: float(one == 0), self._unary(), 0.0)
            return self._primary()
        finally:
            self._depth -= 1

    def _primary(self) -> _Result:
        token = self._take()
        if token == "(":  # noqa: S105 - no password
            found = self._level(0)
            self._expect(")")
            return found
        if token == "[":  # noqa: S105 - no password
            return [one for part in self._listed("]") for one in _series(part)]
        if token[0].isdigit() or token[0] == ".":
            return float(token)
        if self._next() == "(":
            self._take()
            return self._called(token.upper())
        if token in self._values:
            return self._values[token]
        raise UnknownExpressionError(f"{token!r} is not understood")

    def _listed(self, end: str) -> list[_Result]:
        parts: list[_Result] = []
        if self._next() == end:
            self._take()
            return parts
        while True:
            parts.append(self._argument())
            sign = self._take()
            if sign == end:
                return parts
            if sign != ",":
                raise UnknownExpressionError(f"{sign!r} was not expected")

    def _argument(self) -> _Result:
        if self._next() == "REPEAT":
            self._take()
            return None  # what was before the event: nothing
        return self._level(0)

    def _called(self, name: str) -> _Result:
        if name == "METRICS":
            prefix = self._take().strip("\"'") if self._next() != ")" else ""
            self._expect(")")
            return [value for key, value in self._values.items() if prefix in key]
        arguments = self._listed(")")
        if name in _OVER:
            present = [one for part in arguments for one in _series(part) if one is not None]
            return _OVER[name](present) if present else None
        if name in _OF_ONE and len(arguments) == 1:
            return _each(lambda one, _: _OF_ONE[name](one), arguments[0], 0.0)
        if name == "FILL" and len(arguments) == 2:
            filler = arguments[1]
            if isinstance(filler, list):
                raise UnknownExpressionError("FILL with several series")
            return _filled(arguments[0], filler)
        if name == "IF" and len(arguments) in (2, 3):
            return _chosen(arguments)
        raise UnknownExpressionError(f"the function {name} is not followed")


def _filled(found: _Result, filler: Value) -> _Result:
    if isinstance(found, list):
        return [filler if one is None else one for one in found]
    return filler if found is None else found


def _chosen(arguments: Sequence[_Result]) -> _Result:
    condition = arguments[0]
    if isinstance(condition, list):
        raise UnknownExpressionError("IF over several series")
    if condition is None:
        return None
    return arguments[1] if condition else (arguments[2] if len(arguments) == 3 else None)


def _series(part: _Result) -> list[Value]:
    return part if isinstance(part, list) else [part]


def _each(act: Callable[[float, float], float], left: _Result, right: _Result) -> _Result:
    if isinstance(left, list) and isinstance(right, list):
        raise UnknownExpressionError("arithmetic between several series")
    if isinstance(left, list):
        return [_both(act, one, right) for one in left]  # type: ignore[arg-type]
    if isinstance(right, list):
        return [_both(act, left, one) for one in right]
    return _both(act, left, right)


def _both(act: Callable[[float, float], float], left: Value, right: Value) -> Value:
    if left is None or right is None:
        return None
    try:
        found = act(left, right)
    except (ArithmeticError, ValueError):
        return None  # division by zero gives no datapoint
    return found if isinstance(found, float) and math.isfinite(found) else None


def _compared(act: Callable[[float, float], bool]) -> Callable[[float, float], float]:
    return lambda left, right: float(act(left, right))


def _power(left: float, right: float) -> float:
    found = left**right
    return found if isinstance(found, float) else math.nan


_OR: Final = {sign: _compared(lambda left, right: bool(left) or bool(right)) for sign in ("||", "OR")}
_AND: Final = {sign: _compared(lambda left, right: bool(left) and bool(right)) for sign in ("&&", "AND")}
_LEVELS: Final[tuple[Mapping[str, Callable[[float, float], float]], ...]] = (
    _OR,
    _AND,
    {
        "==": _compared(operator.eq),
        "!=": _compared(operator.ne),
        "<=": _compared(operator.le),
        ">=": _compared(operator.ge),
        "<": _compared(operator.lt),
        ">": _compared(operator.gt),
    },
    {"+": operator.add, "-": operator.sub},
    {"*": operator.mul, "/": operator.truediv},
    {"^": _power},
)
_OVER: Final[Mapping[str, Callable[[list[float]], float]]] = {
    "SUM": math.fsum,
    "AVG": lambda values: math.fsum(values) / len(values),
    "MIN": min,
    "MAX": max,
}
_OF_ONE: Final[Mapping[str, Callable[[float], float]]] = {
    "ABS": abs,
    "CEIL": lambda value: float(math.ceil(value)),
    "FLOOR": lambda value: float(math.floor(value)),
}
