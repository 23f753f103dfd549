"""An office's pages, as a browser without JavaScript uses them."""

import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import httpx
from office import Office


@asynccontextmanager
async def pages_of(one: Office) -> AsyncGenerator[httpx.AsyncClient]:
    """Someone of this office, logged in by the log-in page."""
    async with httpx.AsyncClient(base_url=one.web_url, timeout=15) as web:
        asked = {name: one.sign_up_body[name] for name in ("email", "password")}
        answer = await web.post("/login", data=asked)
        assert answer.status_code == 303, answer.text
        yield web


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{re.escape(name)}" value="([^"]*)"', page)
    assert found, name
    return found[1].replace("&#34;", '"')
