"""What the pages of notices are given."""

from collections.abc import Mapping
from dataclasses import dataclass

from invoice_api.notices.deciding import Choice
from invoice_api.web.pages import Shell

HOW_OFTEN: Mapping[Choice, str] = {
    "at_once": "at once",
    "daily": "daily",
    "weekly": "weekly",
    "none": "never by e-mail",
}


@dataclass(frozen=True)
class NoticeRow:
    id: str
    kind: str
    provider: str
    provider_label: str
    title: str
    sentence: str
    amount: str
    since: str
    over: str | None
    fix: str
    """The button's words; empty where nothing is left to do."""
    url: str
    read: bool
    count: str = ""


@dataclass(frozen=True)
class NoticesPage:
    shell: Shell
    open: tuple[NoticeRow, ...]
    over: tuple[NoticeRow, ...]
    unread: int
    unsent: str = ""
    """That the person's last e-mail couldn't be sent, and why; empty where it was."""


@dataclass(frozen=True)
class NoticeChoicePage:
    shell: Shell
    address: str
    choice: str
    mails: bool
    """Whether mail is sent at all: a mail server is set."""
    unsent: str = ""
