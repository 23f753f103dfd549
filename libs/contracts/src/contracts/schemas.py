"""The JSON Schema of every message type, as files that others can read.

`python -m contracts.schemas` writes them. Each says what we promise to write (every field, always),
and, under keywords of our own that validators skip, what a reader may do without and whom a change
concerns: `x-optional` beside `required`, and at the top `x-topics`, `x-key`, `x-writers` and
`x-readers`. `contracts.compatibility` compares two folders of them.
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

from contracts.message import Message
from contracts.topics import TOPICS, TYPES

SCHEMAS = Path(__file__).parents[2] / "schemas"
"""Where they are committed, in a checkout."""


def schema_of(kind: type[Message]) -> dict[str, Any]:
    """The schema of what we write, with what a reader may do without."""
    written = kind.model_json_schema(mode="serialization")
    accepted = kind.model_json_schema(mode="validation")
    _mark_optional(written, accepted)
    for name, part in _definitions(written).items():
        _mark_optional(part, _definitions(accepted).get(name, {}))
    topics = [topic for topic in TOPICS if kind in topic.carries]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **written,
        "x-topics": [topic.name for topic in topics],
        "x-key": topics[0].key,
        "x-writers": sorted({writer for topic in topics for writer in topic.writers}),
        "x-readers": sorted({reader for topic in topics for reader in topic.readers}),
    }


def documents() -> dict[str, str]:
    """Every file's text by its name."""
    return {
        f"{name}.json": json.dumps(schema_of(kind), indent=2, ensure_ascii=False) + "\n"
        for name, kind in sorted(TYPES.items())
    }


def write(folder: Path) -> list[str]:
    """Make the folder hold exactly these files; the names of those that changed or went."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = documents()
    changed: list[str] = []
    for path in sorted(folder.glob("*.json")):
        if path.name not in wanted:
            path.unlink()
            changed.append(path.name)
    for name, text in wanted.items():
        path = folder / name
        if not path.exists() or path.read_text() != text:
            path.write_text(text)
            changed.append(name)
    return changed


def main(arguments: Sequence[str]) -> int:
    """Write the schemas to the folder named, or to where they are committed."""
    folder = Path(arguments[0]) if arguments else SCHEMAS
    changed = write(folder)
    sys.stdout.write("".join(f"{name}\n" for name in changed) or "all current\n")
    return 0


def _mark_optional(written: dict[str, Any], accepted: dict[str, Any]) -> None:
    """Fields that are always written and that a reader still doesn't need. It needs the type."""
    needed = [*cast("list[str]", accepted.get("required", [])), "type"]
    optional = [name for name in written.get("properties", {}) if name not in needed]
    if optional:
        written["x-optional"] = optional


def _definitions(schema: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return cast("dict[str, dict[str, Any]]", schema.get("$defs", {}))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
