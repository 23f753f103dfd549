"""When two customers may be the same one."""

from uuid import uuid4

import pytest
from contracts.ids import RecordId, RemoteId
from sync_orchestrator.domain.likeness import Lookalike, email_key, name_key, who_it_could_be


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ann  Lee ", "ann lee"),
        ("Smith & Sons", "Smith and Sons"),
        ("Smith+Sons", "smith AND sons"),
        ("Café Zoë", "Cafe Zoe"),
        ("O'Brien, Pat", "OBrien Pat".replace("OBrien", "O Brien")),
        ("Acme Heating, L.L.C.", "ACME HEATING L L C"),
        ("John Smith (2)", "John Smith"),
        ("Straße 9", "STRASSE 9"),
        ("ＡＣＭＥ", "acme"),
    ],
)
def test_the_same_name_written_differently(one: str, other: str) -> None:
    assert name_key(one) == name_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("Ann Lee", "Ann Leen"), ("Smith & Sons", "Smith Sons"), ("🔥", "🏠"), ("Unit 2", "Unit 3")],
)
def test_other_names_stay_apart(one: str, other: str) -> None:
    assert name_key(one) != name_key(other)


def test_nothing_is_like_nothing() -> None:
    assert name_key("") is None
    assert name_key(None) is None
    assert name_key("   ") is None
    assert name_key("🔥") is not None, "a name of an emoji alone is a name"
    assert email_key("no address") is None
    assert email_key("@") is None
    assert email_key(" Ann@Lee.Example ") == "ann@lee.example"


def test_who_it_could_be_leaves_out_what_is_somebody_elses() -> None:
    me, other = RecordId(uuid4()), RecordId(uuid4())

    def one(remote: str, *, name: bool, email: bool, of: RecordId | None = None) -> Lookalike:
        return Lookalike(RemoteId(remote), "Ann Lee", None, True, name, email, of)

    found = who_it_could_be(
        [
            one("1", name=True, email=False),
            one("2", name=True, email=True, of=other),
            one("3", name=False, email=True),
            one("4", name=True, email=True, of=me),
        ],
        me,
    )
    assert [o.remote_id for o in found] == ["4", "3", "1"]
