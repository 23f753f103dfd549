"""What the provider's page says while connecting. No record has these."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from contracts.causes.words import NOUNS, Reader, fill
from contracts.ids import Provider

ConnectCode = Literal[
    "consent_declined",
    "connect_link_expired",
    "wrong_organisation",
    "organisation_taken",
    "choose_organisation",
    "no_organisation",
    "connection_ending_soon",
]


@dataclass(frozen=True)
class ConnectMessage:
    """`sentences` go from the most telling to one that needs no params; `button` leads on."""

    sentences: tuple[str, ...]
    button: str | None = None
    plain_button: str | None = None


CONNECT_MESSAGES: Mapping[ConnectCode, ConnectMessage] = MappingProxyType(
    {
        "consent_declined": ConnectMessage(
            ("You chose not to connect. Nothing was stored.",),
        ),
        "connect_link_expired": ConnectMessage(
            ("That link is no longer valid. Start again.",),
        ),
        "wrong_organisation": ConnectMessage(
            (
                "You signed in to {org_new}, but your links and accounts belong to {org}. "
                "Nothing changed.",
                "You signed in to another organisation than your links and accounts belong to. "
                "Nothing changed.",
            ),
            "Try again with {org}",
            "Try again",
        ),
        "organisation_taken": ConnectMessage(
            (
                "{org} is already connected to another account of ours. Disconnect it there first.",
                "This organisation is already connected to another account of ours. "
                "Disconnect it there first.",
            ),
        ),
        "choose_organisation": ConnectMessage(("Which one are these invoices for?",)),
        "no_organisation": ConnectMessage(("This sign-in has no {provider} organisation.",)),
        "connection_ending_soon": ConnectMessage(
            (
                "{provider} asks you to reconnect by {date}.",
                "{provider} asks you to reconnect soon.",
            ),
            "Reconnect {provider}",
        ),
    }
)


def connect_message(
    code: ConnectCode,
    provider: Provider,
    params: Mapping[str, str] | None = None,
    reader: Reader | None = None,
) -> tuple[str, str | None]:
    """The sentence, and the button's label where there is one."""
    reader = reader or Reader()
    message = CONNECT_MESSAGES[code]
    given = {**(params or {}), **NOUNS[provider]}
    buttons = tuple(b for b in (message.button, message.plain_button) if b is not None)
    sentence = _first(message.sentences, given, reader)
    return sentence, _first(buttons, given, reader) if buttons else None


def _first(templates: tuple[str, ...], given: Mapping[str, str], reader: Reader) -> str:
    for template in templates:
        text, missing = fill(template, lambda name: given.get(name) or None, reader)
        if not missing:
            return text
    return templates[-1]
