"""Every fix of every cause stands where its problem is shown, with a field for what it takes."""

from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from pathlib import Path
from typing import get_args

import pytest
from contracts.causes import CAUSES, Reader
from contracts.causes.model import Fix
from contracts.ids import PROVIDER_LABELS, Provider
from contracts.sync import CauseInstance
from invoice_api.sync_status.badge import cause_shown
from invoice_api.web.pages import CauseView, Option
from invoice_api.web.rendering import Assets, Renderer
from invoice_api.web.views import cause_view

from .page_pieces import badge, problems

BUTTONS_OF_A_BADGE = {"finalize", "sync", "update", "ignore", "retry"}
"""They stand beside the fixes, and on Problems once for the whole group."""
ON_ANOTHER_PAGE = {"reconnect": "/connect", "open_there": "https://"}
OPTIONS = (Option("1", "4000 Services"),)
RENDER = Renderer(Assets(Path()))


@dataclass
class Seen(HTMLParser):
    """Forms by the action that they post, with the names of their fields; and all addresses."""

    fields: dict[str, set[str]] = field(default_factory=dict[str, set[str]])
    addresses: list[str] = field(default_factory=list[str])
    _names: set[str] = field(default_factory=set[str])
    _actions: set[str] = field(default_factory=set[str])

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._names, self._actions = set(), set()
        elif tag == "a":
            self.addresses.append(values.get("href", ""))
        elif values.get("name") == "action":
            self._actions.add(values["value"])
        elif tag in {"input", "select"}:
            self._names.add(values.get("name", ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.fields |= dict.fromkeys(self._actions, self._names)


def seen(text: str) -> Seen:
    found = Seen()
    found.feed(text)
    return found


def stands_in(shown: Seen, cause: CauseView, action: str, choose: str) -> bool:
    [fix] = [one for one in cause.fixes if one.action == action]
    if action in ON_ANOTHER_PAGE:
        return any(ON_ANOTHER_PAGE[action] in address for address in shown.addresses)
    if fix.needs_choice:
        return choose in shown.addresses
    return action in shown.fields and {name for name, _ in fix.fields} <= shown.fields[action]


CASES = [
    pytest.param(code, fix, provider, id=f"{code}-{fix.action}-{provider}")
    for code, cause in CAUSES.items()
    for fix in cause.fixes
    if fix.action not in BUTTONS_OF_A_BADGE
    for provider in get_args(Provider)
    if provider in fix.providers
]


@pytest.mark.parametrize(("code", "fix", "provider"), CASES)
def test_a_fix_stands_on_the_record_s_page_and_on_problems(
    code: str, fix: Fix, provider: Provider
) -> None:
    params = {"item_ids": '["7"]', "items": '["Call-out"]'}
    if fix.when is not None:
        params[fix.when.param] = fix.when.values[0]
    told = cause_shown(
        CauseInstance(code=code, params=params), provider, record_id=None, reader=Reader(), known={}
    )
    cause = cause_view(told, provider)
    assert fix.action in [one.action for one in cause.fixes]

    [one] = problems(1).groups
    group = replace(one, cause=replace(cause, details=()))
    head = replace(problems(1).head, provider=provider, label=PROVIDER_LABELS[provider])
    page = replace(problems(1), groups=(group,), fixing=(), head=head)
    text = bytes(RENDER.page("problems.html", page).body).decode()
    choose = f"{group.records[0].url}/link/{provider}"
    assert stands_in(seen(text), cause, fix.action, choose), text

    shown = replace(badge(cause=cause), provider=provider)
    text = RENDER.part("cause_card", shown, "invoice", "1", "token", OPTIONS, OPTIONS, True)
    forms = seen(text)
    assert stands_in(forms, cause, fix.action, f"/invoices/1/link/{provider}"), text
