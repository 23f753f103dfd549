"""An office's pages, as a browser without JavaScript uses them."""

import json
import re
from base64 import urlsafe_b64decode
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from html.parser import HTMLParser
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


class Form:
    """A form's fields as the page has them; what a person does to them before a button."""

    def __init__(self) -> None:
        self.pairs: list[tuple[str, str]] = []

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.pairs if key == name]

    def one(self, name: str) -> str:
        return self.all(name)[0]

    def set(self, name: str, value: str) -> None:
        self.pairs = [pair for pair in self.pairs if pair[0] != name] + [(name, value)]

    def tick(self, name: str, value: str) -> None:
        self.pairs.append((name, value))

    def untick(self, name: str, value: str) -> None:
        self.pairs.remove((name, value))

    def fields(self, **more: str) -> dict[str, list[str]]:
        """What is sent when a button is pressed, whose own name and value are `more`."""
        pairs = [*self.pairs, *more.items()]
        return {name: [value for key, value in pairs if key == name] for name, _ in pairs}


class _FormReader(HTMLParser):
    def __init__(self, mark: str) -> None:
        super().__init__()
        self.form = Form()
        self.found = False
        self._mark = mark
        self._inside = False
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form":
            self._inside = self._mark in given
            self.found = self.found or self._inside
        name, value = given.get("name") or "", given.get("value") or ""
        if not self._inside:
            return
        if tag == "input" and name:
            if given.get("type") not in {"checkbox", "radio"} or "checked" in given:
                self.form.pairs.append((name, value))
        elif tag == "select":
            self._select = name
        elif tag == "option" and (not self.form.all(self._select) or "selected" in given):
            self.form.set(self._select, value)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False


def form_of(page: str, mark: str) -> Form:
    """The form of a page that has this attribute, as a browser would send it."""
    reader = _FormReader(mark)
    reader.feed(page)
    assert reader.found, mark
    return reader.form
