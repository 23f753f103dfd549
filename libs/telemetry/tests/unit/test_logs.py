"""One JSON object a line, and no secret in any."""

import asyncio
import io
import json
import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

import pytest
from telemetry import logs
from telemetry.redaction import REDACTED, is_secret_key, redacted, redacted_text

JWT = "eyJhbGciOiJSUzI1NiJ9.eyJjYW5hcnkiOiJ4In0.c2lnbmF0dXJlLWNhbmFyeQ"
JWE = "eyJlbmMiOiJBMTI4Q0JDIn0..aXYtY2FuYXJ5.Y2lwaGVyLWNhbmFyeQ.dGFnLWNhbmFyeQ"
CANARIES = {
    "bearer": "Bearer canary-0123456789abcdef",
    "basic": "Basic canaryOmNhbmFyeTAxMjM0NQ==",
    "jwt": JWT,
    "jwe": JWE,
    "qbo refresh": "AB11753123456canaryCANARYcanaryCANARYcanaryCANARY0",
    "qbo refresh, new form": "RT1-219-H0-1758canary4567z9y8x7w6",
    "api key": "tb_canaryCANARYcanaryCANARY",
}
KEYS = (
    "token",
    "access_token",
    "refresh_token",
    "refreshToken",
    "client_secret",
    "secret",
    "password",
    "authorization",
    "Authorization",
    "code",
    "api_key",
    "apiKey",
    "refresh",
    "Set-Cookie",
    "ticket",
)


@dataclass
class Lines:
    stream: io.StringIO

    @property
    def text(self) -> str:
        return self.stream.getvalue()

    @property
    def all(self) -> list[dict[str, object]]:
        return [cast("dict[str, object]", json.loads(line)) for line in self.text.splitlines()]


