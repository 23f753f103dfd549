"""Is a customer there a business or a homeowner? A suggestion, with the reason for it.

Deterministic and local: words, shapes of names and e-mail addresses, and what people of the same
company chose before. Nothing is learnt across companies and nothing is guessed twice differently.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from contracts.invoicing import CustomerKind

from sync_orchestrator.domain.households import eastern_name, household, joining_word
from sync_orchestrator.domain.kind_words import (
    AFTER_A_NAME,
    ALSO_SURNAMES,
    BUSINESS_WORDS,
    FIRST_NAMES,
    FREE_MAIL,
    JOINING_WORDS,
    LEGAL_FORMS,
    ONLY_AT_THE_END,
    PARTICLES_THAT_BEGIN,
    ROLE_MAILBOXES,
    TITLES,
)
from sync_orchestrator.domain.likeness import email_key, name_key

_WORD = re.compile(r"[^\W_][\w'’./-]*", re.UNICODE)
_DOTTED = re.compile(r"^(?:[^\W\d_]\.)+[^\W\d_]?\.?$")
_NICKNAME = re.compile(r"""\([^)]*\)|"[^"]*"|''[^']*''|(?<!\w)'[^']*'(?!\w)""")
_LONGEST_NAME = 4


@dataclass(frozen=True, slots=True)
class CustomerThere:
    """What the suggestion goes by."""

    name: str
    company_name: str | None = None
    email: str | None = None


@dataclass(frozen=True, slots=True)
class Suggestion:
    """`reason` is read by people; `feature` names what decided, where a person may correct it."""

    kind: CustomerKind
    reason: str
    feature: str | None = None


@dataclass(frozen=True, slots=True)
class Corrections:
    """What people of one company chose against a suggestion: feature → (business, homeowner)."""

    counts: Mapping[str, tuple[int, int]] = field(default_factory=dict[str, tuple[int, int]])

    def says(self, feature: str | None, at_least: int) -> CustomerKind | None:
        """What they agree on: nobody said otherwise, and so many did."""
        business, homeowner = (0, 0) if feature is None else self.counts.get(feature, (0, 0))
        if business >= at_least and not homeowner:
            return "business"
        return "homeowner" if homeowner >= at_least and not business else None


def features_of(customer: CustomerThere) -> tuple[str, ...]:
    """What a correction of this customer teaches: its name, its own e-mail domain, the word."""
    found = (_name_feature(customer), _domain_feature(customer), _by_itself(customer).feature)
    return tuple(dict.fromkeys(feature for feature in found if feature is not None))


def suggest(customer: CustomerThere, corrections: Corrections | None = None) -> Suggestion:
    """Business or homeowner, and why. A company's own choices go before every rule."""
    known = corrections or Corrections()
    name = known.says(_name_feature(customer), 1)
    if name is not None:
        return Suggestion(name, "you chose this before", _name_feature(customer))
    domain = known.says(_domain_feature(customer), 1)
    if domain == "homeowner" and _legal_form(_words(customer.name)) is not None:
        domain = None  # who has the same landlord or provider is no less a company for it
    if domain is not None:
        at = (email_key(customer.email) or "").partition("@")[2]
        reason = f"you chose this for others at {at}"
        return Suggestion(domain, reason, _domain_feature(customer))
    found = _by_itself(customer)
    learnt = known.says(found.feature, 2)
    if learnt is not None and learnt != found.kind:
        return Suggestion(learnt, f"you chose this for others with {found.reason}", found.feature)
    return found


def _name_feature(customer: CustomerThere) -> str | None:
    key = name_key(customer.name)
    return None if key is None else f"name:{key}"


def _domain_feature(customer: CustomerThere) -> str | None:
    at = email_key(customer.email)
    domain = None if at is None else at.partition("@")[2]
    return None if domain is None or domain in FREE_MAIL else f"domain:{domain}"


def _by_itself(customer: CustomerThere) -> Suggestion:
    company = (customer.company_name or "").strip()
    itself = _of_the_name(customer.name)
    if company and name_key(company) != name_key(customer.name):
        theirs = _of_the_name(company)
        if theirs.kind == "business" or len(_words(company)) == 1:
            return Suggestion("business", f'company "{company}"', "company")
    if itself.feature in _SURE:
        return itself
    by_mail = _of_the_email(customer)
    if by_mail is not None and (itself.kind == "homeowner") != (by_mail.kind == "homeowner"):
        return by_mail
    return itself


_SURE = frozenset({"title", "suffix", "last_first", "couple", "household"})


def _of_the_email(customer: CustomerThere) -> Suggestion | None:
    at = email_key(customer.email)
    if at is None:
        return None
    box, _, domain = at.partition("@")
    if domain in FREE_MAIL:
        return _personal_mail(customer, box)
    if box in ROLE_MAILBOXES:
        return Suggestion("business", f"e-mail goes to {box}@", "mailbox")
    words = [w for w in _words(customer.name) if len(w) > 1]
    site = re.sub(r"\W", "", domain.rpartition(".")[0].rpartition(".")[2] or domain)
    joined = "".join(re.sub(r"\W", "", w) for w in words)
    if len(words) > 1 and joined and (site.startswith(joined) or joined == site):
        person = any(word in FIRST_NAMES for word in words)
        return None if person else Suggestion("business", f"e-mail is at {domain}", "own_domain")
    return None


def _personal_mail(customer: CustomerThere, box: str) -> Suggestion | None:
    """A free mailbox named like the customer: a person, unless the name says otherwise."""
    words = [re.sub(r"\W", "", w) for w in _words(customer.name)]
    told = _of_the_name(customer.name)
    if told.feature not in (None, "one_word") or not words:
        return None
    in_box = any(len(word) > 2 and word in box for word in words)
    if in_box and any(word in FIRST_NAMES for word in words):
        return Suggestion("homeowner", "e-mail is a person's", "mailbox")
    return None


