"""Reads a `where`: comparisons, methods on text, AND, OR, parentheses.

https://developer.xero.com/documentation/api/accounting/requests-and-responses#get-filtered
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import TypeAlias

from xero_simulator.refusals import bad_query

Scalar: TypeAlias = str | Decimal | bool | datetime | None


@dataclass(frozen=True, slots=True)
class Compare:
    """`Name == "x"`."""

    path: tuple[str, ...]
    operator: str
    value: Scalar


@dataclass(frozen=True, slots=True)
class Method:
    """`Name.Contains("x")`; `expected` is False for `... == false`."""

    path: tuple[str, ...]
    name: str
    argument: str
    expected: bool = True


@dataclass(frozen=True, slots=True)
class Both:
    """`a AND b`, however many."""

    parts: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """`a OR b`, however many."""

    parts: tuple[Expression, ...]


Expression: TypeAlias = "Compare | Method | Both | Either"

_TOKEN = re.compile(
    r'\s*(?:(?P<text>"[^"]*")|(?P<number>-?\d+(?:\.\d+)?)|(?P<word>[A-Za-z_]\w*)'
    r"|(?P<sign>==|!=|>=|<=|<>|&&|\|\||[=<>().,!]))"
)
_COMPARISONS = {"==": "==", "=": "==", "!=": "!=", "<>": "!=", ">": ">", ">=": ">=", "<": "<"}
_COMPARISONS["<="] = "<="
_METHODS = {"contains": "Contains", "startswith": "StartsWith", "endswith": "EndsWith"}
_SAME = ("tolower", "toupper", "tostring", "trim")
_DEEPEST = 50


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    value: str


def parse(where: str) -> Expression:
    """The expression; raises ApiError 16."""
    return _Parser(_tokens(where)).whole()


def _tokens(where: str) -> list[_Token]:
    tokens: list[_Token] = []
    at, end = 0, len(where.rstrip())
    while at < end:
        found = _TOKEN.match(where, at)
        if found is None:
            rest = where[at:].lstrip()
            if rest.startswith('"'):
                raise bad_query("Unterminated string literal")
            raise bad_query(f"Syntax error '{rest[:1]}'")
        kind = found.lastgroup or ""
        tokens.append(_Token(kind, found[kind]))
        at = found.end()
    return tokens


class _Parser:
    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._at = 0
        self._depth = 0

    def whole(self) -> Expression:
        found = self._either()
        if self._at < len(self._tokens):
            raise bad_query(f"Syntax error at '{self._tokens[self._at].value}'")
        return found

    def _either(self) -> Expression:
        parts = [self._both()]
        while self._taken("or", "||"):
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else Either(tuple(parts))

    def _both(self) -> Expression:
        parts = [self._term()]
        while self._taken("and", "&&"):
            parts.append(self._term())
        return parts[0] if len(parts) == 1 else Both(tuple(parts))

    def _term(self) -> Expression:
        if self._taken("("):
            self._depth += 1
            if self._depth > _DEEPEST:
                raise bad_query("Expression is nested too deeply")
            found = self._either()
            self._need(")")
            self._depth -= 1
            return found
        if self._taken("!"):
            self._depth += 1
            if self._depth > _DEEPEST:
                raise bad_query("Expression is nested too deeply")
            found = self._term()
            self._depth -= 1
            if isinstance(found, Method):
                return Method(found.path, found.name, found.argument, not found.expected)
            if isinstance(found, Compare) and found.operator == "==":
                return Compare(found.path, "!=", found.value)
            raise bad_query("Operator '!' incompatible with operand type")
        return self._comparison()

    def _comparison(self) -> Expression:
        path = [self._word()]
        while self._taken("."):
            name = self._word()
            if not self._taken("("):
                path.append(name)
                continue
            folded = name.casefold()
            if folded in _SAME:
                self._need(")")
                continue
            if folded not in _METHODS:
                raise bad_query(f"No applicable method '{name}' exists in type 'String'")
            argument = self._value()
            self._need(")")
            if not isinstance(argument, str):
                raise bad_query(f"No applicable method '{name}' exists in type 'String'")
            return self._expected(Method(tuple(path), _METHODS[folded], argument))
        operator = self._peek()
        if operator is None or operator.value not in _COMPARISONS:
            return Compare(tuple(path), "==", True)
        self._at += 1
        return Compare(tuple(path), _COMPARISONS[operator.value], self._value())

    def _expected(self, method: Method) -> Method:
        operator = self._peek()
        if operator is None or operator.value not in ("==", "=", "!="):
            return method
        self._at += 1
        value = self._value()
        if not isinstance(value, bool):
            raise bad_query("Operator '==' incompatible with operand types 'Boolean' and 'String'")
        return Method(method.path, method.name, method.argument, value is (operator.value != "!="))

    def _value(self) -> Scalar:
        token = self._next()
        if token.kind == "text":
            return token.value[1:-1]
        if token.kind == "number":
            return Decimal(token.value)
        match token.value.casefold():
            case "true":
                return True
            case "false":
                return False
            case "null":
                return None
            case "guid":
                self._need("(")
                value = self._value()
                self._need(")")
                return str(value).casefold()
            case "datetime":
                return self._moment()
            case _:
                raise bad_query(f"Syntax error at '{token.value}'")

    def _moment(self) -> datetime:
        if self._taken("."):
            self._word()
            self._need("(")
            value = self._value()
            self._need(")")
            try:
                moment = datetime.fromisoformat(str(value))
            except ValueError as error:
                raise bad_query(f"String '{value}' was not recognized as a DateTime") from error
            return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        self._need("(")
        parts: list[int] = []
        while True:
            part = self._value()
            if not isinstance(part, Decimal):
                raise bad_query("No applicable constructor exists in type 'DateTime'")
            parts.append(int(part))
            if not self._taken(","):
                break
        self._need(")")
        filled = (*parts, 0, 0, 0, 0)[:6]
        try:
            year, month, day, hour, minute, second = filled
            return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
        except ValueError as error:
            raise bad_query("No applicable constructor exists in type 'DateTime'") from error

    # --- tokens

    def _peek(self) -> _Token | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _next(self) -> _Token:
        found = self._peek()
        if found is None:
            raise bad_query("Expression expected")
        self._at += 1
        return found

    def _word(self) -> str:
        found = self._next()
        if found.kind != "word":
            raise bad_query(f"Syntax error at '{found.value}'")
        return found.value

    def _taken(self, *values: str) -> bool:
        found = self._peek()
        if found is None or found.kind == "text" or found.value.casefold() not in values:
            return False
        self._at += 1
        return True

    def _need(self, value: str) -> None:
        if not self._taken(value):
            raise bad_query(f"'{value}' expected")