@pytest.fixture
def lines() -> Iterator[Lines]:
    """Logs configured into a text; the state of `logging` is given back afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    stream = io.StringIO()
    logs.configure("info", "invoice-api", stream=stream)
    yield Lines(stream)
    logging.captureWarnings(False)
    root.handlers, root.level = handlers, level


def test_a_line_is_one_json_object_with_what_one_searches_by(lines: Lines) -> None:
    logs.get_logger("lanes").info("lane leased", lanes=3)
    (line,) = lines.all
    assert line.pop("timestamp")
    assert line == {
        "event": "lane leased",
        "lanes": 3,
        "level": "info",
        "logger": "lanes",
        "service": "invoice-api",
    }


def test_libraries_lines_have_the_same_form(lines: Lines) -> None:
    logging.getLogger("some.library").warning("gave up after %s tries", 3, extra={"lane": "x"})
    (line,) = lines.all
    assert line["event"] == "gave up after 3 tries"
    assert (line["level"], line["logger"], line["lane"]) == ("warning", "some.library", "x")
    assert line["service"] == "invoice-api"


def test_below_the_level_nothing_is_written(lines: Lines) -> None:
    logs.get_logger("a").debug("whisper")
    logging.getLogger("b").debug("whisper")
    logging.getLogger("httpx").info("GET https://…")
    assert lines.text == ""


def test_what_is_bound_is_on_each_line_of_the_block_only(lines: Lines) -> None:
    with logs.bound(trace_id="abc"):
        logs.get_logger("a").info("inside")
        logging.getLogger("b").info("inside too")
    logs.get_logger("a").info("outside")
    assert [line.get("trace_id") for line in lines.all] == ["abc", "abc", None]


async def test_what_is_bound_goes_along_into_tasks(lines: Lines) -> None:
    async def work() -> None:
        logs.get_logger("a").info("working")

    with logs.bound(job="j1"):
        await asyncio.create_task(work())
    assert lines.all[0]["job"] == "j1"


@pytest.mark.parametrize("planted", CANARIES.values(), ids=CANARIES)
def test_no_form_of_secret_is_written_wherever_it_stands(lines: Lines, planted: str) -> None:
    class Opaque:
        def __repr__(self) -> str:
            return f"<Opaque {planted}>"

    log = logs.get_logger("a")
    log.info(f"sent {planted} there")
    log.info("nested", body={"deep": [{"er": f"x={planted}"}]}, pair=(planted, 1), many={planted})
    log.info("bytes", body=planted.encode())
    log.info("object", thing=Opaque(), inside=[Opaque()])
    log.info("as key", body={planted: 1})
    logging.getLogger("lib").warning("answer was %s", planted)
    logging.getLogger("lib").warning("extra", extra={"headers": {"x": planted}})
    with logs.bound(context=planted):
        log.info("bound")
    try:
        raise RuntimeError(f"refused: {planted}")
    except RuntimeError:
        log.exception("failed")
        logging.getLogger("lib").exception("failed")
    assert len(lines.all) == 10
    assert "canary" not in lines.text.lower()
    for piece in re.split(r"[. ]", planted.removeprefix("Bearer ").removeprefix("Basic ")):
        assert not piece or piece not in lines.text


@pytest.mark.parametrize("key", KEYS)
def test_what_stands_under_a_secrets_name_is_never_written(lines: Lines, key: str) -> None:
    logs.get_logger("a").info("x", **{key: "canary"}, body={"in": {key: ["canary"]}})
    logging.getLogger("b").warning("y", extra={key: "canary"})
    assert "canary" not in lines.text
    assert lines.all[0][key] == REDACTED


@pytest.mark.parametrize(
    "text",
    [
        "POST /token refresh_token=canary&grant_type=x",
        'body {"access_token": "canary", "expires_in": 1800}',
        "body {'client_secret': 'canary'}",
        r"escaped {\"refresh_token\": \"canary\"}",
        "GET /callback?code=canary&state=canary&realmId=1",
        "GET /connect?ticket=canary",
        "postgresql://tally:canary@127.0.0.1:5432/x",
        "Authorization: canary",
        "Set-Cookie: session=canary; Path=/",
    ],
)
def test_secrets_inside_bodies_and_addresses_are_taken_out(text: str) -> None:
    clean = redacted_text(text)
    assert "canary" not in clean
    assert REDACTED in clean


@pytest.mark.parametrize(
    "text",
    [
        "invoice 1001 went to Oak Books as 155",
        "cause item_account_unmapped, provider_code 6240",
        "table tb_short",
        "GET /api/v1/invoices?sync_state=blocked&limit=10",
        "0192f0c1-2345-7abc-8def-0123456789ab",
        "the books ABC1 are closed",
    ],
)
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    assert redacted_text(text) == text


def test_ordinary_keys_stay_as_they_are() -> None:
    for key in ("provider_code", "token_good_until", "status_code", "refreshing", "postal_code"):
        assert not is_secret_key(key), key
    assert redacted({"token_health": "good", "password": None}) == {
        "token_health": "good",
        "password": None,
    }


def test_a_structure_without_end_is_cut_and_said_so(lines: Lines) -> None:
    ring: list[object] = []
    ring.append(ring)
    logs.get_logger("a").info("ring", ring=ring)
    assert "[too deep]" in lines.text


def test_an_object_that_can_not_be_shown_does_not_break_the_line(lines: Lines) -> None:
    class Broken:
        def __str__(self) -> str:
            raise RuntimeError("no")

    logs.get_logger("a").info("odd", thing=Broken())
    assert lines.all[0]["thing"] == "<Broken: RuntimeError>"


def test_an_unknown_level_is_refused_with_the_ones_there_are() -> None:
    with pytest.raises(ValueError, match="level: 'loud' is not a log level; use one of debug"):
        logs.configure("loud", "x")


def test_a_library_that_repeats_itself_is_heard_once_and_counted(
    lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 100.0
    monkeypatch.setattr("telemetry.logs.time.monotonic", lambda: now)
    client, ours = logging.getLogger("aiokafka.conn"), logging.getLogger("messaging.consumer")
    for _ in range(300):
        client.error("Unable to connect to %s", "kafka:9092")
        ours.error("no progress")
    client.error("another matter")
    now += 6
    client.error("Unable to connect to %s", "kafka:9092")
    said = [line["event"] for line in lines.all if line["logger"] == "aiokafka.conn"]
    assert said == [
        "Unable to connect to kafka:9092",
        "another matter",
        "Unable to connect to kafka:9092 (said 299 times more since)",
    ]
    assert sum(line["event"] == "no progress" for line in lines.all) == 300
