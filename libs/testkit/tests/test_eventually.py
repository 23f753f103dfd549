import pytest
from testkit import eventually


async def test_eventually_gives_what_the_check_returns_once_it_holds() -> None:
    calls: list[int] = []

    async def check() -> str:
        calls.append(1)
        assert len(calls) == 3, "not yet"
        return "done"

    assert await eventually(check, within=5, every=0.001) == "done"


async def test_eventually_raises_the_last_assertion_with_the_time_waited() -> None:
    def check() -> None:
        assert 1 + 1 == 3, "sums are off"

    with pytest.raises(AssertionError, match="sums are off") as failure:
        await eventually(check, within=0.02, every=0.001)
    assert failure.value.__notes__ == ["still so after 0.02 s"]


async def test_eventually_stops_at_once_for_anything_but_an_assertion() -> None:
    calls: list[int] = []

    async def check() -> None:
        calls.append(1)
        raise KeyError("a defect")

    with pytest.raises(KeyError):
        await eventually(check, within=5)
    assert len(calls) == 1
