"""Statements of the query language.

`SELECT * | count(*) | col[, col…] FROM Entity [WHERE p op v [AND …]] [ORDERBY|ORDER BY p [ASC|DESC]
[, …]] [STARTPOSITION n] [MAXRESULTS n]`, keywords in any case, the last two in either order:
https://developer.intuit.com/app/developer/qbo/docs/learn/explore-the-quickbooks-online-api/data-queries
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from qbo_simulator.provider_faults import ProviderFault, query_invalid, query_parse


@dataclass(frozen=True, slots=True)
class Condition:
    """`name operator values`; several values only for IN."""

    name: str
    operator: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Statement:
    """A parsed statement."""

    entity: str
    columns: tuple[str, ...]
    count: bool
    conditions: tuple[Condition, ...] = ()
    order: tuple[tuple[str, bool], ...] = ()
    """Property and whether descending."""
    start: int = 1
    most: int | None = None


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    at: int


_PATTERN = re.compile(
    r"""\s*(?:
      (?P<string>'(?:[^'\\]|\\.)*')
    | (?P<number>-?\d+(?:\.\d+)?)(?![\w.])
    | (?P<name>[A-Za-z_][\w.]*)
    | (?P<operator><=|>=|=|<|>)
    | (?P<mark>[(),*])
    )""",
    re.VERBOSE | re.DOTALL,
)
_OPERATORS = ("=", "<", ">", "<=", ">=")


def _tokens(statement: str) -> list[_Token]:
    tokens: list[_Token] = []
    position, end = 0, len(statement.rstrip())
    while position < end:
        found = _PATTERN.match(statement, position)
        if found is None or found.lastgroup is None:
            while statement[position].isspace():
                position += 1
            raise query_parse(
                f"Invalid content. Lexical error at line 1, column {position + 1}.  "
                f'Encountered: "{statement[position]}" ({ord(statement[position])}), after : ""'
            )
        kind = found.lastgroup
        tokens.append(_Token(kind, found.group(kind), found.start(kind)))
        position = found.end()
    return tokens


@dataclass(slots=True)
class _Reader:
    statement: str
    tokens: list[_Token] = field(default_factory=list[_Token])
    position: int = 0

    def peek(self) -> _Token:
        if self.position < len(self.tokens):
            return self.tokens[self.position]
        return _Token("end", "", len(self.statement))

    def take(self) -> _Token:
        token = self.peek()
        self.position += 1
        return token

    def word(self, *words: str) -> bool:
        """Take the next token if it is one of these words."""
        token = self.peek()
        if token.kind == "name" and token.text.upper() in words:
            self.position += 1
            return True
        return False

    def mark(self, text: str) -> bool:
        if self.peek().text == text and self.peek().kind == "mark":
            self.position += 1
            return True
        return False

    def unexpected(self, *expected: str) -> ProviderFault:
        token = self.peek()
        kinds = {"name": "<IDENTIFIER>", "number": "<NUMBER>", "string": "<STRING>"}
        told = f'" {kinds.get(token.kind, "<EOF>")} "{token.text} ""'
        wanted = " ... ".join(f"<{each}>" for each in expected)
        return query_parse(
            f"Encountered {told} at line 1, column {token.at + 1}.\n"
            f"Was expecting one of:\n    <EOF> \n    {wanted} ..."
        )

    def name(self, expected: str) -> str:
        if self.peek().kind != "name":
            raise self.unexpected(expected)
        return self.take().text

    def value(self) -> str:
        token = self.peek()
        if token.kind == "string":
            self.position += 1
            return re.sub(r"\\(.)", r"\1", token.text[1:-1], flags=re.DOTALL)
        if token.kind == "number" or token.text.lower() in ("true", "false", "null"):
            self.position += 1
            return token.text
        raise self.unexpected("STRING", "NUMBER", "TRUE", "FALSE")

    def whole(self, least: int) -> int:
        token = self.peek()
        if token.kind != "number" or "." in token.text:
            raise self.unexpected("NUMBER")
        self.position += 1
        if int(token.text) < least:
            raise query_invalid(f"value {token.text} is too small. Min allowed value is {least}")
        return int(token.text)


def parse(statement: str) -> Statement:
    """The statement's parts. Raises ProviderFault 4000 (syntax) or 4001 (STARTPOSITION 0)."""
    reader = _Reader(statement, _tokens(statement))
    if not reader.word("SELECT"):
        raise reader.unexpected("SELECT")
    count, columns = _columns(reader)
    if not reader.word("FROM"):
        raise reader.unexpected("FROM")
    entity = reader.name("IDENTIFIER")
    conditions = _conditions(reader) if reader.word("WHERE") else ()
    order = _order(reader)
    start, most = 1, None
    while reader.peek().kind != "end":
        if reader.word("STARTPOSITION"):
            start = reader.whole(1)
        elif reader.word("MAXRESULTS"):
            most = reader.whole(0)
        else:
            raise reader.unexpected("AND", "ORDERBY", "STARTPOSITION", "MAXRESULTS")
    return Statement(entity, columns, count, conditions, order, start, most)


def _columns(reader: _Reader) -> tuple[bool, tuple[str, ...]]:
    if reader.word("COUNT"):
        if not (reader.mark("(") and reader.mark("*") and reader.mark(")")):
            raise reader.unexpected("(*)")
        return True, ("*",)
    columns: list[str] = []
    while True:
        columns.append("*" if reader.mark("*") else reader.name("IDENTIFIER"))
        if not reader.mark(","):
            return False, tuple(columns)


def _conditions(reader: _Reader) -> tuple[Condition, ...]:
    conditions: list[Condition] = []
    while True:
        name = reader.name("IDENTIFIER")
        if reader.word("IN"):
            conditions.append(Condition(name, "in", _values(reader)))
        elif reader.word("LIKE"):
            conditions.append(Condition(name, "like", (reader.value(),)))
        elif reader.peek().text in _OPERATORS:
            operator = reader.take().text
            conditions.append(Condition(name, operator, (reader.value(),)))
        else:
            raise reader.unexpected("IN", "LIKE", "EQUALS")
        if not reader.word("AND"):
            return tuple(conditions)


def _values(reader: _Reader) -> tuple[str, ...]:
    if not reader.mark("("):
        raise reader.unexpected("LPAREN")
    values = [reader.value()]
    while reader.mark(","):
        values.append(reader.value())
    if not reader.mark(")"):
        raise reader.unexpected("RPAREN", "COMMA")
    return tuple(values)


def _order(reader: _Reader) -> tuple[tuple[str, bool], ...]:
    if reader.word("ORDER"):
        if not reader.word("BY"):
            raise reader.unexpected("BY")
    elif not reader.word("ORDERBY"):
        return ()
    order: list[tuple[str, bool]] = []
    while True:
        name = reader.name("IDENTIFIER")
        descending = reader.word("DESC")
        if not descending:
            reader.word("ASC")
        order.append((name, descending))
        if not reader.mark(","):
            return tuple(order)
