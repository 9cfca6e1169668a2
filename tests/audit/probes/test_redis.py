"""Real Redis, well kept and broken; its redis.conf; servers that hang or talk nonsense."""

from __future__ import annotations

import json
import socket
import threading
from contextlib import suppress
from dataclasses import replace

import pytest

from audit.judge import judge
from audit.model import Evidence, ObjectClass, State, Target
from audit.probes import redis
from rules.load import DataError
from tests.audit import databases

NOW = 1_795_000_000.0
HERE = Target(id="r", name="r", system="s", kind=ObjectClass.DATABASE, platform="redis",
              address="127.0.0.1")  # fmt: skip


def states(evidence: Evidence) -> dict[State, set[str]]:
    found: dict[State, set[str]] = {state: set() for state in State}
    for name, check in databases.checks().items():
        if check.probe == "redis":
            found[judge(check, evidence, target="r", now=NOW).state].add(name)
    return found


@pytest.mark.wire
def test_a_closed_port() -> None:
    reach = replace(HERE, access={"port": str(databases.free_port())})
    found = redis.look(reach, now=NOW, timeout=3.0, password="geheim")
    assert "unreachable" in found.problem or "redis:" in found.problem
    assert "geheim" not in repr(found)


@pytest.mark.wire
@pytest.mark.parametrize("said", [b"", b"\xff" * 2000, b"+OK\r\n" * 9, b"$999999\r\nx", b"*-7\r\n"])
def test_a_server_that_hangs_or_talks_nonsense_is_unknown(said: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        held = []

        def serve() -> None:
            with suppress(OSError):
                held.append(server.accept()[0])
                held[0].sendall(said)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        reach = replace(HERE, access={"port": str(server.getsockname()[1])})
        found = redis.look(reach, now=NOW, timeout=0.5)
        thread.join(5)
        for one in held:
            one.close()
    assert states(found)[State.PASS] == set()


def test_a_file_that_is_none() -> None:
    for data in (b"\0", b"x" * (redis.MAX_FILE + 1)):
        with pytest.raises(DataError, match=r"redis\.conf"):
            redis.read(data, target="r", taken=NOW)


@pytest.mark.wire
def test_well_kept_live_and_offline() -> None:
    with databases.redis(good=True) as server:
        reach = replace(HERE, access={"port": str(server.port), "user": "qinglang_audit",
                                      "tls-ca": str(server.ca)})  # fmt: skip
        found = redis.look(reach, now=NOW, password="A-long-1-word")
        wrong = redis.look(reach, now=NOW, password="not-this")
        offline = redis.read((server.folder / "redis.conf").read_bytes(), target="r", taken=NOW)
    assert "redis: AuthenticationError" in wrong.problem
    assert states(found)[State.FAIL] == {"redis-replica"}
    assert states(found)[State.UNKNOWN] == set()
    assert states(offline)[State.FAIL] == set()
    assert states(offline)[State.UNKNOWN] == {"redis-replica", "redis-version"}
    assert "A-long" not in json.dumps([found.document, offline.document])


def info(server: databases.Server) -> str:
    return databases.ran("redis", "/usr/bin/redis-cli", "-s", server.socket, "info", "commandstats")


@pytest.mark.wire
def test_broken_and_unchanged() -> None:
    with databases.redis(good=False) as server:
        cli = ["/usr/bin/redis-cli", "-s", server.socket]
        databases.ran("redis", *cli, "set", "a", "1")
        before = databases.ran("redis", *cli, "config", "get", "*")
        found = redis.look(replace(HERE, access={"port": str(server.port)}), now=NOW)
        used = info(server)
        assert databases.ran("redis", *cli, "config", "get", "*") == before
        assert databases.ran("redis", *cli, "dbsize").strip() == "1"
    sent = {line.split(":")[0].removeprefix("cmdstat_") for line in used.splitlines()}
    assert {one for one in sent if one} - {"# Commandstats", "set", "client|setinfo"} == {
        "info", "config|get", "acl|list", "command|info",
    }  # fmt: skip
    seen = states(found)
    assert seen[State.UNKNOWN] == set()
    assert seen[State.PASS] == {
        "redis-debug-modules", "redis-rdb-checksum", "redis-tls-version", "redis-version",
    }  # fmt: skip
