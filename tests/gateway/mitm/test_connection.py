"""The handler itself: a fault of ours ends one connection, is recorded, and nothing else."""

import threading

import pytest
from loguru import logger

from gateway.mitm.connection import H2_WAITING, OPTIONS
from tests.gateway.mitm.harness import Lab, status


def test_our_own_fault_is_recorded_and_ends_only_that_connection(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[str] = []
    sink = logger.add(lambda message: heard.append(str(message)), level="ERROR")
    try:
        with monkeypatch.context() as patch:
            patch.setattr(type(lab.filter), "judge", _broken)
            assert lab.get(lab.url("www.allowed.example", "/a-secret-path")) == b""
        lab.until(lambda: bool(heard))
    finally:
        logger.remove(sink)
    assert any("crashed" in message for message in heard)
    said = "".join(heard)  # where it arose, but neither the request nor who asked
    assert "RuntimeError" in said
    assert not any(word in said for word in ("secret-path", "127.0.0.1"))
    assert status(lab.get(lab.url("www.allowed.example"))) == 200


def _broken(*_: object) -> None:
    raise RuntimeError("a fault of ours")


def test_many_connections_at_once(lab: Lab) -> None:
    found: list[int] = []
    threads = [
        threading.Thread(
            target=lambda: found.append(status(lab.get(lab.url("www.allowed.example"))))
        )
        for _ in range(40)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [200] * 40
    assert len(lab.settled(40)) == 40


def test_limits_are_set() -> None:
    assert H2_WAITING < 16 * 1024 * 1024
    assert OPTIONS.tcp_timeout == 600
