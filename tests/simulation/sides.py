"""All providers, and which of them a seed's companies are at."""

import random
from collections.abc import Mapping

from contracts.ids import Provider as ProviderName

from simulation.there import Side
from simulation.there_freshbooks import Freshbooks
from simulation.there_qbo import Qbo
from simulation.there_xero import Xero

SIDES: Mapping[ProviderName, Side] = {side.name: side for side in (Qbo(), Xero(), Freshbooks())}
_OFTEN: Mapping[ProviderName, int] = {"qbo": 2, "xero": 1, "freshbooks": 1}
"""How often a company is at each."""

Cast = tuple[ProviderName, ...]
"""The provider of each company, one after the other; begun anew if there are more."""

QUICKBOOKS: Cast = ("qbo",)


def cast_of(seed: int, companies: int) -> Cast:
    """Where the companies of this seed are, if seeds are shared out between the providers."""
    rng = random.Random(f"providers {seed}")
    return tuple(rng.choices(list(_OFTEN), list(_OFTEN.values()), k=companies))
