"""Why a request can't be granted. Raised inside a transaction, which is thereby undone."""

from dataclasses import dataclass

from contracts.causes import render
from contracts.ids import PROVIDER_LABELS, Provider
from contracts.sync import CauseInstance


@dataclass(frozen=True, slots=True)
class FieldProblem:
    field: str
    message: str


class Refusal(Exception):  # noqa: N818  (an answer to a request, not a defect)
    """What the caller is answered: a status, a stable code, and words for a person."""

    def __init__(
        self,
        status: int,
        code: str,
        title: str,
        detail: str,
        *errors: FieldProblem,
    ) -> None:
        super().__init__(f"{code}: {detail}")
        self.status = status
        self.code = code
        self.title = title
        self.detail = detail
        self.errors = errors


def not_found(what: str) -> Refusal:
    return Refusal(404, "not_found", "Not found", f"There is no such {what}.")


def not_connected(provider: Provider) -> Refusal:
    label = PROVIDER_LABELS[provider]
    return Refusal(409, "not_connected", "Not connected", f"Connect {label} first.")


def because_of(cause: CauseInstance, provider: Provider) -> Refusal:
    """409 with a cause's own code and words."""
    shown = render(cause, provider)
    return Refusal(409, shown.code, shown.title, shown.sentence)


def being_sent() -> Refusal:
    return Refusal(
        409,
        "being_sent",
        "Being sent",
        "This is being sent right now. Try again in a moment, when its outcome is known.",
    )


def not_possible_now() -> Refusal:
    return Refusal(
        409,
        "not_possible_now",
        "Not possible any more",
        "This has changed meanwhile. Look at it as it is now and choose again.",
    )


def which_item() -> Refusal:
    return Refusal(
        409,
        "which_item",
        "Which item is it?",
        "The invoice has several items, and the answer doesn't say which one it is about. "
        "Open the item and choose there.",
    )


def invalid(*errors: FieldProblem) -> Refusal:
    return Refusal(422, "invalid", "Check the fields", errors[0].message, *errors)


def someone_was_first() -> Refusal:
    return Refusal(
        412,
        "changed_meanwhile",
        "Someone was first",
        "Someone else changed this meanwhile. Look at it as it is now and try again.",
    )
