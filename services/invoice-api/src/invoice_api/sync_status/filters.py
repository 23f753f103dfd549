"""Filters by badge that every list takes."""

from dataclasses import dataclass
from typing import Annotated

from contracts.ids import Provider
from contracts.sync import SyncState
from fastapi import Depends, Query


@dataclass(frozen=True)
class SyncFilter:
    """Only records with such a badge at one of the company's providers (or at `provider`).

    `cause` is a cause's code or a group.
    """

    states: tuple[SyncState, ...] = ()
    cause: str | None = None
    provider: Provider | None = None
    query: str | None = None

    @property
    def arguments(self) -> tuple[object, ...]:
        """As the lists' statements take them: states, cause, provider, words."""
        words = None if not self.query else f"%{literally(self.query)}%"
        return (
            [state.value for state in self.states] or None,
            self.cause,
            self.provider,
            words,
        )


def literally(text: str) -> str:
    """The text as a part of a pattern of ILIKE that means just itself."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


async def sync_filter(
    sync_state: Annotated[list[SyncState] | None, Query()] = None,
    cause: Annotated[str | None, Query(max_length=200)] = None,
    provider: Provider | None = None,
    q: Annotated[str | None, Query(max_length=200)] = None,
) -> SyncFilter:
    """The dependency behind every list."""
    return SyncFilter(tuple(sync_state or ()), cause, provider, q)


Filtering = Annotated[SyncFilter, Depends(sync_filter)]
