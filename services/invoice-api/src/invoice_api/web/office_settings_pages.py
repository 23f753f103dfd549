"""Settings of the company: its people, API keys, tax rates; and the first steps."""

from dataclasses import dataclass, replace
from uuid import UUID

from contracts.ids import PROVIDER_LABELS, UserId
from fastapi import APIRouter, Response
from fastapi.responses import RedirectResponse

from invoice_api.accounts import people, service
from invoice_api.accounts.people_routes import TheInviting
from invoice_api.accounts.people_schemas import NewUser, UserChanges, UserShown
from invoice_api.accounts.routes import TheRandom
from invoice_api.accounts.schemas import NewApiKey
from invoice_api.http.bodies import parse
from invoice_api.http.dependencies import TheDatabase, TheIds
from invoice_api.http.problems import Problem, not_allowed
from invoice_api.tax_rates import service as tax_rates
from invoice_api.tax_rates.schemas import NewTaxRate
from invoice_api.web import formatters
from invoice_api.web.dependencies import TheRenderer
from invoice_api.web.pages import Form, Option, Shell
from invoice_api.web.reading import as_json, given
from invoice_api.web.sessions import AForm, AVisit, AWrite, Visit
from invoice_api.web.views import form_of, told_of

router = APIRouter(include_in_schema=False)

ROLES = (
    Option("owner", "Owner: everything, people included"),
    Option("office", "Office: everything but people"),
    Option("viewer", "Viewer: looks, changes nothing"),
)


@dataclass(frozen=True)
class PersonRow:
    id: str
    name: str
    email: str
    role: str
    status: str
    me: bool


@dataclass(frozen=True)
class KeyRow:
    id: str
    name: str
    shown: str
    since: str


@dataclass(frozen=True)
class TaxRow:
    name: str
    percent: str


@dataclass(frozen=True)
class HubPage:
    shell: Shell
    cards: tuple[tuple[str, str, str, str], ...]
    """Icon, heading, sentence, address."""


@dataclass(frozen=True)
class PeoplePage:
    shell: Shell
    form: Form
    rows: tuple[PersonRow, ...]
    roles: tuple[Option, ...]
    invitation: tuple[str, str, str] | None = None
    """For whom, the link, until when: shown this once."""


@dataclass(frozen=True)
class KeysOfApiPage:
    shell: Shell
    form: Form
    rows: tuple[KeyRow, ...]
    made: str | None = None
    """The new key, shown this once."""


@dataclass(frozen=True)
class TaxRatesPage:
    shell: Shell
    form: Form
    rows: tuple[TaxRow, ...]


@router.get("/settings")
async def show_hub(one: AVisit, database: TheDatabase, render: TheRenderer) -> Response:
    async with database.transaction() as tx:
        shell = await one.shell(tx, "Settings", "settings")
    cards = (
        (
            "plug-connected",
            "Integrations",
            f"{_listed('and')}.",
            "/integrations",
        ),
        ("users", "People", "Who can log in, and what they may do.", "/settings/people"),
        ("bell", "Notices", "What is written to you, and how often.", "/settings/notices"),
        ("receipt-tax", "Tax rates", "What you charge on your lines.", "/tax-rates"),
        ("key", "API keys", "For programs that act as you.", "/settings/api-keys"),
        ("list-check", "First steps", "Connect, map accounts, switch on.", "/start"),
    )
    return render.page("settings.html", HubPage(shell, cards))


@router.get("/settings/integrations")
async def integrations() -> Response:
    """Where the help article looks for them."""
    return RedirectResponse("/integrations", 303)


@router.get("/settings/people")
async def show_people(one: AVisit, database: TheDatabase, render: TheRenderer) -> Response:
    return render.page("people.html", await _people(one, database, Form({"role": "office"})))


async def _people(one: Visit, database: TheDatabase, form: Form) -> PeoplePage:
    async with database.transaction() as tx:
        shell = await one.shell(tx, "People", "settings")
        found = await people.list_users(tx, one.caller.company.id)
    rows = tuple(_person(user, one) for user in found.data)
    return PeoplePage(shell, form, rows, ROLES)


def _person(user: UserShown, one: Visit) -> PersonRow:
    return PersonRow(
        id=str(user.id),
        name=user.name,
        email=user.email,
        role=user.role,
        status={"active": "", "invited": "Invited", "left": "Can't log in"}[user.status],
        me=user.id == one.caller.user_id,
    )


@router.post("/settings/people")
async def invite(
    one: AWrite,
    form: AForm,
    database: TheDatabase,
    ids: TheIds,
    inviting: TheInviting,
    render: TheRenderer,
) -> Response:
    """Someone new: the link to choose a password by is shown this once."""
    try:
        _check_owns(one)
        wanted = parse(
            NewUser,
            as_json(
                {
                    "email": form.get("email", ""),
                    "name": form.get("name", "").strip() or None,
                    "role": form.get("role", ""),
                }
            ),
        )
        made = await people.add(database, ids, inviting, one.caller, wanted)
    except Problem as problem:
        page = await _people(one, database, form_of(form, problem))
        return render.page("people.html", page, problem.status)
    page = await _people(one, database, Form({"role": "office"}))
    return render.page("people.html", replace(page, invitation=_link(made, one)))


