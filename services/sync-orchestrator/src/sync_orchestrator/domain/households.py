"""Names of homes and families, which read like a business's: "The Johnsons", "Estate of Mary Poe".

Also surnames that begin with a particle, and names in Chinese, Japanese and Korean writing, which
are one word. Words are in lower case, as `customer_kinds` takes a name apart.
"""

import re
from collections.abc import Sequence

from sync_orchestrator.domain.kind_words import (
    ALSO_SURNAMES,
    BUSINESS_WORDS,
    EASTERN_BUSINESS,
    FIRST_NAMES,
    JOINING_WORDS,
    PARTICLES,
    PARTICLES_THAT_BEGIN,
)

# Chinese characters, Japanese syllables, Korean syllables.
_EASTERN = re.compile(r"[㐀-䶿一-鿿々぀-ヿ가-힣]+")
_LONGEST_EASTERN = 5
_LONGEST = 4


def household(words: Sequence[str]) -> str | None:
    """Why it is somebody's home, or a family; None if nothing says so."""
    bare = list(words[1:] if words and words[0] == "the" else words)
    if bare[:2] == ["estate", "of"] and 1 <= len(bare) - 2 <= _LONGEST:
        return "a person's estate" if _no_firm(bare[2:], named=True) else None
    if bare[:2] == ["residence", "of"] and 1 <= len(bare) - 2 <= _LONGEST:
        return "somebody's residence" if _no_firm(bare[2:], named=True) else None
    if len(bare) >= 2 and bare[-1] in {"residence", "family", "household"}:
        who = [word.removesuffix("'s").removesuffix("’s") for word in bare[:-1]]
        short = len(who) == 1 or (len(who) <= 3 and who[0] in FIRST_NAMES)
        if _no_firm(who, named=short):
            return f"a {bare[-1]}"
    if len(words) == 2 and words[0] == "the" and _is_family(words[1]):
        return "a family's name"
    return None


def eastern_name(text: str) -> bool:
    """A person's name in Chinese, Japanese or Korean writing: short, and no word of a business."""
    joined = "".join(text.split())
    if _EASTERN.fullmatch(joined) is None or not 2 <= len(joined) <= _LONGEST_EASTERN:
        return False
    return not any(word in joined for word in EASTERN_BUSINESS)


def joining_word(words: Sequence[str]) -> str | None:
    """The word that no person's name has: "of", but not the "der" of "van der Berg"."""
    for at, word in enumerate(words):
        if word not in JOINING_WORDS:
            continue
        before = words[at - 1] if at else ""
        if word in PARTICLES and (before in PARTICLES_THAT_BEGIN or before in FIRST_NAMES):
            continue
        return word
    return None


def _is_family(word: str) -> bool:
    """ "Johnsons", "Williamses", "Johnson's": more than one of a name that is no trade's."""
    stem = word.removesuffix("'s").removesuffix("’s")
    if stem == word:
        if not word.endswith("s") or word in BUSINESS_WORDS:
            return False
        stem = word.removesuffix("es") if word.endswith(("ses", "zes", "xes")) else word[:-1]
    trade = BUSINESS_WORDS - ALSO_SURNAMES
    return len(stem) > 2 and not any(form in trade for form in (stem, f"{stem}e", stem + "s"))


def _no_firm(words: Sequence[str], *, named: bool) -> bool:
    """`named`: the place says that it is a name, so that a surname may be a trade too."""
    trades = BUSINESS_WORDS - ALSO_SURNAMES - {"public"} if named else BUSINESS_WORDS
    return not any(w in trades or any(c.isdigit() for c in w) for w in words)
