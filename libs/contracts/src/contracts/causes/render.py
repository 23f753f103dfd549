"""A cause as a person reads it."""

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from contracts.causes.catalogue import CAUSES
from contracts.causes.model import Action, Cause, Fix, Link, LinkTarget, SubjectKind, When, Who
from contracts.causes.words import NOUNS, Reader, fill
from contracts.ids import PROVIDER_LABELS, Provider
from contracts.sync import CauseInstance, ProviderDetails, SyncState


@dataclass(frozen=True)
class RenderedFix:
    """A button that mends it. `values` are the first values of some of its `fields`."""

    action: Action
    label: str
    fields: tuple[str, ...]
    values: Mapping[str, str]


@dataclass(frozen=True)
class RenderedLink:
    """A button that posts nothing."""

    target: LinkTarget
    label: str


@dataclass(frozen=True)
class RenderedCause:
    """What a page or an answer shows of a cause.

    `missing` names params that were not there, so that a plainer sentence was shown than the
    catalogue has; whoever shows it counts that. It is never a reason not to show it.
    """

    code: str
    group: str
    who: Who
    title: str
    sentence: str
    fixes: tuple[RenderedFix, ...]
    links: tuple[RenderedLink, ...] = ()
    missing: tuple[str, ...] = ()


def render(
    instance: CauseInstance,
    provider: Provider,
    *,
    record_id: UUID | None = None,
    known: Mapping[str, str] | None = None,
    reader: Reader | None = None,
) -> RenderedCause:
    """The cause in words; never raises.

    `record_id` is the record it stands on: what is grouped by the record itself needs it. `known`
    holds params that the caller knows and the finder of the cause may not have known (the
    organisation's name, how many wait); the instance's own win. A code that this release doesn't
    know gets a general sentence and counts as a defect.
    """
    reader = reader or Reader()
    cause = CAUSES.get(instance.code)
    if cause is None:
        return _unknown(instance, provider, record_id)
    known = known or {}
    because = _because(cause, instance, provider, known, reader)
    look_up = _look_up(cause, instance, provider, known, because, reader)
    title, title_missing = _first_that_fills(cause.titles, look_up, reader)
    sentence, sentence_missing = _first_that_fills(cause.sentences, look_up, reader)
    return RenderedCause(
        code=cause.code,
        group=group_of(instance, record_id),
        who=cause.who,
        title=title,
        sentence=sentence,
        fixes=(
            tuple(_fix(fix, look_up, reader) for fix in _offered(cause, instance, provider))
            if because is None
            else because.fixes
        ),
        links=(
            tuple(_link(link, look_up, reader) for link in cause.links)
            if because is None
            else because.links
        ),
        missing=tuple(sorted(title_missing | sentence_missing)),
    )


def group_of(instance: CauseInstance, record_id: UUID | None = None) -> str:
    """The key under which problems are gathered: the code, and `.` and what it is about.

    What is about the connection has the code alone; a prerequisite's dependents have its group.
    Safe in a URL path.
    """
    cause = CAUSES.get(instance.code)
    if cause is None:
        return _safe(instance.code)
    if cause.subject == "prerequisite" and instance.because is not None:
        needed = instance.subject
        return group_of(instance.because, None if needed is None else _uuid(needed.id))
    subject = _subject_id(cause.subject, instance, record_id)
    return cause.code if subject is None else f"{cause.code}.{_safe(subject)}"


def state_of(code: str) -> SyncState | None:
    """The state a record with this cause is in; None if the cause leaves it in the state it was in.

    A code that this release doesn't know blocks: somebody has to look.
    """
    cause = CAUSES.get(code)
    return SyncState.BLOCKED if cause is None else cause.state


def in_order(instances: Iterable[CauseInstance]) -> tuple[CauseInstance, ...]:
    """What stops the record first, in the catalogue's order, then what only explains."""
    return tuple(sorted(instances, key=_rank))


def first_blocker(instances: Iterable[CauseInstance]) -> CauseInstance | None:
    """The one to show on the record: the first of those that stop it, if any does."""
    return next((i for i in in_order(instances) if not _rank(i)[0]), None)


def _rank(instance: CauseInstance) -> tuple[bool, int]:
    cause = CAUSES.get(instance.code)
    return (False, len(CAUSES) + 1) if cause is None else (not cause.blocks, cause.number)


def _because(
    cause: Cause,
    instance: CauseInstance,
    provider: Provider,
    known: Mapping[str, str],
    reader: Reader,
) -> RenderedCause | None:
    """The cause of the record that this one waits for. What is known of this one isn't of that."""
    if cause.subject != "prerequisite" or instance.because is None:
        return None
    of_that = {name: value for name, value in known.items() if name not in ("record", "invoice")}
    if instance.subject is not None:
        of_that["record"] = instance.subject.name
    return render(instance.because, provider, known=of_that, reader=reader)


_BY_SUBJECT: dict[SubjectKind, str] = {
    "record": "record",
    "prerequisite": "record",
    "customer": "customer",
    "customer_and_currency": "customer",
    "item": "item",
    "account": "account",
    "tax_rate": "tax",
    "tax_there": "tax_there",
    "currency": "currency",
    "invoice": "invoice",
}
"""Which param the subject's name stands for where the params don't have it."""


