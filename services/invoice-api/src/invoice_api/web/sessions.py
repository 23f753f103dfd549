"""Who looks at a page, and the way to the log-in where nobody does."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from typing import Annotated, cast
from urllib.parse import quote, urlsplit

from contracts.causes import Reader, cause_of, render
from contracts.ids import PROVIDER_LABELS
from fastapi import Depends, Request, Response
from fastapi.responses import RedirectResponse
from messaging.database import Tx

from invoice_api.accounts.authentication import check_csrf, check_may_act, find_caller
from invoice_api.accounts.caller import Caller
from invoice_api.http.dependencies import TheClock, TheDatabase, TheSettings
from invoice_api.http.problems import not_found
from invoice_api.live import changes_store
from invoice_api.notices import store as notices_store
from invoice_api.sync_status import connections_store, store
from invoice_api.sync_status.connections_store import KnownConnection
from invoice_api.web.formatters import moment
from invoice_api.web.keeping import Kept, kept_form, page_before
from invoice_api.web.pages import Banner, Person, Shell, Toast, Undo
from invoice_api.web.reading import form_data
from invoice_api.web.views import Eyes, attention

FormValues = dict[str, str]


class LogInFirstError(Exception):
    """Raised below a page's route: nobody is logged in. Leads to the log-in and back.

    `kept` is the form that was sent, if one was.
    """

    def __init__(self, back: str, kept: Kept | None = None) -> None:
        super().__init__(back)
        self.back = back
        self.kept = kept

    @property
    def location(self) -> str:
        return f"/login?next={quote(self.back, safe='/')}"


@dataclass(frozen=True)
class Visit:
    """One request for a page by someone who is logged in."""

    caller: Caller
    eyes: Eyes
    path: str
    toast: Toast | None = None
    toast_cookie: str = "tb_said"
    as_of: int | None = None
    """What had been written when the page began to be read: its stream tells whether more was
    before anyone listened."""

    async def connected(self, tx: Tx) -> bool:
        """Whether the company has a connection to any provider."""
        return bool(await connections_store.current_connections(tx, self.caller.company.id))

    async def shell(self, tx: Tx, title: str, section: str) -> Shell:
        """What stands around the page's content, held connections included."""
        company = self.caller.company.id
        known = await connections_store.current_connections(tx, company)
        ids = [one.facts.id for one in known]
        counts = await store.count_states_of(tx, company, ids) if ids else {}
        unread = await notices_store.count_unread(tx, company, self.caller.user_id)
        open_at = {
            one.facts.provider: attention(counts.get(one.facts.id, {}))
            for one in known
            if one.facts.status != "disconnected"
        }
        most = max(open_at, key=lambda provider: open_at[provider], default=None)
        has_problems = most is not None and open_at[most] > 0
        return Shell(
            title=title,
            section=section,
            person=Person(
                self.caller.user_name,
                self.caller.company.name,
                self.caller.may_act,
                self.caller.role,
            ),
            csrf=self.caller.csrf_token or "",
            banners=tuple(
                self._banner(one, counts.get(one.facts.id, {}).get("held", 0))
                for one in known
                if one.facts.status == "reconnect"
            ),
            toast=self.toast,
            now=moment(self.eyes.now, self.eyes.zone, self.eyes.now).removeprefix("today "),
            open_problems=sum(open_at.values()),
            problems_url=f"/integrations/{most}/problems" if has_problems else "/integrations",
            unread=unread,
            as_of=self.as_of,
        )

    def _banner(self, known: KnownConnection, waiting: int) -> Banner:
        """The cause's own sentence, with how many records wait."""
        provider = known.facts.provider
        cause = known.cause or cause_of("connection_expired")
        words = {"count": str(waiting)}
        if known.facts.organisation:
            words["org"] = known.facts.organisation
        day = self.eyes.now.astimezone(self.eyes.zone).date()
        shown = render(cause, provider, known=words, reader=Reader(self.eyes.zone, day))
        return Banner(
            shown.sentence,
            f"Reconnect {PROVIDER_LABELS[provider]}",
            f"/integrations/{provider}/connect",
        )

    def see(self, address: str) -> Response:
        """On to `address`, with nothing to say."""
        return RedirectResponse(address, 303)

    def told(
        self, address: str, text: str, *, tone: str = "success", undo: Undo | None = None
    ) -> Response:
        """On to `address`, where `text` is said once, with the way back if there is one."""
        response = RedirectResponse(address, 303)
        said = [text, tone] + ([] if undo is None else [undo.path, undo.label, dict(undo.fields)])
        packed = urlsafe_b64encode(json.dumps(said).encode()).decode()
        response.set_cookie(self.toast_cookie, packed, max_age=60, httponly=True, samesite="lax")
        return response


