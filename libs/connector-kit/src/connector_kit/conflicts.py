"""A record that was changed here and there since it was written: nothing is written over unasked.

Pure, and the same for everyone: who asks the provider says what it found.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from hashlib import blake2b

from contracts import holding
from contracts.causes import cause_of, record_name
from contracts.sync import Subject

from connector_kit.answers import Refused
from connector_kit.naming import name_of
from connector_kit.provider import FrozenMember, Member


def differing(frozen: FrozenMember, there: Mapping[str, str]) -> tuple[str, ...]:
    """The frozen fields in which the record there is another; one it lacks counts as empty."""
    return tuple(name for name, value in frozen.fields.items() if there.get(name, "") != value)


def mark_of_content(there: Mapping[str, str]) -> str:
    """A short mark of what a record there holds, in the fields that are compared."""
    return blake2b(repr(sorted(there.items())).encode(), digest_size=8).hexdigest()


def altered_since_linked(
    member: Member, there: Mapping[str, str], version: str | None, held: str | None = None
) -> bool:
    """Whether what a person linked, and we never wrote, holds something else than it held then.

    `held` is the mark of what an invoice holds now. Not where whoever chose to write over it has
    seen this very version.
    """
    remote = member.remote
    if remote is None or remote.held is None or member.last is not None:
        return False
    seen = remote.version is not None and remote.version == version
    if member.intent != "update" or seen:
        return False
    if holding.is_mark(remote.held):
        return bool(holding.changes(remote.held, held))
    return mark_of_content(there) != remote.held


def both_changed(
    member: Member,
    ours: FrozenMember | None,
    edited: Sequence[str],
    there: Mapping[str, str],
    in_words: Callable[[Iterable[str]], list[str]],
    *,
    seen: str | None,
) -> Refused | None:
    """The question whose content stays. None where what was edited there stands as we would write
    it.

    `ours` is the record as it would be written, None where it can't be; `edited` are the fields
    changed there, as far as known, `there` all of them; `seen` is the version that they were seen
    in; `in_words` names fields as a person does.
    """
    if member.last is None and ours is not None and not differing(ours, there):
        return None
    here: tuple[str, ...] = ()
    if member.last is not None and ours is not None:
        now = ours.fields
        here = tuple(name for name, value in member.last.fields.items() if now.get(name) != value)
        apart = differing(ours, there)
        edited = tuple(name for name in edited if name in apart or name not in now)
        if not edited:
            return None
    command = member.command
    name = name_of(command)
    return Refused(
        cause_of(
            "changed_on_both_sides",
            subject=Subject(id=str(command.record_id), name=name),
            invoice=name if command.entity == "invoice" else None,
            record=record_name(command.entity, name),
            fields_here=in_words(here) or None,
            fields_there=in_words(edited) or None,
        ),
        seen=seen,
    )
