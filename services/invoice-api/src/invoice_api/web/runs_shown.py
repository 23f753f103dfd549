"""Runs as cards: what is done, what needs a person, about until when."""

from invoice_api.runs.schemas import RunShown
from invoice_api.web.formatters import group_key
from invoice_api.web.office_views import RunCard
from invoice_api.web.pages import LinkView
from invoice_api.web.views import Eyes

_TITLES = {
    "sync_now": "Sync Now",
    "fix": "Fixed",
    "retry": "Trying again",
    "ignore": "Ignoring",
    "unignore": "No longer ignoring",
    "verify": "Comparing with the books",
    "load_customers": "Loading customers",
    "import_customers": "Importing customers",
    "import_invoices": "Importing invoices",
}

_ON_THEIR_WAY = frozenset({"fix", "retry"})

LEFT_OUT = {
    "ignored": "ignored",
    "before_start_date": "before your start date",
    "removed_there": "deleted or voided there",
    "drafts": "still in draft",
    "draft": "still in draft",
    "changed_there": "changed there",
    "void": "void",
}


def run_card(run: RunShown, eyes: Eyes) -> RunCard:
    """A run in words."""
    running = run.state in {"running", "stopping"}
    who = run.started_by.name or ("Somebody" if run.started_by.by == "person" else "Automatic")
    since = eyes.moment(run.started_at).removeprefix("today ")
    if running:
        eta = "" if run.eta is None else f", about {eyes.moment(run.eta).removeprefix('today ')}"
        sentence = f"Running since {since}, started by {who}{eta}."
        if run.state == "stopping":
            sentence = f"Stopping: what is in flight finishes. Started {since} by {who}."
        if run.kind in _ON_THEIR_WAY:
            sentence = f"{_so_far(run)}. {sentence}"
    elif run.state == "stopped":
        cut = run.kind == "load_customers" and run.about == "interrupted"
        sentence = f"{'Interrupted' if cut else 'Stopped'}. Started {since} by {who}."
    else:
        end = "" if run.finished_at is None else f", ended {eyes.moment(run.finished_at)}"
        sentence = f"Started {since} by {who}{end}."
    problems = f"/integrations/{run.provider}/problems#group-" if run.provider is not None else None
    return RunCard(
        id=str(run.id),
        title=_TITLES.get(run.kind, run.kind.replace("_", " ").capitalize()),
        state=run.state,
        sentence=sentence,
        done=run.done,
        failed=run.failed,
        left=run.left,
        total=run.total,
        percent=100 * (run.done + run.failed) // run.total if run.total else 0,
        running=running,
        can_cancel=run.can_cancel,
        groups=tuple(
            (
                f"{group.count}: {group.title}",
                f"{problems}{group_key(group.group)}" if problems else "",
            )
            for group in run.groups
        ),
        left_out=left_out(run.not_included),
        links=(LinkView("Details", f"/runs/{run.id}"),),
    )


def _so_far(run: RunShown) -> str:
    """ "12 synced, 25 in line"."""
    need = "needs" if run.failed == 1 else "need"
    failed = f", {run.failed:,} {need} attention" if run.failed else ""
    return f"{run.done:,} synced, {run.left:,} in line{failed}"


def left_out(reasons: dict[str, int]) -> str:
    """ "3 drafts, 2 ignored" that aren't included; empty where all are."""
    return ", ".join(
        f"{count:,} {LEFT_OUT.get(reason, reason.replace('_', ' '))}"
        for reason, count in reasons.items()
        if count
    )