_LONGEST_TOAST = 3_000
"""A browser keeps cookies of about 4,000 characters."""


def toast_of(packed: str | None, cookie: str) -> Toast | None:
    """What the last request had to say; whatever isn't in our own form says nothing."""
    if not packed or len(packed) > _LONGEST_TOAST:
        return None
    try:
        said = cast("list[object]", json.loads(urlsafe_b64decode(packed)))
        match said:
            case [str() as text, str() as tone]:
                undo = None
            case [str() as text, str() as tone, str() as path, str() as label, fields]:
                named = cast("dict[object, object]", fields)
                pairs = tuple((str(name), str(value)) for name, value in named.items())
                undo = Undo(inside(path), pairs, label)
            case _:
                return None
    except (ValueError, AttributeError):
        return None
    return Toast(text, tone if tone in _TONES else "success", undo, cookie)


_TONES = frozenset({"success", "warning", "danger", "info"})


def outside(title: str) -> Shell:
    """The shell of a page for someone who isn't logged in."""
    return Shell(title=title, section="", person=None, csrf="")


def inside(address: str) -> str:
    """The address if it is one of our pages, else the invoice list: no open redirect."""
    parts = urlsplit(address)
    local = not parts.scheme and not parts.netloc and parts.path.startswith("/")
    return (
        address if local and not address.startswith("//") and "\\" not in address else "/invoices"
    )


async def form_values(request: Request) -> FormValues:
    """The text fields of a form. A browser's own origin is checked, where it says one."""
    origin = request.headers.get("origin")
    if origin not in (None, "null") and origin != f"{request.url.scheme}://{request.url.netloc}":
        raise not_found()
    form = await form_data(request)
    return {name: value for name, value in form.multi_items() if isinstance(value, str)}


@dataclass(frozen=True)
class Typed:
    """A form's fields with those that come several times, such as ticked rows."""

    pairs: tuple[tuple[str, str], ...]

    def one(self, name: str) -> str:
        return next((value for key, value in self.pairs if key == name), "")

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.pairs if key == name]


async def form_lists(request: Request) -> Typed:
    form = await form_data(request)
    return Typed(tuple((n, v) for n, v in form.multi_items() if isinstance(v, str)))


async def visit(
    request: Request, database: TheDatabase, settings: TheSettings, clock: TheClock
) -> Visit:
    """Someone who is logged in. Raises LogInFirstError."""
    caller = await find_caller(request, database, settings)
    path = request.url.path if request.method == "GET" else "/invoices"
    if caller is None:
        if request.method != "GET":
            back = page_before(request) or path
            raise LogInFirstError(back, await kept_form(request))
        query = f"?{request.url.query}" if request.url.query else ""
        raise LogInFirstError(path + query)
    cookie = f"{settings.cookie}_said"
    eyes = Eyes(caller.company.zone, clock.now())
    if request.method != "GET":
        return Visit(caller, eyes, path, None, cookie)
    toast = toast_of(request.cookies.get(cookie), cookie)
    if "hx-request" in request.headers or request.url.path == "/live":
        return Visit(caller, eyes, path, toast, cookie)
    async with database.transaction() as tx:
        as_of = await changes_store.horizon(tx)
    return Visit(caller, eyes, path, toast, cookie, as_of)


async def write_visit(
    one: Annotated[Visit, Depends(visit)], form: Annotated[FormValues, Depends(form_values)]
) -> Visit:
    """Someone who may change things, with the form's token. Raises a 403 Problem."""
    check_csrf(one.caller, form.get("csrf"))
    check_may_act(one.caller)
    return one


async def own_visit(
    one: Annotated[Visit, Depends(visit)], form: Annotated[FormValues, Depends(form_values)]
) -> Visit:
    """Someone who changes what is only their own, viewers too, with the form's token."""
    check_csrf(one.caller, form.get("csrf"))
    return one


AVisit = Annotated[Visit, Depends(visit)]
AnOwnWrite = Annotated[Visit, Depends(own_visit)]
AWrite = Annotated[Visit, Depends(write_visit)]
AForm = Annotated[FormValues, Depends(form_values)]
FormLists = Annotated[Typed, Depends(form_lists)]
