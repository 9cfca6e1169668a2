"""Resolving: cached, judged again, and static names."""

import asyncio
import socket
import threading
from pathlib import Path
from typing import Any

import pytest

from gateway.destinations import Destinations
from gateway.mitm.loop import EdgeLoop
from gateway.node import Address, Node
from rules.model import Gap


class Scripted(EdgeLoop):
    """Answers from a table instead of the system's resolver, and counts."""

    table: dict[str, list[str]]
    asked: int = 0

    async def _resolve(self, host: Any, port: Any, **_: int) -> list[Any]:
        self.asked += 1
        if host not in self.table:
            raise socket.gaierror(-2, "unknown")
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (text, port)) for text in self.table[host]
        ]


def run(table: dict[str, list[str]], work: Any) -> Any:
    loop = Scripted()
    loop.table = table
    loop.destinations = Destinations(
        Node(name="n", data=Path("/x"), open_destinations=(Address(host="127.0.0.2", port=80),))
    )
    loop.static = {"static.example": "203.0.113.7"}
    try:
        return loop.run_until_complete(work(loop))
    finally:
        loop.close()


def test_addresses_are_judged() -> None:
    async def work(loop: Scripted) -> list[str]:
        rows = await loop.getaddrinfo("mixed.example", 80)
        return [row[4][0] for row in rows]

    table = {"mixed.example": ["127.0.0.1", "198.51.100.1", "169.254.169.254", "127.0.0.2"]}
    assert run(table, work) == ["198.51.100.1", "127.0.0.2"]


def test_a_name_that_only_leads_inwards_is_refused() -> None:
    async def work(loop: Scripted) -> None:
        for _ in range(2):
            with pytest.raises(OSError, match=Gap.FORBIDDEN_DESTINATION.value):
                await loop.getaddrinfo("inwards.example", 22)
        assert loop.asked == 1

    run({"inwards.example": ["127.0.0.1"]}, work)


def test_answers_and_failures_are_cached() -> None:
    async def work(loop: Scripted) -> None:
        for _ in range(3):
            await loop.getaddrinfo("a.example", 80)
            with pytest.raises(socket.gaierror):
                await loop.getaddrinfo("none.example", 80)
        assert loop.asked == 2

    run({"a.example": ["198.51.100.1"]}, work)


def test_static_names() -> None:
    async def work(loop: Scripted) -> None:
        rows = await loop.getaddrinfo("static.example", 80)
        assert rows[0][4][0] == "203.0.113.7"

    run({"203.0.113.7": ["203.0.113.7"]}, work)


def test_the_real_resolver_is_asked() -> None:
    loop = EdgeLoop()
    try:
        rows = loop.run_until_complete(
            asyncio.wait_for(loop.getaddrinfo("198.51.100.9", 80, type=socket.SOCK_STREAM), 10)
        )
    finally:
        loop.close()
    assert rows[0][4] == ("198.51.100.9", 80)


def test_slow_names_hold_up_nobody_and_are_asked_once() -> None:
    """Threads of the system's resolver are few: a pupil must not be able to take them all."""
    release = threading.Event()
    asked: list[str] = []

    class Slow(EdgeLoop):
        async def _resolve(self, host: Any, port: Any, **hints: int) -> list[Any]:
            def look() -> list[Any]:
                asked.append(host)
                if host.startswith("slow"):
                    release.wait(20)
                return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("203.0.113.1", port))]

            return await self.run_in_executor(None, look)

    async def run() -> int:
        loop = asyncio.get_running_loop()
        slow = [loop.create_task(loop.getaddrinfo(f"slow{n % 30}", 80)) for n in range(300)]
        await asyncio.sleep(0)
        found = await loop.getaddrinfo("quick", 80)
        release.set()
        await asyncio.gather(*slow)
        return len(found)

    with asyncio.Runner(loop_factory=Slow) as runner:
        assert runner.run(run()) == 1
    assert len(asked) == 31
