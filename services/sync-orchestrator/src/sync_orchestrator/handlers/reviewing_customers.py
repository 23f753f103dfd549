"""What a person sees and chooses before an import, and what those choices teach."""

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

from contracts.ids import CompanyId, ConnectionId, RemoteId
from contracts.invoicing import CustomerKind
from messaging.database import Tx

from sync_orchestrator.domain.customer_kinds import CustomerThere, suggest
from sync_orchestrator.store import (
    kind_corrections_store,
    remote_customers_store,
    review_store,
)
from sync_orchestrator.store.remote_customers_store import Choice
from sync_orchestrator.store.review_store import Candidate, Reviewed, Wanted


def match_of(shown: Reviewed) -> Candidate | None:
    """Whom of ours it would be linked to without asking: one with its e-mail, and no other has it.

    Never by name alone.
    """
    by_email = [one for one in shown.candidates if one.same_email]
    if len(by_email) != 1 or not shown.alone_with_its_email:
        return None
    return by_email[0]


def why(candidate: Candidate) -> str:
    """Why it may be the same, as people read it."""
    if candidate.same_email:
        return "same e-mail and name" if candidate.same_name else "same e-mail"
    return "same name"


async def keep_choices(
    tx: Tx, company: CompanyId, connection: ConnectionId, choices: Sequence[Choice]
) -> None:
    """Remember them for the review."""
    await remote_customers_store.choose(tx, connection, choices)


async def choose_for_all(
    tx: Tx,
    company: CompanyId,
    connection: ConnectionId,
    wanted: Wanted,
    kind: CustomerKind | None,
    picked: bool | None,
) -> int:
    """Choose a kind, a tick or both for all that a filter shows; how many that changed."""
    changed = 0
    if picked is not None:  # first: a filter by kind may not show them any more afterwards
        changed = await review_store.pick(tx, connection, company, wanted, picked=picked)
    if kind is not None:
        changed = await review_store.choose_kind(tx, connection, company, wanted, kind)
    return changed


async def learn(
    tx: Tx,
    company: CompanyId,
    connection: ConnectionId,
    imported: dict[RemoteId, str],
    run_id: UUID | None,
) -> int:
    """What was imported as another kind than was suggested changes what is suggested next.

    For this company only, by name, e-mail domain and word; how many were corrections. With an
    import's id all of them are, by what was suggested when it began, and count once however often
    they are told.
    """
    if run_id is not None and not await kind_corrections_store.learns_once(tx, company, run_id):
        return 0
    known = await remote_customers_store.by_id(tx, connection, list(imported))
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    corrected = 0
    for remote, kind in imported.items():
        there = known.get(remote)
        if there is None:
            continue
        if run_id is None and (there.suggested_kind == kind or there.linked_to is not None):
            continue
        corrected += 1
        for feature in there.features:
            counts[feature][0 if kind == "business" else 1] += 1
    if not counts:
        return 0
    await kind_corrections_store.correct(
        tx, company, {feature: (n[0], n[1]) for feature, n in counts.items()}
    )
    corrections = await kind_corrections_store.corrections(tx, company)
    rows = await kind_corrections_store.with_features(tx, company, list(counts))
    await kind_corrections_store.suggest_anew(
        tx,
        [
            (
                ConnectionId(row["connection_id"]),
                RemoteId(row["remote_id"]),
                suggest(CustomerThere(row["name"], row["company_name"], row["email"]), corrections),
            )
            for row in rows
        ],
    )
    return corrected
