"""What crosses services: a failure shows what each process said last."""

from collections.abc import Generator

import pytest
from testkit import Stack

_LINES = 15


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    stack = getattr(item, "funcargs", {}).get("stack")
    if report.failed and call.when == "call" and isinstance(stack, Stack):
        for name in (*stack.endpoints["services"], "kafka"):
            said = [line[:400] for line in stack.log(name).splitlines()]
            worth = [line for line in said if '"level": "debug"' not in line][-_LINES:]
            report.sections.append((f"{name} said last", "\n".join(worth)))
    return report