def _look_up(
    cause: Cause,
    instance: CauseInstance,
    provider: Provider,
    known: Mapping[str, str],
    because: RenderedCause | None,
    reader: Reader,
) -> Callable[[str], str | None]:
    choices = {choice.slot: choice for choice in cause.choices}
    implied = {"month": "date"}
    fallback: dict[str, str | None] = {
        "message": instance.details.provider_message,
        "because": None if because is None else because.sentence,
    }
    if instance.subject is not None and cause.subject in _BY_SUBJECT:
        fallback[_BY_SUBJECT[cause.subject]] = instance.subject.name

    def value_of(name: str) -> str | None:
        value = instance.params.get(name) or fallback.get(name) or known.get(name)
        if value or name not in implied:
            return value or None
        return value_of(implied[name])

    def look_up(name: str) -> str | None:
        noun = NOUNS[provider].get(name)
        if noun is not None:
            return noun
        choice = choices.get(name)
        if choice is None:
            return value_of(name)
        template = dict(choice.options).get(value_of(choice.param) or "")
        if template is None:
            return None
        text, missing = fill(template, look_up, reader)
        return None if missing else text

    return look_up


def _first_that_fills(
    templates: tuple[str, ...], look_up: Callable[[str], str | None], reader: Reader
) -> tuple[str, frozenset[str]]:
    """The first template that fills whole. What is missing counts only if the last had to do."""
    wanted: frozenset[str] = frozenset()
    for position, template in enumerate(templates):
        text, missing = fill(template, look_up, reader)
        if not missing:
            plain = position > 0 and position == len(templates) - 1
            return text, wanted if plain else frozenset()
        wanted = wanted or missing
    return fill(templates[-1], look_up, reader)


def _offered(cause: Cause, instance: CauseInstance, provider: Provider) -> Iterable[Fix]:
    for fix in cause.fixes:
        wanted = fix.when is None or _holds(fix.when, instance)
        refused = fix.unless is not None and _holds(fix.unless, instance)
        if wanted and not refused and provider in fix.providers:
            yield fix


def _holds(when: When, instance: CauseInstance) -> bool:
    return instance.params.get(when.param) in when.values


def _fix(fix: Fix, look_up: Callable[[str], str | None], reader: Reader) -> RenderedFix:
    values: dict[str, str] = {}
    for field, template in fix.prefill:
        raw, missing = _raw(template, look_up)
        if not missing:
            values[field] = raw
    return RenderedFix(
        fix.action, _label(fix.label, fix.plain, look_up, reader), fix.fields, values
    )


def _raw(template: str, look_up: Callable[[str], str | None]) -> tuple[str, bool]:
    """A field's value as its machine takes it: a date stays `2026-03-31`."""
    missing = False

    def replace(match: re.Match[str]) -> str:
        nonlocal missing
        value = look_up(match[1])
        missing = missing or value is None
        return value or ""

    return re.sub(r"\{(\w+)\}", replace, template), missing


def _link(link: Link, look_up: Callable[[str], str | None], reader: Reader) -> RenderedLink:
    return RenderedLink(link.target, _label(link.label, link.plain, look_up, reader))


def _label(
    label: str, plain: str | None, look_up: Callable[[str], str | None], reader: Reader
) -> str:
    text, missing = fill(label, look_up, reader)
    return plain if missing and plain is not None else text


def _unknown(instance: CauseInstance, provider: Provider, record_id: UUID | None) -> RenderedCause:
    return RenderedCause(
        code=instance.code,
        group=group_of(instance, record_id),
        who="defect",
        title="Needs attention",
        sentence=(
            f"This can't go to {PROVIDER_LABELS[provider]} yet, for a reason this page doesn't "
            "know. We have been told."
        ),
        fixes=(RenderedFix("retry", "Try again", (), {}),),
        links=(RenderedLink("copy_for_support", "Copy for support"),),
        missing=("code",),
    )


def _subject_id(kind: SubjectKind, instance: CauseInstance, record_id: UUID | None) -> str | None:
    subject = None if instance.subject is None else instance.subject.id or None
    params = instance.params
    match kind:
        case "none" | "connection" | "provider":
            return None
        case "record" | "customer" | "item" | "invoice" | "prerequisite":
            return subject or (None if record_id is None else str(record_id))
        case "account" | "account_and_tax" | "tax_rate" | "tax_there":
            return subject
        case "customer_and_currency":
            parts = (subject, params.get("currency"))
            return ".".join(part for part in parts if part) or None
        case "currency":
            return subject or params.get("currency")
        case "lock_date":
            return subject or params.get("lock_date")
        case "start_date":
            return subject or params.get("start_date")
        case "refusal":
            return subject or _refusal(instance.details)
        case "provider_code":
            return subject or instance.details.provider_code
        case "state":
            return subject or params.get("doing")


def _refusal(details: ProviderDetails) -> str | None:
    """The provider's code and the pattern of its words, without what differs between records."""
    words = re.sub(r"\"[^\"]*\"|'[^']*'|\S*\d\S*", " ", details.provider_message or "")
    pattern = " ".join(words.lower().split())
    mark = hashlib.sha256(pattern.encode(errors="backslashreplace")).hexdigest()[:8]
    parts = (details.provider_code, mark if pattern else None)
    return "-".join(part for part in parts if part) or None


def _safe(text: str) -> str:
    """The text where a URL's path takes it as it is, else what of it does, told apart by a hash."""
    if re.fullmatch(r"[A-Za-z0-9._~-]{1,120}", text):
        return text
    digest = hashlib.sha256(text.encode(errors="backslashreplace")).hexdigest()[:12]
    kept = re.sub(r"[^A-Za-z0-9._~-]+", "-", text)[:60].strip("-.")
    return f"{kept}-{digest}" if kept else digest


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
