import hashlib
from pathlib import Path

import pytest

from local_stack.kafka_jars import JarsUnusableError, cache_folder, class_path, known_jars

JAR = "org/example/broker/1.0/broker-1.0.jar"
CONTENT = b"the bytes we know"
KNOWN = {JAR: hashlib.sha256(CONTENT).hexdigest()}


def _cache(tmp_path: Path, content: bytes) -> Path:
    jar = tmp_path / "maven" / JAR
    jar.parent.mkdir(parents=True)
    jar.write_bytes(content)
    return tmp_path


def test_a_full_cache_needs_no_network(tmp_path: Path) -> None:
    cache = _cache(tmp_path, CONTENT)
    assert class_path(cache, KNOWN) == [cache / "maven" / JAR]


def test_a_jar_with_another_hash_is_refused_by_name(tmp_path: Path) -> None:
    cache = _cache(tmp_path, b"bytes of someone else")
    with pytest.raises(JarsUnusableError, match=r"broker-1\.0\.jar is not the jar we know"):
        class_path(cache, KNOWN)


def test_the_list_names_every_jar_of_the_broker_once() -> None:
    known = known_jars()
    assert len(known) == 46
    assert "org/apache/kafka/kafka_2.13/4.3.0/kafka_2.13-4.3.0.jar" in known
    assert all(len(bytes.fromhex(digest)) == 32 for digest in known.values())


def test_the_cache_can_be_put_elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TALLYBRIDGE_CACHE", str(tmp_path))
    assert cache_folder() == tmp_path
