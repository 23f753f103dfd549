"""`make new-provider NAME=sage LABEL=Sage`: a connector to fill in, its lines elsewhere too.

PLACES is all that a provider touches outside its folder. The generator writes those lines, and
docs/add-a-provider.md lists them: `new_provider.py --write-docs` makes its tables anew.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import jinja2

ROOT = Path(__file__).parents[2]
TEMPLATES = Path(__file__).parent / "templates"
CONNECTORS = ("qbo", "xero", "freshbooks")
DOCUMENT = Path("docs") / "add-a-provider.md"


@dataclass(frozen=True)
class Place:
    """Lines outside a connector's folder.

    `pattern` finds the last connector's, `replacement` is with the new one's beside them. None: it
    needs a thought or a look, so a person does it.
    """

    file: str
    why: str
    pattern: str | None = None
    replacement: str = ""


_LAST = "freshbooks"
_SCHEMAS = "run `python -m contracts.schemas`; `make check` says in which order to deploy"
PLACES = (
    Place(
        "pyproject.toml",
        "the package is a dependency",
        rf'^    "tallybridge-connector-{_LAST}",\n',
        r'\g<0>    "tallybridge-connector-{name}",\n',
    ),
    Place(
        "pyproject.toml",
        "and comes from this workspace",
        rf"^tallybridge-connector-{_LAST} = .*\n",
        r"\g<0>tallybridge-connector-{name} = {{ workspace = true }}\n",
    ),
    Place(
        ".importlinter",
        "it keeps the import rules of a connector",
        rf"^    connector_{_LAST}((?:\.\w+)?)\n",
        r"\g<0>    connector_{name}\1\n",
    ),
    Place(
        ".importlinter",
        "its layer beside the other services",
        rf"(\| connector_{_LAST})\n",
        r"\1 | connector_{name}\n",
    ),
    Place(
        "libs/contracts/src/contracts/ids.py",
        "the providers there are",
        rf'^(Provider = Literal\[.*"{_LAST}")\]',
        r'\1, "{name}"]',
    ),
    Place(
        "libs/contracts/src/contracts/ids.py",
        "what people call it",
        rf'^    "{_LAST}": "FreshBooks",\n',
        r'\g<0>    "{name}": "{label}",\n',
    ),
    Place(
        "libs/contracts/src/contracts/topics.py",
        "who writes its outcomes",
        rf'"connector-{_LAST}"\)',
        rf'"connector-{_LAST}", "connector-{{name}}")',
    ),
    Place(
        "libs/contracts/src/contracts/topics.py",
        "its topic of commands",
        rf'(for provider in \(.*"{_LAST}")\)',
        r'\1, "{name}")',
    ),
    Place(
        "libs/contracts/src/contracts/causes/model.py",
        "a fix is for every provider unless it says otherwise",
        rf'(providers: tuple\[Provider, \.\.\.\] = \(.*"{_LAST}")\)',
        r'\1, "{name}")',
    ),
    Place(
        "deploy/local/src/local_stack/services.py",
        "its ports in the local stack",
        rf'^    Provider\("{_LAST}", .*\n',
        r'\g<0>    Provider("{name}", connector_offset=8, simulator_offset=9),\n',
    ),
    Place("libs/contracts/schemas", f"the name in the messages' schemas: {_SCHEMAS}"),
    Place(
        "libs/contracts/src/contracts/causes/words.py",
        "its own nouns: a client, an archived contact",
    ),
    Place(
        "libs/contracts/src/contracts/providers.py",
        "whether names are unique, what is made active again, its status page",
    ),
    Place(
        "services/invoice-api/src/invoice_api/web/templates/_parts.html", "the letter of its mark"
    ),
    Place("services/invoice-api/src/invoice_api/web/static/app.css", "the colour of its mark"),
    Place("tests/providers.py", "what tests from outside need to know of it"),
    Place("tests/simulation/sides.py", "its simulator in the seeded simulation"),
    Place("requirements.lock", "run `make lock`"),
)


def render(root: Path, name: str, label: str) -> list[Path]:
    """Write the package; the files written. Nothing that is there is written over."""
    folder = root / "services" / f"connector-{name}"
    if folder.exists():
        raise SystemExit(f"{folder} is there already: choose another NAME or move it away.")
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701  (it writes Python, not HTML)
    )
    values: Mapping[str, str] = {"name": name, "label": label, "class": name.capitalize()}
    written: list[Path] = []
    for template in sorted(TEMPLATES.rglob("*.jinja")):
        at = template.relative_to(TEMPLATES)
        file = folder / _target(at, name)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(environment.get_template(at.as_posix()).render(values))
        written.append(file)
    return written


def _target(template: Path, name: str) -> Path:
    bare = template.with_suffix("")
    if bare.parts[0] == "package":
        return Path("src") / f"connector_{name}" / Path(*bare.parts[1:])
    if bare.parts[0] == "tests":
        return Path("tests", "conformance", bare.name.removeprefix("conformance_"))
    return bare


def touch(root: Path, name: str, label: str) -> list[Place]:
    """Write the lines outside; those that a person has to."""
    for place in PLACES:
        if place.pattern is not None:
            file = root / place.file
            replacement = place.replacement.format(name=name, label=label)
            text, count = re.subn(place.pattern, replacement, file.read_text(), flags=re.MULTILINE)
            if count == 0:
                raise SystemExit(f"{place.file} has no line like {place.pattern} any more.")
            file.write_text(text)
    return [place for place in PLACES if place.pattern is None]


def tables() -> str:
    """The generated part of the document."""
    rows = ["| Connector | `src` | of that `operations` | `tests` |", "|---|---|---|---|"]
    for name in CONNECTORS:
        folder = ROOT / "services" / f"connector-{name}"
        source = folder / "src" / f"connector_{name}"
        rows.append(
            f"| {name} | {_lines(source):,} | {_lines(source / 'operations'):,} "
            f"| {_lines(folder / 'tests'):,} |"
        )
    rows += ["", "| Outside its folder | Why | Who |", "|---|---|---|"]
    rows += [
        f"| `{place.file}` | {place.why} | {'you' if place.pattern is None else 'the generator'} |"
        for place in PLACES
    ]
    return "\n".join(rows)


def _lines(folder: Path) -> int:
    """To the hundred, so that not every change of a line is a change of the document."""
    return round(sum(len(file.read_text().splitlines()) for file in folder.rglob("*.py")), -2)


_BEGIN, _END = "<!-- generated -->\n", "\n<!-- end -->"


def documented(root: Path) -> str:
    """The document with its tables made anew."""
    text = (root / DOCUMENT).read_text()
    before, _, rest = text.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    return f"{before}{_BEGIN}{tables()}{_END}{after}"


_NUMBER = re.compile(r"\b\d[\d,]*\b")


def _alike(now: str, then: str) -> bool:
    """The same but for numbers, which may have moved by a tenth: code grows every day."""
    if _NUMBER.sub("#", now) != _NUMBER.sub("#", then):
        return False
    pairs = zip(_NUMBER.findall(now), _NUMBER.findall(then), strict=True)
    counts = ((int(one.replace(",", "")), int(other.replace(",", ""))) for one, other in pairs)
    return all(abs(one - other) <= max(one / 10, 100) for one, other in counts)


def main(arguments: Sequence[str]) -> int:
    """The exit code: 0 done, 1 the document isn't current."""
    parser = argparse.ArgumentParser(prog="make new-provider")
    parser.add_argument("--name", help="in lower case, as in connector_sage")
    parser.add_argument("--label", help="what people call it")
    parser.add_argument("--root", type=Path, default=ROOT, help="the workspace to write into")
    parser.add_argument("--check-docs", action="store_true")
    parser.add_argument("--write-docs", action="store_true")
    chosen = parser.parse_args(arguments)
    if chosen.check_docs:
        current = _alike(documented(ROOT), (ROOT / DOCUMENT).read_text())
        if not current:
            print(
                f"{DOCUMENT} isn't current: python deploy/new-provider/new_provider.py --write-docs"
            )
        return 0 if current else 1
    if chosen.write_docs:
        (ROOT / DOCUMENT).write_text(documented(ROOT))
        return 0
    if not re.fullmatch(r"[a-z][a-z0-9]*", chosen.name or ""):
        parser.error("say the name in lower-case letters: make new-provider NAME=sage")
    return _generate(chosen.root.resolve(), chosen.name, chosen.label or chosen.name.capitalize())


def _generate(root: Path, name: str, label: str) -> int:
    package = root / "services" / f"connector-{name}"
    files = render(root, name, label)
    left = touch(root, name, label)
    for command in (["check", "--fix", "--select", "I"], ["format"]):
        ruff = [sys.executable, "-m", "ruff", *command, "--quiet", str(package)]
        subprocess.run(ruff, cwd=root, check=True)  # noqa: S603 (its own words)
    print(
        f"{package.relative_to(root)}: {len(files)} files to fill in. Its tests say what is next:"
    )
    print(f"  make venv && .venv/bin/python -m pytest {package.relative_to(root)}")
    print("Outside its folder these are left to you:")
    for place in left:
        print(f"  {place.file}: {place.why}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
