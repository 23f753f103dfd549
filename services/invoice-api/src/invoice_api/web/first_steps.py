"""The first steps of a company, each ticked by what is so. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from contracts.ids import PROVIDER_LABELS
from contracts.providers import CHOOSE_THE_ACCOUNT_THEMSELVES

from invoice_api.integrations.schemas import KindForecast, SettingsCounts
from invoice_api.sync_status.connections_store import KnownConnection
from invoice_api.sync_status.first_steps_store import StepFacts

KEYS = ("connect", "customers", "accounts", "taxes", "switch", "invoice")


@dataclass(frozen=True)
class Step:
    key: str
    title: str
    sentence: str
    done: bool
    button: str
    url: str
    skipped: bool = False

    @property
    def can_skip(self) -> bool:
        """Without books there is nothing else to do."""
        return self.key != "connect"

    @property
    def open(self) -> bool:
        return not self.done and not self.skipped


@dataclass(frozen=True)
class Steps:
    steps: tuple[Step, ...]

    @property
    def done(self) -> int:
        return sum(not step.open for step in self.steps)

    @property
    def now(self) -> Step | None:
        """The first step that is still to do."""
        return next((step for step in self.steps if step.open), None)


def steps_of(
    known: Sequence[KnownConnection],
    facts: StepFacts,
    unmapped: int,
    taxes_open: int = 0,
    counts: SettingsCounts | None = None,
    there: Mapping[str, int] | None = None,
) -> Steps:
    """`taxes_open`, `counts` and the customers `there` are asked for elsewhere.

    Without them the steps stand too.
    """
    chosen = next((c for c in known if c.facts.status == "connected"), None)
    provider = None if chosen is None else chosen.facts.provider
    at = "/integrations" if provider is None else f"/integrations/{provider}"
    label = "the books you connect" if provider is None else PROVIDER_LABELS[provider]
    *first, last = PROVIDER_LABELS.values()
    found = [
        Step(
            "connect",
            "Connect your accounting",
            f"{', '.join(first)} or {last}. Connecting leaves both switches off: nothing is"
            " written there before you switch on.",
            chosen is not None,
            "Choose provider",
            "/integrations",
        ),
        Step(
            "customers",
            "Import Customers",
            _customers(label, there or {}),
            facts.customers_there,
            "Import Customers",
            f"{at}/import" if provider else at,
        ),
    ]
    if provider not in CHOOSE_THE_ACCOUNT_THEMSELVES:
        found.append(
            Step(
                "accounts",
                "Map accounts",
                _accounts(facts.items, unmapped, label),
                provider is not None and facts.items > 0 and unmapped == 0,
                "Map accounts" if facts.items else "New item",
                "/items/new" if not facts.items else f"{at}/account-mapping" if provider else at,
            )
        )
    if taxes_open:
        one = taxes_open == 1
        found.append(
            Step(
                "taxes",
                "Map taxes",
                f"{taxes_open} of your tax rates {'has' if one else 'have'} no tax in {label} yet.",
                done=False,
                button="Map taxes",
                url=f"{at}/tax-mapping",
            )
        )
    found.append(
        Step(
            "switch",
            "Switch on",
            forecast(label, counts)
            if counts
            else "Sync Invoices and Sync Customers, from a start date that you choose.",
            chosen is not None and chosen.facts.automatic_invoices,
            "Open settings",
            f"{at}/settings" if provider else at,
        )
    )
    found.append(
        Step(
            "invoice",
            "First invoice",
            f"Send one and watch its badge turn green: it is in {label} then.",
            facts.synced,
            "New invoice",
            "/invoices/new",
        )
    )
    return Steps(tuple(_skipped(step, facts.skipped) for step in found))


def _skipped(step: Step, skipped: frozenset[str]) -> Step:
    if step.key not in skipped or step.done or not step.can_skip:
        return step
    return Step(step.key, step.title, step.sentence, step.done, step.button, step.url, skipped=True)


def _customers(label: str, there: Mapping[str, int]) -> str:
    every, alike = there.get("all", 0), there.get("look_alike", 0)
    said = "They are shown to you first, and those you have already are linked."
    if not every:
        return f"Bring in your customers from {label}. {said}"
    looks = "looks" if alike == 1 else "look"
    some = f"; {alike:,} {looks} like yours" if alike else ""
    return f"{every:,} in {label}{some}. {said}"


def _accounts(items: int, unmapped: int, label: str) -> str:
    if not items:
        return "Add your services and products first: each gets its income account."
    if unmapped:
        return f"{unmapped:,} of {items:,} items {'has' if unmapped == 1 else 'have'} no account."
    return f"Each item has its income account in {label}."


def forecast(label: str, counts: SettingsCounts) -> str:
    """What switching on does with what is here already."""
    invoices, customers = counts.invoices, counts.customers
    said = [_not_there(label, invoices)]
    if invoices.need_attention:
        needs = "needs" if invoices.need_attention == 1 else "need"
        said.append(f"{invoices.need_attention:,} of them {needs} attention first")
    if invoices.stopped:
        were, need = ("was", "needs") if invoices.stopped == 1 else ("were", "need")
        more = " more" if invoices.will_go + invoices.older else ""
        what = _many(invoices.stopped, f"{more} invoice".strip())
        said.append(f"{what} {were} asked for already and {need} attention first")
    if invoices.under_way:
        said.append(f"{_many(invoices.under_way, 'invoice')} on the way")
    if invoices.before_start_date:
        stay = "stays" if invoices.before_start_date == 1 else "stay"
        said.append(f"{_many(invoices.before_start_date, 'older one')} {stay} out")
    if customers.look_alike:
        alike = "looks" if customers.look_alike == 1 else "look"
        said.append(
            f"{_many(customers.look_alike, 'customer')} {alike} like one in {label}: you are asked"
        )
    return ". ".join(one for one in said if one) + "."


def _not_there(label: str, invoices: KindForecast) -> str:
    waiting = invoices.will_go + invoices.older
    if not waiting and (invoices.stopped or invoices.under_way):
        return ""
    if not waiting:
        every = f"Every invoice from the start date on is in {label}"
        return every if invoices.there else "There is no invoice from the start date on yet"
    verb = "isn’t" if waiting == 1 else "aren’t"
    which = f"{_many(waiting, 'invoice')} from the start date on {verb} in {label} yet"
    if not invoices.older:
        return f"{which}, and {'goes by itself' if waiting == 1 else 'go by themselves'}"
    if not invoices.will_go:
        were = "was" if waiting == 1 else "were"
        return f"{which}, and {were} here before the switch: Sync Now sends {_them(waiting)}"
    were = "was" if invoices.older == 1 else "were"
    return (
        f"{which}: {invoices.will_go:,} will go by {_themselves(invoices.will_go)};"
        f" {invoices.older:,} {were} here before the switch, and Sync Now sends"
        f" {_them(invoices.older)}"
    )


def _them(count: int) -> str:
    return "it" if count == 1 else "them"


def _themselves(count: int) -> str:
    return "itself" if count == 1 else "themselves"


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
