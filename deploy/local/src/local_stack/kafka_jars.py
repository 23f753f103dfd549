"""The jars of Apache Kafka: fetched once by their coordinates, checked against our own hashes."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

KAFKA_COORDINATES = "org.apache.kafka:kafka_2.13:4.3.0+org.slf4j:slf4j-simple:1.7.36"
_LIST = Path(__file__).with_name("kafka_jars.sha256")
_ATTEMPTS = 3


class JarsUnusableError(RuntimeError):
    """A jar is missing and can't be fetched, or isn't the one we know."""


def cache_folder() -> Path:
    """What stacks share across runs: TALLYBRIDGE_CACHE, else the user's cache folder."""
    given = os.environ.get("TALLYBRIDGE_CACHE")
    if given:
        return Path(given).expanduser().absolute()
    parent = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(parent).expanduser().absolute() / "tallybridge"


def known_jars(listing: Path = _LIST) -> dict[str, str]:
    """Path inside a Maven repository -> SHA-256, for every jar of the broker."""
    pairs = (line.split() for line in listing.read_text().splitlines() if line.strip())
    return {path: digest for digest, path in pairs}


def class_path(cache: Path | None = None, known: Mapping[str, str] | None = None) -> list[Path]:
    """Every jar of the broker, verified; fetched first if the cache lacks one.

    Works offline once the cache is full. Raises JarsUnusableError if a hash differs from our
    list or something is missing and can't be fetched.
    """
    folder = (cache or cache_folder()) / "maven"
    wanted = known_jars() if known is None else known
    folder.mkdir(parents=True, exist_ok=True)
    with _locked(folder / ".lock"):
        if any(not (folder / path).exists() for path in wanted):
            _fetch(folder, wanted)
        for path, digest in wanted.items():
            _verify(folder / path, digest)
    return [folder / path for path in wanted]


def are_cached(cache: Path | None = None) -> bool:
    """Whether a start needs no network."""
    folder = (cache or cache_folder()) / "maven"
    return all((folder / path).exists() for path in known_jars())


def _fetch(folder: Path, wanted: Mapping[str, str]) -> None:
    # Into a folder of its own: an interrupted download never looks like a jar of the cache.
    scratch = Path(tempfile.mkdtemp(prefix=".fetch-", dir=folder))
    try:
        found = _download(scratch)
        unknown = sorted(found - set(wanted))
        absent = sorted(set(wanted) - found)
        if unknown or absent:
            raise JarsUnusableError(
                f"{KAFKA_COORDINATES} resolves to other jars than our list:"
                f" new {unknown or 'none'}, gone {absent or 'none'}"
            )
        for path, digest in wanted.items():
            _verify(scratch / path, digest)
        for path in wanted:
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            (scratch / path).replace(target)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _download(scratch: Path) -> set[str]:
    # Imported here: a start from a full cache needs neither of them.
    import jgo
    import requests

    before = os.environ.get("M2_REPO")
    os.environ["M2_REPO"] = str(scratch)
    try:
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                artifacts = jgo.resolve(KAFKA_COORDINATES)
                return {str(artifact.resolve().relative_to(scratch)) for artifact in artifacts}
            except (requests.RequestException, OSError, RuntimeError) as failure:
                if attempt == _ATTEMPTS:
                    raise JarsUnusableError(
                        "Kafka's jars aren't cached yet and can't be fetched: is there a network?"
                        f" ({type(failure).__name__}: {failure})"
                    ) from failure
        raise AssertionError("the loop returns or raises")
    finally:
        if before is None:
            del os.environ["M2_REPO"]
        else:
            os.environ["M2_REPO"] = before


def _verify(jar: Path, digest: str) -> None:
    with jar.open("rb") as content:
        actual = hashlib.file_digest(content, "sha256").hexdigest()
    if actual != digest:
        raise JarsUnusableError(
            f"{jar} is not the jar we know: its SHA-256 is {actual}, our list says {digest}."
            " Delete it to fetch it again; if it differs again, don't run it."
        )


@contextmanager
def _locked(path: Path) -> Generator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
