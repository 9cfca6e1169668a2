"""What becomes of a login, with a directory that is told what to say; and over the socket."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping
from pathlib import Path

import pytest

from gateway.identity.attempts import PER_PAIR
from gateway.identity.directory import Access, Directory, Server
from gateway.identity.ldap import DownError, Found
from gateway.identity.login_line import LoginLine
from gateway.identity.login_words import Asked, Say
from gateway.identity.logins import Desk, LoginDoor
from gateway.identity.traits import Row
from policies.model import Subject
from rules.model import Text

ACCESS = Access(
    directory=Directory(
        id="d",
        title=Text(zh="目录", en="d"),
        servers=(Server(host="h", port=1, tls=True),),
        user_dn="uid={user}",
        map=(Row(when="type", value="t", role="teacher"),),
    )
)


class Told:
    """Stands where the LDAP client stands."""

    def __init__(self) -> None:
        self.asked = 0
        self.down = False

    async def check(self, user: str, password: str) -> Found | None:
        self.asked += 1
        await asyncio.sleep(0)
        if self.down:
            raise DownError("away")
        return Found(attributes={"type": ("t",)}) if password == "right" else None

    def close(self) -> None: ...


class World:
    def __init__(self) -> None:
        self.ldap = Told()
        self.now = 1_000_000.0
        self.named: list[tuple[str, dict[str, str], str]] = []
        self.desk = Desk(ACCESS, self._named, clock=lambda: self.now, ldap=self.ldap)  # type: ignore[arg-type]

    def _named(self, user: str, said: Mapping[str, str], address: str, now: float) -> Subject:
        self.named.append((user, dict(said), address))
        return Subject(token=user, source="ldap")

    def say(self, user: str, password: str, address: str = "10.0.0.1") -> Say:
        return self.all((user, password, address))[0]

    def all(self, *logins: tuple[str, str, str]) -> list[Say]:
        async def work() -> list[Say]:
            asked = [Asked(number=1, user=u, password=p, address=a) for u, p, a in logins]
            return [one.say for one in await asyncio.gather(*map(self.desk.check, asked))]

        return asyncio.run(work())


def test_a_right_password_names_somebody_and_is_remembered() -> None:
    world = World()
    assert world.say("G1 ", "right") is Say.YES
    assert world.named == [("g1", {"role": "teacher"}, "10.0.0.1")]
    assert world.say("g1", "right", "10.0.0.2") is Say.YES
    assert world.ldap.asked == 1
    world.now += 601
    assert world.say("g1", "right") is Say.YES
    assert world.ldap.asked == 2


@pytest.mark.parametrize(("user", "password"), [("", "x"), ("u", ""), ("u\n", "x"), ("  ", "x")])
def test_nobody(user: str, password: str) -> None:
    world = World()
    assert world.say(user, password) is Say.NO
    assert world.ldap.asked == 0


def test_guesses_are_slowed_and_a_right_one_that_is_known_is_not() -> None:
    world = World()
    assert world.say("u", "right") is Say.YES
    for n in range(PER_PAIR):
        assert world.say("u", f"guess {n}") is Say.NO
    assert world.say("u", "guess again") is Say.LATER
    assert world.say("u", "guess 1") is Say.NO  # known to be wrong: not asked, not counted
    assert world.ldap.asked == 1 + PER_PAIR
    assert world.say("u", "right") is Say.YES
    assert world.desk.counts == {"yes": 2, "no": PER_PAIR + 1, "later": 1}


def test_while_the_directory_is_away_only_what_is_known_is_a_yes() -> None:
    world = World()
    assert world.say("u", "right") is Say.YES
    world.ldap.down = True
    assert world.say("u", "right") is Say.YES
    assert world.say("u", "wrong") is Say.DOWN
    assert world.say("v", "right") is Say.DOWN
    world.now += 601
    assert world.say("u", "right") is Say.DOWN


def test_six_connections_at_once_ask_one_time() -> None:
    world = World()
    assert set(world.all(*[("u", "right", "10.0.0.1")] * 6)) == {Say.YES}
    assert world.ldap.asked == 1


@pytest.mark.wire
def test_over_the_socket(tmp_path: Path) -> None:
    world = World()
    path = tmp_path / "login.sock"
    door = LoginDoor(path, lambda: world.desk)
    door.start()
    try:
        assert path.stat().st_mode & 0o077 == 0

        async def work() -> list[Say]:
            line = LoginLine(path)
            logins = [("u", "right"), ("u", "wrong"), ("v" * 300, "x"), ("u", "x" * 2000)]
            found = [(await line.ask(*login, "10.0.0.1")).say for login in logins]
            line.close()
            return found

        assert asyncio.run(work()) == [Say.YES, Say.NO, Say.NO, Say.NO]
        with socket.socket(socket.AF_UNIX) as rude:
            rude.connect(str(path))
            rude.sendall(b"\xff" * 64)
            assert rude.recv(1) == b""
        assert asyncio.run(work())[0] is Say.YES
        assert door.counts["yes"] == 2
    finally:
        door.close()
    assert not path.exists()