def _check_owns(one: Visit) -> None:
    if not one.caller.owns:
        raise not_allowed("Only an owner can invite people and change roles.")


def _link(made: UserShown, one: Visit) -> tuple[str, str, str] | None:
    if made.invitation is None:
        return None
    return made.name, made.invitation.url, one.eyes.moment(made.invitation.expires_at)


@router.post("/settings/people/{user_id}")
async def change_person(
    user_id: UUID,
    one: AWrite,
    form: AForm,
    database: TheDatabase,
    inviting: TheInviting,
    render: TheRenderer,
) -> Response:
    """Another role, a new link, or no log-in any more."""
    do = form.get("do", "")
    asked: dict[str, dict[str, object]] = {
        "invite": {"invite": True},
        "leave": {"active": False},
        "return": {"active": True},
    }
    body = asked.get(do, {"role": form.get("role", "")})
    try:
        _check_owns(one)
        changes = parse(UserChanges, as_json(body))
        async with database.transaction() as tx:
            changed = await people.change(tx, inviting, one.caller, UserId(user_id), changes)
    except Problem as problem:
        said = told_of(problem)
        return one.told("/settings/people", said, tone="danger")
    if changed.invitation is not None:
        page = await _people(one, database, Form({"role": "office"}))
        return render.page("people.html", replace(page, invitation=_link(changed, one)))
    return one.told("/settings/people", f"{changed.name}: saved.")


@router.get("/settings/api-keys")
async def show_keys(one: AVisit, database: TheDatabase, render: TheRenderer) -> Response:
    return render.page("api_keys.html", await _keys(one, database, Form()))


async def _keys(one: Visit, database: TheDatabase, form: Form) -> KeysOfApiPage:
    async with database.transaction() as tx:
        shell = await one.shell(tx, "API keys", "settings")
        found = await service.list_keys(tx, one.caller)
    rows = tuple(
        KeyRow(key.id, key.name, key.shown, one.eyes.moment(key.created_at)) for key in found.data
    )
    return KeysOfApiPage(shell, form, rows)


@router.post("/settings/api-keys")
async def make_key(
    one: AWrite,
    form: AForm,
    database: TheDatabase,
    ids: TheIds,
    random: TheRandom,
    render: TheRenderer,
) -> Response:
    try:
        wanted = parse(NewApiKey, as_json({"name": form.get("name", "").strip()}))
        async with database.transaction() as tx:
            made = await service.make_key(tx, ids, random, one.caller, wanted.name)
    except Problem as problem:
        page = await _keys(one, database, form_of(form, problem))
        return render.page("api_keys.html", page, problem.status)
    page = await _keys(one, database, Form())
    return render.page("api_keys.html", replace(page, made=made.api_key))


@router.post("/settings/api-keys/{key_id}/delete")
async def delete_key(key_id: UUID, one: AWrite, database: TheDatabase) -> Response:
    try:
        async with database.transaction() as tx:
            await service.delete_key(tx, one.caller, key_id)
    except Problem as problem:
        return one.told("/settings/api-keys", problem.detail, tone="danger")
    return one.told("/settings/api-keys", "The key stopped working.")


@router.get("/tax-rates")
async def show_tax_rates(one: AVisit, database: TheDatabase, render: TheRenderer) -> Response:
    return render.page("tax_rates.html", await _rates(one, database, Form()))


async def _rates(one: Visit, database: TheDatabase, form: Form) -> TaxRatesPage:
    async with database.transaction() as tx:
        shell = await one.shell(tx, "Tax rates", "settings")
        found = await tax_rates.choices(tx, one.caller)
    rows = tuple(TaxRow(r.name, f"{formatters.quantity(r.percent)}%") for r in found)
    return TaxRatesPage(shell, form, rows)


@router.post("/tax-rates")
async def add_tax_rate(
    one: AWrite, form: AForm, database: TheDatabase, ids: TheIds, render: TheRenderer
) -> Response:
    try:
        wanted = parse(
            NewTaxRate,
            given(form, ("name", "percent"), ()),
        )
        async with database.transaction() as tx:
            made = await tax_rates.create(tx, one.caller, ids, wanted)
    except Problem as problem:
        page = await _rates(one, database, form_of(form, problem))
        return render.page("tax_rates.html", page, problem.status)
    return one.told("/tax-rates", f"{made.name} added.")


def _listed(word: str) -> str:
    """The providers' names in a sentence, the last after `word`."""
    *first, last = PROVIDER_LABELS.values()
    return f"{', '.join(first)} {word} {last}"
