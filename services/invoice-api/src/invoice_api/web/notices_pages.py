"""Notices: what someone should know and where it is mended; how often each is written to."""

from typing import get_args
from uuid import UUID

from contracts.causes import CAUSES
from contracts.ids import PROVIDER_LABELS
from fastapi import APIRouter, Response

from invoice_api.http.dependencies import TheDatabase, TheSettings
from invoice_api.notices import mail_store, service
from invoice_api.notices.deciding import Choice
from invoice_api.notices.service import NoticeChoice, NoticeShown, UnsentShown
from invoice_api.sums import counted, in_words
from invoice_api.web import formatters
from invoice_api.web.dependencies import TheRenderer
from invoice_api.web.notices_views import NoticeChoicePage, NoticeRow, NoticesPage
from invoice_api.web.sessions import AForm, AnOwnWrite, AVisit, Visit

router = APIRouter(include_in_schema=False)

_CHOICES: tuple[Choice, ...] = get_args(Choice)


@router.get("/notices")
async def show_notices(one: AVisit, database: TheDatabase, render: TheRenderer) -> Response:
    async with database.transaction() as tx:
        shell = await one.shell(tx, "Notices", "notices")
        shown = await service.list_notices(tx, one.caller)
    rows = [_row(notice, one) for notice in shown.data]
    page = NoticesPage(
        shell=shell,
        open=tuple(row for row in rows if row.over is None),
        over=tuple(row for row in rows if row.over is not None),
        unread=shown.unread,
        unsent=unsent_words(shown.unsent, one),
    )
    return render.page("notices.html", page)


def _row(notice: NoticeShown, one: Visit) -> NoticeRow:
    label = PROVIDER_LABELS[notice.provider]
    url, fix = notice.url, "Fix"
    match notice.kind:
        case "connection" | "ending":
            url, fix = f"/integrations/{notice.provider}/connect", f"Reconnect {label}"
            if not one.caller.may_act:
                url, fix = notice.url, "Show"
        case "cause" | "outage":
            group = notice.group or ""
            url += f"#group-{formatters.group_key(group)}" if group else ""
            if not one.caller.may_act or not _is_mended_here(group):
                fix = "Show"
    return NoticeRow(
        id=str(notice.id),
        kind=notice.kind,
        provider=notice.provider,
        provider_label=label,
        title=notice.title,
        sentence=notice.sentence,
        amount=in_words((row.currency, row.amount) for row in notice.amounts),
        since=one.eyes.moment(notice.since),
        over=None if notice.over_at is None else one.eyes.moment(notice.over_at),
        fix="" if notice.over_at is not None else fix,
        url=url,
        read=notice.read,
        count=notice.what or (counted(notice.count, ()) if notice.count else ""),
    )


def unsent_words(unsent: UnsentShown | None, one: Visit) -> str:
    if unsent is None:
        return ""
    at = one.eyes.moment(unsent.at)
    return (
        f"The e-mail to {unsent.address} couldn't be sent ({at}): {unsent.why}."
        " What it said stands here, and goes with your next e-mail."
    )


def _is_mended_here(group: str) -> bool:
    """Whether somebody of the company can do something about it."""
    cause = CAUSES.get(group.partition(".")[0])
    return cause is not None and cause.who == "fix_record"


@router.post("/notices/read")
async def mark_read(one: AnOwnWrite, form: AForm, database: TheDatabase) -> Response:
    """One that is named, or all of them; only this person's mark."""
    named = form.get("id", "")
    try:
        ids = [UUID(named)] if named else None
    except ValueError:
        return one.told("/notices", "That notice is gone already.", tone="info")
    async with database.transaction() as tx:
        await service.mark_read(tx, one.caller, ids)
    return one.told("/notices", "Marked as read." if named else "All marked as read.")


@router.get("/settings/notices")
async def show_choice(
    one: AVisit, database: TheDatabase, settings: TheSettings, render: TheRenderer
) -> Response:
    async with database.transaction() as tx:
        shell = await one.shell(tx, "Your notices", "settings")
        choice = await service.choice(tx, one.caller)
        address = await mail_store.address_of(tx, one.caller.user_id)
        unsent = unsent_words(await service.unsent(tx, one.caller), one)
    mails = settings.smtp_host is not None
    page = NoticeChoicePage(shell, address, choice.email, mails, unsent)
    return render.page("notice_choice.html", page)


@router.post("/settings/notices")
async def save_choice(one: AnOwnWrite, form: AForm, database: TheDatabase) -> Response:
    wanted = _known(form.get("email", ""))
    if wanted is None:
        return one.told("/settings/notices", "Choose how often first.", tone="warning")
    async with database.transaction() as tx:
        await service.choose(tx, one.caller, NoticeChoice(email=wanted))
    return one.told("/settings/notices", "Saved.")


def _known(text: str) -> Choice | None:
    for choice in _CHOICES:
        if choice == text:
            return choice
    return None
