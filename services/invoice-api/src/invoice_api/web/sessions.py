"""Who looks at a page, and the way to the log-in where nobody does."""

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import quote, urlsplit

from contracts.ids import PROVIDER_LABELS
from fastapi import Depends, Request
from messaging.database import Tx

from invoice_api.accounts.authentication import check_csrf, check_may_act, find_caller
from invoice_api.accounts.caller import Caller
from invoice_api.http.dependencies import TheClock, TheDatabase, TheSettings
from invoice_api.http.problems import not_found
from invoice_api.sync_status import connections_store
from invoice_api.web.formatters import moment
from invoice_api.web.pages import Banner, Person, Shell
from invoice_api.web.views import Eyes

FormValues = dict[str, str]


class LogInFirstError(Exception):
    """Raised below a page's route: nobody is logged in. Leads to the log-in and back."""

    def __init__(self, back: str) -> None:
        super().__init__(back)
        self.back = back

    @property
    def location(self) -> str:
        return f"/login?next={quote(self.back, safe='/')}"


@dataclass(frozen=True)
class Visit:
    """One request for a page by someone who is logged in."""

    caller: Caller
    eyes: Eyes
    path: str

    async def connected(self, tx: Tx) -> bool:
        """Whether the company has a connection to any provider."""
        return bool(await connections_store.current_connections(tx, self.caller.company.id))

    async def shell(self, tx: Tx, title: str, section: str, notice: str | None = None) -> Shell:
        """What stands around the page's content, held connections included."""
        held = await connections_store.current_connections(tx, self.caller.company.id)
        banners = tuple(
            Banner(
                f"{PROVIDER_LABELS[one.facts.provider]} no longer accepts our sign-in. "
                "Nothing is lost: what is new waits here.",
                f"Reconnect {PROVIDER_LABELS[one.facts.provider]}",
                f"/integrations/{one.facts.provider}/connect",
            )
            for one in held
            if one.facts.status == "reconnect"
        )
        return Shell(
            title=title,
            section=section,
            person=Person(self.caller.user_name, self.caller.company.name, self.caller.may_act),
            csrf=self.caller.csrf_token or "",
            banners=banners,
            notice=notice,
            now=moment(self.eyes.now, self.eyes.zone, self.eyes.now).removeprefix("today "),
        )


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
    form = await request.form()
    return {name: value for name, value in form.multi_items() if isinstance(value, str)}


async def visit(
    request: Request, database: TheDatabase, settings: TheSettings, clock: TheClock
) -> Visit:
    """Someone who is logged in. Raises LogInFirstError."""
    caller = await find_caller(request, database, settings)
    path = request.url.path if request.method == "GET" else "/invoices"
    if caller is None:
        query = f"?{request.url.query}" if request.url.query and request.method == "GET" else ""
        raise LogInFirstError(path + query)
    return Visit(caller, Eyes(caller.company.zone, clock.now()), path)


async def write_visit(
    one: Annotated[Visit, Depends(visit)], form: Annotated[FormValues, Depends(form_values)]
) -> Visit:
    """Someone who may change things, with the form's token. Raises a 403 Problem."""
    check_csrf(one.caller, form.get("csrf"))
    check_may_act(one.caller)
    return one


AVisit = Annotated[Visit, Depends(visit)]
AWrite = Annotated[Visit, Depends(write_visit)]
AForm = Annotated[FormValues, Depends(form_values)]
