"""Text to tree, by recursive descent.

    pattern   = "{" any "}"
    any       = all { "||" all }
    all       = primary { "&&" primary }
    primary   = "(" any ")" | condition
    condition = selector ( "IS" constant | "NOT" "EXISTS" | operator literal )

Keeps: what is not in the language is refused with a PatternError that shows the place and the mend; nothing else is ever
raised, whatever the text. Limits hold, so that everything after the parser may recurse.

Source: CloudWatch Logs User Guide, "Filter pattern syntax for JSON log events". Next: `trailwarden.patterns.advice` for the
messages, `trailwarden.patterns.reference` for the meaning.
"""

from __future__ import annotations

from trailwarden.errors import PatternError
from trailwarden.patterns import advice
from trailwarden.patterns.limits import CLOUDWATCH, Limits
from trailwarden.patterns.numbers import MAX_EXPONENT_DIGITS, exponent_fits, is_number
from trailwarden.patterns.syntax import (
    And,
    Compare,
    Condition,
    Constant,
    Is,
    Literal,
    NotExists,
    Number,
    Operator,
    Or,
    Pattern,
    Regex,
    Selector,
    Text,
    joined,
)
from trailwarden.patterns.tokens import BLANKS, Kind, Token, tokenize


def parse(text: str, limits: Limits = CLOUDWATCH) -> Pattern:
    """The tree of a JSON pattern. Raises PatternError."""
    if len(text) > limits.length:
        message = f"the pattern has {len(text)} characters; {limits.length} are allowed"
        raise PatternError(message, text, limits.length)
    begin = len(text) - len(text.lstrip(BLANKS))
    if text[begin : begin + 1] != "{":
        raise PatternError(advice.on_family(text[begin : begin + 1]), text, begin)
    return _Parser(text, limits).pattern()


class _Parser:
    """Where we are in the tokens, and how much of the limits is used up."""

    def __init__(self, text: str, limits: Limits) -> None:
        self._text = text
        self._limits = limits
        self._tokens = tokenize(text)
        self._place = 0
        self._depth = 0
        self._regexes = 0
        self._wildcard_selectors = 0

    def pattern(self) -> Pattern:
        self._advance()  # the opening brace, which parse() saw
        tree = self._any()
        if not self._at(Kind.BRACE_CLOSE):
            raise self._error(advice.on_connective(self._previous, self._next))
        self._advance()
        if not self._at(Kind.END):
            raise self._error("nothing may follow the closing brace")
        return tree

    @property
    def _next(self) -> Token:
        return self._tokens[self._place]

    @property
    def _previous(self) -> Token:
        return self._tokens[self._place - 1]

    def _at(self, kind: Kind) -> bool:
        return self._next.kind is kind

    def _advance(self) -> Token:
        self._place += 1
        return self._previous

    def _error(self, message: str, token: Token | None = None) -> PatternError:
        return PatternError(message, self._text, (token or self._next).start)

    def _any(self) -> Pattern:
        terms = [self._all()]
        while self._at(Kind.OR):
            self._advance()
            terms.append(self._all())
        return joined(Or, terms)

    def _all(self) -> Pattern:
        terms = [self._primary()]
        while self._at(Kind.AND):
            self._advance()
            terms.append(self._primary())
        return joined(And, terms)

    def _primary(self) -> Pattern:
        if not self._at(Kind.LEFT):
            return self._condition()
        opening = self._advance()
        self._depth += 1
        if self._depth > self._limits.depth:
            raise self._error(
                f"parentheses nest deeper than the {self._limits.depth} levels allowed", opening
            )
        tree = self._any()
        if not self._at(Kind.RIGHT):
            raise self._error(advice.on_connective(self._previous, self._next, opened=True))
        self._advance()
        self._depth -= 1
        return tree

    def _condition(self) -> Condition:
        selector = self._selector()
        token = self._next
        if token.kind is Kind.OPERATOR:
            operator = self._operator()
            return Compare(selector, operator, self._literal(operator))
        if token.kind is Kind.WORD and token.value.upper() in ("IS", "NOT"):
            if token.start == self._previous.end:
                raise self._error(f"a blank is missing before {token.value}")
            return self._keyword_condition(selector)
        raise self._error(advice.on_operator(token))

    def _keyword_condition(self, selector: Selector) -> Condition:
        keyword, argument = self._advance(), self._next
        word = argument.value.upper() if argument.kind is Kind.WORD else ""
        if keyword.value.upper() == "NOT":
            if word != "EXISTS":
                raise self._error('after NOT only EXISTS may follow; to say "different", write !=', keyword)
            self._advance()
            return NotExists(selector)
        if word not in Constant.__members__:
            raise self._error(advice.on_constant(word))
        self._advance()
        return Is(selector, Constant[word])

    def _selector(self) -> Selector:
        token = self._next
        if token.selector is None:
            raise self._error(advice.on_condition(token))
        wildcards = token.selector.wildcards
        if wildcards > self._limits.wildcard_steps:
            raise self._error(
                f"a selector may have {self._limits.wildcard_steps} wildcard step(s); this has {wildcards}"
            )
        self._wildcard_selectors += wildcards > 0
        if self._wildcard_selectors > self._limits.wildcard_selectors:
            allowed = self._limits.wildcard_selectors
            raise self._error(f"a pattern may have {allowed} selectors with a wildcard; this is one more")
        self._advance()
        return token.selector

    def _operator(self) -> Operator:
        token = self._advance()
        if self._at(Kind.OPERATOR) and self._next.start == token.end:
            raise self._error(advice.on_two_operators(token, self._next), token)
        return Operator(token.value)

    def _literal(self, operator: Operator) -> Literal:
        token = self._next
        if token.kind is Kind.WORD and is_number(token.value):
            if not exponent_fits(token.value):
                raise self._error(f"the exponent of a number has at most {MAX_EXPONENT_DIGITS} digits")
            return Number(self._advance().value)
        if token.kind not in (Kind.WORD, Kind.QUOTED, Kind.REGEX):
            raise self._error(advice.on_value(token))
        if operator not in (Operator.EQUAL, Operator.UNEQUAL):
            raise self._error(advice.on_order(operator, token))
        if token.kind is Kind.REGEX:
            return self._regex(token)
        if token.kind is Kind.WORD and "+" in token.value:
            raise self._error("a value with a plus sign needs double quotes")
        return Text(self._advance().value)

    def _regex(self, token: Token) -> Regex:
        self._regexes += 1
        if self._regexes > self._limits.regexes:
            raise self._error(f"a pattern may have {self._limits.regexes} regexes; this is one more")
        from trailwarden.patterns.regex import parse_regex  # noqa: PLC0415 - few patterns have one

        parse_regex(token.value, self._text, token.start + 1)
        self._advance()
        return Regex(token.value)
