"""Faults put in by a test: which request they hit, how often, and what then happens."""

from __future__ import annotations

import itertools
import random
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Kind = Literal["drop_before_commit", "drop_after_commit", "status", "garbage", "delay", "revoke"]


class Match(BaseModel):
    """Which requests: everything said must hold."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str = ""
    """A prefix of the path, or of what follows the account or business (`/invoices`)."""
    organisation: str = ""
    """Its name or its id."""
    method: str = ""
    contains: str = ""
    """Text that must occur in the body."""


class FaultRule(BaseModel):
    """What `POST /_sim/faults` takes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Kind
    status: int | None = Field(default=None, ge=100, le=599)
    delay_ms: float = Field(default=0, ge=0)
    when: Literal["before", "after"] = "before"
    """For `delay`: before the work is done, or between the work and its answer."""
    commit: bool | None = None
    """For `status` and `garbage`: is the work done all the same? Default: no for `status`,
    yes for `garbage`."""
    form: Literal["text", "truncated", "empty"] = "text"
    """For `garbage`: a page of HTML, half of the real answer and a closed connection, or
    nothing."""
    body: str | None = None
    """For `status` and `garbage`: this body instead."""
    headers: dict[str, str] = Field(default_factory=dict)
    match: Match = Match()
    times: int | None = Field(default=None, ge=1)
    rate: float | None = Field(default=None, ge=0, le=1)
    seed: int | None = None

    @model_validator(mode="after")
    def _complete(self) -> FaultRule:
        if self.kind == "status" and self.status is None:
            raise ValueError("status is missing: say which, e.g. 503")
        if self.kind == "delay" and not self.delay_ms:
            raise ValueError("delay_ms is missing: say how long, e.g. 2000")
        return self


class Request(BaseModel):
    """What a rule is matched against."""

    model_config = ConfigDict(frozen=True)

    method: str
    path: str
    inner_path: str
    account_id: str
    organisation: str
    body: bytes


class Injected:
    """A rule at work: how often it has hit and what it has left."""

    def __init__(self, identifier: str, rule: FaultRule, seed: int) -> None:
        self.identifier = identifier
        self.rule = rule
        self.hits = 0
        self._chance = random.Random(rule.seed if rule.seed is not None else seed)  # noqa: S311 -- a test's dice, not a secret

    def spent(self) -> bool:
        """It has hit as often as it was asked to."""
        return self.rule.times is not None and self.hits >= self.rule.times

    def matches(self, request: Request) -> bool:
        match = self.rule.match
        return (
            (request.path.startswith(match.path) or request.inner_path.startswith(match.path))
            and match.organisation in ("", request.organisation, request.account_id)
            and match.method.upper() in ("", request.method)
            and match.contains.encode() in request.body
        )

    def strikes(self, request: Request) -> bool:
        """Whether this request is hit; counts if so."""
        if self.spent() or not self.matches(request):
            return False
        if self.rule.rate is not None and self._chance.random() >= self.rule.rate:
            return False
        self.hits += 1
        return True


class Injection:
    """All rules, in the order they were posted."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self.rules: list[Injected] = []

    def add(self, rule: FaultRule, seed: int) -> Injected:
        """Put a rule to work; without its own seed it draws by `seed`."""
        injected = Injected(str(next(self._numbers)), rule, seed)
        self.rules.append(injected)
        return injected

    def remove(self, identifier: str) -> bool:
        """Take one rule away; False if there is none of that id."""
        before = len(self.rules)
        self.rules = [each for each in self.rules if each.identifier != identifier]
        return len(self.rules) < before

    def clear(self) -> None:
        """Take all rules away."""
        self.rules = []

    def revokes(self, request: Request) -> bool:
        """Whether this request finds its consent revoked."""
        return self._first(request, ("revoke",)) is not None

    def delays(self, request: Request) -> list[FaultRule]:
        """Every delay that hits this request."""
        return [
            each.rule for each in self.rules if each.rule.kind == "delay" and each.strikes(request)
        ]

    def breaks(self, request: Request) -> FaultRule | None:
        """The one drop, status or garbage that hits this request."""
        kinds: tuple[Kind, ...] = ("drop_before_commit", "drop_after_commit", "status", "garbage")
        return self._first(request, kinds)

    def _first(self, request: Request, kinds: tuple[Kind, ...]) -> FaultRule | None:
        for each in self.rules:
            if each.rule.kind in kinds and each.strikes(request):
                return each.rule
        return None
