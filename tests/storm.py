"""A storm: load goes on while processes die, freeze and servers restart; then the books are read.

Everything random comes from the seed: which fault when, on whom, and what is sent. What the machine
makes of it isn't repeated to the millisecond.
"""

import asyncio
import time
from collections import Counter
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field

from office import Office, connected_office
from providers import ALL
from storm_load import Company, load, settled
from storm_reckoning import Found, at_rest, reckon, whole_histories
from storm_restore import Restores
from storm_trouble import Strike, answers_lost, trouble
from testkit import Stack, eventually

SETTINGS = {
    "*": {"SWEEP_SECONDS": "2", "QUIET_MARGIN_SECONDS": "0.5"},
    # A command or an outcome that went with Kafka's data is asked for again, not in 15 minutes.
    "sync-orchestrator": {"ANSWER_OVERDUE_SECONDS": "30"},
}
TIME_SCALE = 0.02


@dataclass(frozen=True)
class Plan:
    """How long, how much, and what for chance.

    Companies take the providers in turn; those after the first of each provider sync by hand.
    """

    seed: int
    seconds: float
    invoices: int
    faults: int
    companies: int = 6
    replicas: int = 2
    """Of each connector."""

    restores: int = 0
    """How often the database is lost and comes back from a backup."""

    calm_within: float = 240.0

    def restoring(self, restores: Restores) -> dict[int, tuple[str, Strike]]:
        """Before which faults: none of them at the beginning, nor in the last quarter."""
        step = 0.5 * self.faults / max(self.restores, 1)
        found: dict[int, tuple[str, Strike]] = {}
        for number in range(self.restores):
            first = 0.25 * self.faults + step * number
            found[round(first)] = ("backed up", restores.back_up)
            found[round(first + 0.6 * step)] = (
                "the database lost, its backup restored",
                restores.restore,
            )
        return found


@dataclass
class Report:
    """What was done and what became of it."""

    plan: Plan
    faults: Counter[str] = field(default_factory=Counter[str])
    lost_answers: int = 0
    done: Counter[str] = field(default_factory=Counter[str])
    still: list[float] = field(default_factory=list[float])
    """How long the services stood still for each restore."""
    calm_after: float | None = None
    found: Found = field(default_factory=Found)

    @property
    def is_clean(self) -> bool:
        return self.calm_after is not None and self.found.nothing

    def text(self) -> str:
        calm = "never" if self.calm_after is None else f"{self.calm_after:.1f} s after the last"
        found = self.found
        lines = [
            f"seed {self.plan.seed}, {self.plan.companies} companies, {self.plan.seconds:g} s",
            "invoices " + ", ".join(f"{what} {count}" for what, count in self.done.items()),
            f"faults {self.faults.total()}, answers lost {self.lost_answers}",
            *(f"  {count:4}  {kind}" for kind, count in sorted(self.faults.items())),
            *(f"        {seconds:.0f} s for a restore" for seconds in self.still),
            f"at rest {calm}",
            f"lost {len(found.lost)}, doubled {len(found.doubled)},"
            f" wrong badges {len(found.wrong)}, gaps in history {len(found.gaps)}",
        ]
        for name in ("lost", "doubled", "wrong", "gaps"):
            each: list[str] = getattr(found, name)
            lines += [f"  {name}: {one}" for one in each[:20]]
        return "\n".join([*lines, *found.evidence])


async def storm(stack: Stack, plan: Plan) -> Report:
    """Runs it whole; asserts nothing: the report says what was found."""
    report = Report(plan)
    async with AsyncExitStack() as exits:

        async def company(place: int) -> Company:
            # Who syncs by hand, and with which provider, changes with the seed.
            by_hand = place >= len(ALL)
            provider = ALL[(place + plan.seed if by_hand else place) % len(ALL)]
            office = connected_office(stack, f"Gale{place}", provider)
            entered = await exits.enter_async_context(office)
            return await settled(entered, by_hand=by_hand, seed=plan.seed * 100 + place)

        companies = [await company(place) for place in range(plan.companies)]
        offices = _one_each(companies)
        replicas = (stack.start(f"connector-{o.provider}", plan.replicas) for o in offices)
        await asyncio.gather(*replicas)
        restores = Restores(stack, companies, plan.replicas)
        await exits.enter_async_context(restores.signing_in_again())
        report.still = restores.seconds
        share = -(-plan.invoices // plan.companies)
        async with answers_lost(offices, plan.seed) as struck:
            besides = plan.restoring(restores)
            striking = trouble(stack, offices, plan.faults, plan.seconds, plan.seed + 2, besides)
            async with asyncio.TaskGroup() as group:
                for one in companies:
                    group.create_task(load(one, share, plan.seconds))
                report.faults = await striking
            report.lost_answers = await struck()
        began = time.monotonic()
        with suppress(AssertionError):
            await eventually(lambda: at_rest(companies), within=plan.calm_within, every=0.5)
            left = plan.calm_within - (time.monotonic() - began)
            await eventually(whole_histories(companies), within=max(left, 10.0), every=0.5)
            report.calm_after = time.monotonic() - began
        for one in companies:
            report.done += one.done
            await reckon(stack, one, report.found)
    return report


def _one_each(companies: list[Company]) -> list[Office]:
    """An office for each provider that takes part."""
    return list({one.office.provider: one.office for one in companies}.values())
