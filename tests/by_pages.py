"""An office's pages, as a browser without JavaScript uses them."""

import json
import re
from base64 import urlsafe_b64decode
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from http.cookies import SimpleCookie

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


def undo(cookie: str, page: str) -> tuple[str, dict[str, str]]:
    """Where the Undo leads that the page offers once, and its fields."""
    packed = SimpleCookie(cookie)
    said = next(one.value for name, one in packed.items() if name.endswith("_said"))
    _, _, path, _, fields = json.loads(urlsafe_b64decode(said))
    return path, fields | {"csrf": hidden(page, "csrf")}
