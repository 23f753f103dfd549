"""What a connector tells the suite of itself: its provider, and how refusals look there.

Bodies are what the provider is known to answer, as fields of the simulator's fault (`status`,
`body`, `headers`): the suite puts them in, the connector has to know what they mean.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from connector_kit.provider import Provider
from contracts.ids import Entity

Said = Mapping[str, object]


@dataclass(frozen=True)
class Writes:
    """How a record of one kind is made there: the method and what its path ends with."""

    method: str
    path: str


@dataclass(frozen=True)
class Throttling:
    """One kind of 429. `then`: it goes by itself after a while, or says until when it is held."""

    said: Said
    then: Literal["goes", "is_held"] = "goes"


@dataclass(frozen=True)
class ConformanceSubject:
    """A connector under test.

    Attributes:
        package: its database role and schema; `python -m` runs it.
        simulator: the module that behaves as its provider.
        token_path: where its tokens are given; `access_seconds` how long they live.
        creates: how a record of each kind is made.
        reads: what is the same of all its reads: a method, or what a path ends with.
        unknown_refusal: a refusal with a code or sentence nobody knows.
        throttling: every kind of 429, by name.
        missing_scope: what is said where a permission is missing; `missing_scope_means` the cause,
            where what is said may mean something else too.
        offers_accounts: whether items are given an income account.
        gone_items_refuse: whether an invoice is refused whose item is gone.
        unique_names: whether the provider refuses a second customer of the same name.
        merges: whether two customers can be made one there.
        reads_of_a_load: how many reads a load of new records may take in all, see
            `test_a_load_takes_little_more_than_the_fewest_requests`.
    """

    provider: Provider
    package: str
    simulator: str
    token_path: str
    access_seconds: float
    creates: Mapping[Entity, Writes]
    reads: Said
    unknown_refusal: Said
    throttling: Mapping[str, Throttling]
    missing_scope: Said
    missing_scope_means: str = "permission_missing"
    offers_accounts: bool = True
    gone_items_refuse: bool = True
    unique_names: bool = True
    merges: bool = True
    reads_of_a_load: int = 0
