"""What a person sees and chooses before an import, and what those choices teach."""

from collections import defaultdict
from collections.abc import Sequence

from contracts.ids import CompanyId, ConnectionId, RemoteId
from messaging.database import Tx

from sync_orchestrator.domain.customer_kinds import CustomerThere, suggest
from sync_orchestrator.store import remote_customers_store
from sync_orchestrator.store.remote_customers_store import Choice
from sync_orchestrator.store.review_store import Candidate, Reviewed


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


async def learn(
    tx: Tx, company: CompanyId, connection: ConnectionId, imported: dict[RemoteId, str]
) -> int:
    """What was imported as another kind than was suggested changes what is suggested next.

    For this company only, by name, e-mail domain and word; how many were corrections.
    """
    known = await remote_customers_store.by_id(tx, connection, list(imported))
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    corrected = 0
    for remote, kind in imported.items():
        there = known.get(remote)
        if there is None or there.suggested_kind == kind or there.linked_to is not None:
            continue
        corrected += 1
        for feature in there.features:
            counts[feature][0 if kind == "business" else 1] += 1
    if not counts:
        return 0
    await remote_customers_store.correct(
        tx, company, {feature: (n[0], n[1]) for feature, n in counts.items()}
    )
    corrections = await remote_customers_store.corrections(tx, company)
    rows = await remote_customers_store.with_features(tx, company, list(counts))
    await remote_customers_store.suggest_anew(
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