def _of_the_name(name: str) -> Suggestion:
    text = _NICKNAME.sub(" ", name).strip() or name
    words = _words(text)
    if not words:
        return Suggestion("homeowner", "nothing says it is a business")
    found = _legal_form(words)
    if found is not None:
        return Suggestion("business", f'"{_as_written(name, found)}" in the name', f"word:{found}")
    home = household(words)
    if home is not None:
        return Suggestion("homeowner", home, "household")
    comma = _last_first(text)
    if comma is not None:
        return comma
    bare = [w for w in words if w not in TITLES and w not in AFTER_A_NAME]
    person = _a_person(words, bare)
    word = next((w for w in reversed(words) if _is_business(w, sure=person is None)), None)
    if word is not None:
        return Suggestion("business", f'"{_as_written(name, word)}" in the name', f"word:{word}")
    if person is not None:
        return person
    return _by_its_shape(name, text, words, bare)


def _by_its_shape(name: str, text: str, words: list[str], bare: list[str]) -> Suggestion:
    joining = joining_word(words)
    if joining is not None:
        return Suggestion("business", f'"{_as_written(name, joining)}" in the name', "joining")
    if any(c.isdigit() for c in text) or "#" in text:
        return Suggestion("business", "a number in the name", "number")
    if "&" in text or " and " in text.casefold() or "/" in text:
        return _a_couple_or_a_firm(text)
    if eastern_name(text):
        return Suggestion("homeowner", "a person's name", "eastern_name")
    if len(bare) == 1:
        return Suggestion("business", "one word, no first and last name", "one_word")
    if words[-1].endswith(("'s", "’s")):
        return Suggestion("business", "a possessive, no last name", "possessive")
    if len(bare) > _LONGEST_NAME:
        return Suggestion("business", "longer than a person's name", "long")
    if words[0] in PARTICLES_THAT_BEGIN:
        return Suggestion("homeowner", "a last name", "first_last")
    return Suggestion("homeowner", "first and last name", "first_last")


def _a_person(words: list[str], bare: list[str]) -> Suggestion | None:
    """What only people have: a title or letters after the name."""
    title = words[0] in TITLES and len(bare) >= 1
    if title and (len(bare) <= _LONGEST_NAME or "mrs" in words):
        return Suggestion("homeowner", "a title before the name", "title")
    if words[-1] in AFTER_A_NAME and 2 <= len(bare) <= _LONGEST_NAME:
        return Suggestion("homeowner", "letters after a person's name", "suffix")
    return None


def _last_first(text: str) -> Suggestion | None:
    """ "Lee, Ann M" and "Lee Jr, Ann": never "Lee, Ray & Poe" or "Lee, Inc"."""
    parts = [part.strip() for part in text.split(",")]
    if len(parts) < 2 or "&" in text:
        return None
    last, first = _words(parts[0]), _words(parts[1])
    first = [w for w in first if w not in AFTER_A_NAME and w not in TITLES]
    if any(w in BUSINESS_WORDS - ALSO_SURNAMES or w in JOINING_WORDS for w in (*last, *first)):
        return None
    if any(w in AFTER_A_NAME for part in parts[1:] for w in _words(part)) and len(last) >= 2:
        return Suggestion("homeowner", "letters after a person's name", "suffix")
    if len(parts) == 2 and 1 <= len(last) <= 3 and 1 <= len(first) <= 3:
        return Suggestion("homeowner", "last name, first name", "last_first")
    return None


def _a_couple_or_a_firm(text: str) -> Suggestion:
    """ "Dan and Lilly Poe" are two people with one last name; "Poe & Ray" is a firm."""
    sides = re.split(r"\s*&\s*|\s+and\s+|\s*/\s*", text, flags=re.IGNORECASE)
    first, rest = _words(sides[0]), _words(sides[-1])
    names = sum(any(w in FIRST_NAMES for w in _words(side)) for side in sides)
    if len(sides) == 2 and "," not in text:
        if names == 2 and len(rest) <= 3:
            return Suggestion("homeowner", "two first names", "couple")
        if len(first) in (1, 2) and 2 <= len(rest) <= 3 and (names or len(first[0]) > 1):
            return Suggestion("homeowner", "two first names and a last name", "couple")
    return Suggestion("business", "names joined as a firm's", "firm")


def _legal_form(words: list[str]) -> str | None:
    for at, word in enumerate(words):
        if at == 0 or word not in LEGAL_FORMS:
            continue
        ends = at == len(words) - 1 or words[at + 1] in LEGAL_FORMS
        if ends or word not in ONLY_AT_THE_END:
            return word
    return None


def _is_business(word: str, *, sure: bool) -> bool:
    """`sure`: nothing else says it is a person."""
    stem = word.removesuffix("'s").removesuffix("’s")
    parts = [word, stem, *word.split("-")] if "-" in word else [word, stem]
    return any(part in BUSINESS_WORDS and (sure or part not in ALSO_SURNAMES) for part in parts)


def _words(text: str) -> list[str]:
    """Lower case, "L.L.C." as "llc"; apostrophes and hyphens stay inside a word."""
    found: list[str] = []
    for word in _WORD.findall(text.casefold()):
        word = word.replace(".", "") if _DOTTED.match(word) else word.strip(".'’/-")
        if word:
            found.append(word)
    return found


def _as_written(name: str, word: str) -> str:
    """The word as it stands in the name."""
    return next(
        (w.strip(".,'’/") for w in _WORD.findall(name) if _words(w) == [word]),
        word,
    )
