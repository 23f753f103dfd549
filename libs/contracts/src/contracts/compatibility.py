"""Whether the messages of one release can be deployed beside those of another, and in which order.

`python -m contracts.compatibility OLD NEW` compares two folders of schemas (see
`contracts.schemas`). It prints every change and ends with

- 0 if all changes may be deployed in any order (or with `--ordered`: in the order printed),
- 1 if a change breaks someone who isn't deployed in the order printed, or in any order,
- 2 if a change is of a kind nobody has thought about, or a folder can't be read.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from contracts.schema_changes import Change, Order, Schema, changes

_USAGE = "usage: python -m contracts.compatibility OLD_FOLDER NEW_FOLDER [--ordered]"
_VERDICTS: Mapping[Order, str] = {
    "any": "benign",
    "readers_first": "breaking",
    "writers_first": "breaking",
    "never": "breaking",
    "unclassified": "unclassified",
}


@dataclass(frozen=True)
class Finding:
    """A change of a message type, and who writes and reads that type."""

    type: str
    change: Change
    writers: tuple[str, ...]
    readers: tuple[str, ...]

    def __str__(self) -> str:
        verdict = _VERDICTS[self.change.order]
        where = f"{self.type} {self.change.path}".rstrip()
        return f"{verdict}: {where}: {self.change.what}{_advice(self)}"


class UnreadableError(Exception):
    """A folder or a file of it isn't what was expected; the text says which and why."""


def compare(old: Mapping[str, Schema], new: Mapping[str, Schema]) -> list[Finding]:
    """All changes between two releases' schemas, by the name of the type."""
    findings: list[Finding] = []
    for kind in sorted({*old, *new}):
        before, after = old.get(kind), new.get(kind)
        known = after if after is not None else before or {}
        writers, readers = _list(known, "x-writers"), _list(known, "x-readers")
        if before is None:
            found = [Change("", "new type of message", "readers_first")]
        elif after is None:
            found = [Change("", "type of message removed", "writers_first")]
        else:
            found = changes(before, after)
        findings += [Finding(kind, change, writers, readers) for change in found]
    return findings


def verdict(findings: Sequence[Finding], *, ordered: bool = False) -> int:
    """The exit code; `ordered` says that the printed order will be kept."""
    orders = {finding.change.order for finding in findings}
    if "unclassified" in orders:
        return 2
    harmless = {"any", "readers_first", "writers_first"} if ordered else {"any"}
    return 0 if orders <= harmless else 1


def load(folder: Path) -> dict[str, Schema]:
    """The schemas of a folder by the type's name.

    Raises:
        UnreadableError: there is no such folder, none in it, or one that is no JSON object.
    """
    paths = sorted(folder.glob("*.json"))
    if not paths:
        raise UnreadableError(f"{folder}: no schemas there (*.json)")
    found: dict[str, Schema] = {}
    for path in paths:
        try:
            parsed: object = json.loads(path.read_text())
        except (ValueError, OSError) as error:
            raise UnreadableError(f"{path}: {error}") from error
        if not isinstance(parsed, dict):
            raise UnreadableError(f"{path}: not a JSON object")
        found[path.stem] = cast("Schema", parsed)
    return found


def main(arguments: Sequence[str]) -> int:
    """Print the findings; see the module's text for the exit code."""
    folders = [argument for argument in arguments if not argument.startswith("-")]
    options = {argument for argument in arguments if argument.startswith("-")}
    if len(folders) != 2 or not options <= {"--ordered"}:
        sys.stderr.write(f"{_USAGE}\n")
        return 2
    try:
        findings = compare(load(Path(folders[0])), load(Path(folders[1])))
    except UnreadableError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write("".join(f"{finding}\n" for finding in findings) or "no changes\n")
    return verdict(findings, ordered="--ordered" in options)


def _advice(finding: Finding) -> str:
    writers, readers = ", ".join(finding.writers), ", ".join(finding.readers)
    match finding.change.order:
        case "any":
            return ""
        case "readers_first":
            return f". Deploy the readers first ({readers}), then the writers ({writers})."
        case "writers_first":
            return (
                f". Deploy the writers first ({writers}), wait until the messages from before "
                f"are no longer kept, then the readers ({readers})."
            )
        case "never":
            return ". No order is safe: make a new version of the type."
        case "unclassified":
            return ". Say in contracts.schema_changes what such a change means."


def _list(schema: Schema, word: str) -> tuple[str, ...]:
    entries = schema.get(word)
    if not isinstance(entries, list):
        return ()
    return tuple(str(entry) for entry in cast("list[object]", entries))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
