"""A rotation from end to end of what is kept by token: quotas, Orders, care, names."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.authority import ensure_keys, private_folder, write_private
from gateway.identity import carry, devices, renames
from gateway.identity.carry import Carrier
from gateway.identity.names import Names
from gateway.identity.pseudonyms import Ring, load, person, rotate
from gateway.identity.seal import NAMES_KEY, Seal, ensure_key
from gateway.node import Node
from gateway.orders import Orders
from gateway.usage import Mark, usage_socket
from gateway.usage_line import tokens
from gateway.usage_service import UsageService
from gateway.usage_store import UsageStore
from policies.model import Action, Order, Subject
from policies.moment import at
from rules.model import Basis

MOMENT = at("2026-09-01T19:00")
NOW = MOMENT.timestamp
SCHOOL = "no-1"
PLAN = [("10.200.1.0/24", Subject(school=SCHOOL))]


class World:
    def __init__(self, folder: Path) -> None:
        self.node = Node(name="n", data=folder / "var")
        self.now = NOW
        private_folder(self.node.data)
        private_folder(self.node.run)
        private_folder(self.node.data / "identity")
        ensure_keys(self.node.data / "keys")
        self.key = ensure_key(self.node.data / "keys" / NAMES_KEY)
        self.names = Names(self.node.data / "identity" / "names.sqlite", self.key)
        self.carrier = Carrier(
            self.node, self.key, put=lambda rows: void(self.names.put_all(rows)),
            clock=lambda: self.now,
        )  # fmt: skip
        self.ring = self.read()

    def read(self) -> Ring:
        return load(self.node.data / "keys" / "pseudonyms", b"k" * 32)

    def rotate(self) -> Ring:
        """A new epoch; the ring before it."""
        before = self.ring
        folder = self.node.data / "keys" / "pseudonyms"
        rotate(folder, SCHOOL, now=self.now, issuer="i", reason="r")
        self.ring = self.read()
        return before

    def carry(self) -> int:
        return self.carrier.carry(self.ring, PLAN, self.names.path)

    def renamed(self) -> dict[str, str]:
        return renames.load(renames.file(self.node), self.now)


def void(_: object) -> None:
    return None


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.names.close()


@pytest.fixture
def store(world: World) -> Iterator[UsageStore]:
    """The usage service of this node, running."""
    found = UsageStore(world.node.data / "usage" / "usage.sqlite")
    ready, ended = threading.Event(), threading.Event()
    service: list[tuple[UsageService, asyncio.AbstractEventLoop]] = []

    async def serve() -> None:
        made = UsageService(found, usage_socket(world.node), clock=lambda: NOW)
        service.append((made, asyncio.get_running_loop()))
        await made.serve(ready.set)
        ended.set()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    assert ready.wait(10)
    yield found
    service[0][1].call_soon_threadsafe(service[0][0].stop)
    assert ended.wait(10)
    thread.join(10)
    found.close()


def used(store: UsageStore, token: str) -> int:
    return sum(row.minutes for place, row in store.rows() if place[0] == token)


@pytest.mark.wire
def test_quotas_go_on(world: World, store: UsageStore) -> None:
    who = world.ring.token(SCHOOL, person("g1"))
    device = world.ring.token(SCHOOL, "10.200.1.7")
    world.names.put(who, SCHOOL, "张三", user="g1")
    rows = {(token, "q", MOMENT.day): Mark({1, 2, 3}) for token in (who, device, "stranger")}
    store.apply("boot", 1, rows)
    assert tokens(usage_socket(world.node)) == {who, device, "stranger"}
    world.rotate()
    assert world.carry() == 2
    new = {text: world.ring.token(SCHOOL, text) for text in (person("g1"), "10.200.1.7")}
    assert [used(store, token) for token in (who, device)] == [0, 0]
    assert [used(store, token) for token in new.values()] == [3, 3]
    assert used(store, "stranger") == 3
    # a mark that was on its way, and one that came since: the minutes are one person's
    store.apply("boot", 2, {(who, "q", MOMENT.day): Mark({4})})
    store.apply("boot", 3, {(new[person("g1")], "q", MOMENT.day): Mark({4, 5})})
    assert world.carry() == 1
    assert used(store, new[person("g1")]) == 5
    # once more, and both epochs lead to the newest
    world.now += 60
    world.rotate()
    assert world.carry() == 2
    assert used(store, world.ring.token(SCHOOL, person("g1"))) == 5
    newest = world.ring.token(SCHOOL, person("g1"))
    assert world.renamed()[new[person("g1")]] == newest


def order(world: World, token: str) -> None:
    Orders(world.node.data / "orders.jsonl").add(
        Order(
            id=f"o-{token[:6]}", action=Action.REWRITE, basis=Basis(source="s"), issuer="i",
            token=token, hosts=("a.example",), starts=NOW, expires=NOW + 600,
        )
    )  # fmt: skip


def test_orders_and_care_go_on(world: World) -> None:
    noted = "192.0.2.7"  # in no plan: noted when the Order was given
    seal = Seal(world.key)
    devices.remember(world.node.data / "identity", seal, SCHOOL, noted, NOW)
    order(world, world.ring.token(SCHOOL, noted))
    spells = {f"{world.ring.token(SCHOOL, '10.200.1.9')} self-harm": {}}
    private_folder(world.node.data / "care")
    write_private(world.node.data / "care" / "state.json", json.dumps({"spells": spells}).encode())
    before = world.rotate()
    assert world.carry() == 2
    assert world.renamed() == {
        before.token(SCHOOL, text): world.ring.token(SCHOOL, text) for text in (noted, "10.200.1.9")
    }
    standing = Orders(world.node.data / "orders.jsonl").load(NOW)
    (found,) = renames.orders(standing, world.renamed())
    assert found.token == world.ring.token(SCHOOL, noted)


def test_names_of_both_epochs_belong_together(world: World) -> None:
    old = world.ring.token(SCHOOL, person("g1"))
    world.names.put(old, SCHOOL, "张三", user="g1")
    world.rotate()
    assert world.carry() == 0  # nothing is held by it
    new = world.ring.token(SCHOOL, person("g1"))
    assert world.names.aliases(new) == (old, new)
    assert not renames.file(world.node).exists()


def test_nothing_is_done_where_nothing_was_rotated_lately(world: World) -> None:
    order(world, world.ring.token(SCHOOL, "10.200.1.7"))
    world.rotate()
    world.now += renames.KEPT + 1
    assert world.carry() == 0


def test_when_it_is_done(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[float] = []

    def noted(*_: object) -> int:
        done.append(world.now - NOW)
        return 0

    monkeypatch.setattr(world.carrier, "carry", noted)
    world.rotate()

    def turns(*seconds: float) -> list[float]:
        done.clear()
        for second in seconds:
            world.now = NOW + second
            world.carrier.turn(world.ring, PLAN, world.names.path)
            world.carrier.wait(5)
        return list(done)

    assert turns(0) == []
    world.carrier.rotated(world.ring.epochs, NOW)
    assert turns(0, 1, 2, 3, 4, 30, 100, 300, 1000) == [0, 3, 30, 300]
    order(world, "x" * 20)  # an Order that names a token out of an old event
    assert turns(2000, 2001) == [2000]


def test_trouble_is_told_without_an_address(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    said: list[str] = []
    monkeypatch.setattr(carry.logger, "error", lambda text, *more: said.append(text.format(*more)))

    def broken(*_: object) -> int:
        raise ValueError("10.200.1.7")

    monkeypatch.setattr(world.carrier, "carry", broken)
    world.carrier.rotated(world.rotate() and world.ring.epochs, NOW)
    world.carrier.turn(world.ring, PLAN, world.names.path)
    world.carrier.wait(5)
    assert said == ["identity: carrying over a rotation: ValueError"]
