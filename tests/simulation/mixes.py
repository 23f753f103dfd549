"""What a seed's story is rich in: each mix makes other situations likely. The seed chooses one."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

_FATES: Mapping[str, int] = {
    "fine": 60,
    "not_sent": 2,
    "lose_request": 4,
    "lose_answer": 10,
    "late": 12,
    "slow": 6,
    "401": 1,
    "429": 2,
    "503": 1,
    "500_after": 2,
}
_SENDING: Mapping[str, float] = {
    "send": 3,
    "edit": 5,
    "renumber": 3,
    "swap": 2,
    "void": 1,
    "rename": 1,
    "click": 4,
    "link": 0.5,
    "map": 1,
}
_PEOPLE: Mapping[str, float] = {
    **_SENDING,
    "sync_now": 0.2,
    "cancel": 0.1,
    "switch": 0.04,
    "remap": 0.04,
    "unlink": 0.04,
    "undo": 0.2,
    "list": 0.1,
    "take_over": 0.2,
}
_THERE: Mapping[str, float] = {
    "remove": 3,
    "type_in": 2,
    "inactivate": 0.3,
    "tidy": 1,
    "enter": 0.3,
}


@dataclass(frozen=True)
class Mix:
    """Weights of what people do here and there, and of what goes wrong on the way."""

    name: str
    people: Mapping[str, float] = field(default_factory=lambda: _PEOPLE)
    there: Mapping[str, float] = field(default_factory=lambda: _THERE)
    fates: Mapping[str, int] = field(default_factory=lambda: _FATES)
    things: Mapping[str, float] = field(default_factory=dict[str, float])
    """Of the driver's own choices, those whose weight differs."""
    refuses_numbers: float = 0.3
    """How likely the company there refuses doubled numbers."""
    tight: bool = False
    """A limit of the provider's is tight."""
    tokens_end: bool = False
    """Access tokens run out, and answers to refreshes are lost."""
    companies: int = 1
    exchanges: float = 0.0
    """How likely two companies exchange their books rather than one is connected or not."""
    jumps: tuple[float, ...] = (0.5, 1.0, 3.0, 6.0, 12.0, 60.0, 170.0)
    restores: bool = False
    """The database is restored from a backup once: see `restoring`."""
    unconfirmed: bool = False
    """Providers do what no source says for certain otherwise than by default: see `switches`."""


MIXES = (
    Mix("plain"),
    Mix(
        "numbers",
        people={**_PEOPLE, "edit": 2, "renumber": 6, "swap": 5},
        there={**_THERE, "type_in": 6},
        fates={**_FATES, "late": 25, "lose_answer": 15},
        things={"there": 1.0},
        refuses_numbers=0.6,
    ),
    Mix(
        "removals",
        people={**_PEOPLE, "click": 7},
        there={"remove": 6, "type_in": 1, "inactivate": 3, "tidy": 1},
        fates={**_FATES, "lose_answer": 30},
        things={"there": 2.5},
    ),
    Mix(
        "slow",
        people={**_PEOPLE, "edit": 9},
        fates={**_FATES, "fine": 40, "late": 30, "slow": 20, "lose_answer": 15},
        things={"pause": 3.0, "time": 5},
        jumps=(0.5, 3.0, 6.0, 12.0, 40.0, 170.0),
    ),
    Mix(
        "limits",
        people={**_PEOPLE, "send": 8, "edit": 9, "click": 9},
        fates={**_FATES, "fine": 200},
        tight=True,
        jumps=(0.5, 1.0, 3.0, 6.0, 12.0, 30.0, 60.0),
    ),
    Mix(
        "tokens",
        people={**_SENDING, "edit": 9},
        there={"remove": 3, "type_in": 2, "inactivate": 0.3, "tidy": 1},
        fates={**_FATES, "fine": 100, "401": 3},
        tokens_end=True,
        jumps=(0.5, 1.0, 3.0, 6.0, 12.0, 60.0, 3500.0),
    ),
    Mix(
        "away",
        people={**_PEOPLE, "send": 6, "edit": 9},
        things={"away": 0.6, "kill": 0.6},
        jumps=(0.5, 1.0, 3.0, 6.0, 12.0, 30.0),
    ),
    Mix("neighbours", things={"connection": 0.5}, companies=2, exchanges=0.4),
    Mix(
        "choices",
        people={
            **_PEOPLE,
            "sync_now": 2,
            "cancel": 1,
            "switch": 1.5,
            "remap": 1.5,
            "unlink": 1.5,
            "undo": 1.5,
            "list": 1,
            "take_over": 2,
        },
        there={**_THERE, "enter": 3},
        fates={**_FATES, "fine": 100},
    ),
)
RESTORED = Mix("restored", restores=True)
UNCONFIRMED = Mix(
    "unconfirmed",
    people={**_PEOPLE, "rename": 3, "unlink": 0.5, "list": 0.5},
    there={"remove": 3, "type_in": 3, "inactivate": 3, "tidy": 1, "enter": 1},
    things={"there": 1.0},
    refuses_numbers=0.5,
    unconfirmed=True,
)
BY_NAME = {mix.name: mix for mix in (*MIXES, RESTORED, UNCONFIRMED)}

_RESTORES = 1 / 20
"""How many seeds' database is restored."""
_UNCONFIRMED = 1 / 10
"""How many others are played at providers with their switches by lot."""


def of_seed(seed: int) -> Mix:
    """By lot."""
    lot = random.Random(f"mix {seed}")
    mix = lot.choice(MIXES)
    if lot.random() < _RESTORES:
        return RESTORED
    return replace(mix, unconfirmed=True) if lot.random() < _UNCONFIRMED else mix
