"""The service in one process: packets and tables in, followers told, state over a restart."""

import io
import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from pyrad.dictionary import Dictionary
from pyrad.packet import AcctPacket

from gateway.authority import ensure_keys
from gateway.identity.feed import LENGTH, take
from gateway.identity.files import Table
from gateway.identity.known import Known
from gateway.identity.portal import Login
from gateway.identity.pseudonyms import Ring, rotate
from gateway.identity.radius import Heard
from gateway.identity.service import Service, clients, main
from gateway.node import Address, Node
from gateway.reload import CURRENT
from policies.compile import compile_policies
from policies.load import load_policies
from rules.load import DataError, WorldError
from rules.sources import load_categories

NOW = 1_790_000_000.0
SECRET = b"a-good-secret"
DICTIONARY = Dictionary(
    io.StringIO(
        "ATTRIBUTE User-Name 1 string\nATTRIBUTE Framed-IP-Address 8 ipaddr\n"
        "ATTRIBUTE Acct-Status-Type 40 integer\nATTRIBUTE Acct-Session-Id 44 string\n"
    )
)


def packet(status: int, user: str, session: str, secret: bytes = SECRET) -> bytes:
    made = AcctPacket(secret=secret, dict=DICTIONARY)
    made["User-Name"], made["Acct-Status-Type"] = user, status
    made["Acct-Session-Id"], made["Framed-IP-Address"] = session, "10.0.0.9"
    return bytes(made.RequestPacket())


@pytest.fixture(scope="session")
def snapshot() -> str:
    categories = tuple(load_categories(()).values())
    return compile_policies(load_policies(), categories=categories, rulebase="x").to_json()


@pytest.fixture
def node(tmp_path: Path, snapshot: str) -> Node:
    secret = tmp_path / "secret"
    secret.write_text(f"10.0.0.0/8 {SECRET.decode()}\n")
    secret.chmod(0o600)
    made = Node(
        name="n", data=tmp_path / "var", radius=Address.parse("127.0.0.1:0"), radius_secret=secret
    )
    ensure_keys(made.data / "keys")
    made.run.mkdir()
    made.snapshot.mkdir()
    (made.snapshot / "one.json").write_text(snapshot)
    (made.snapshot / CURRENT).symlink_to("one.json")
    return made


@pytest.fixture
def service(node: Node) -> Iterator[Service]:
    made = Service(node)
    yield made
    made.names.close()


def known_of(service: Service) -> Known:
    """What a follower knows that connects now."""
    known = Known(Ring(b"k" * 32), lambda: NOW)
    for frame in service._everything():
        take(known, frame[LENGTH.size :])
    return known


def test_from_packets_to_followers(service: Service) -> None:
    roster = "user,school,stage,name\nG1,s,junior,张三\n".encode()
    service.folder.put(Table.ROSTER, roster, "f", date(2026, 9, 1))
    service.look(NOW)
    assert service.radius(packet(1, "G1", "1"), "10.0.0.1", NOW)
    bound = known_of(service).sessions
    # the wall clock decides what a new follower is told
    assert set(service.book.sessions.names()) == {"10.0.0.9"}
    answer = service.book.answer("10.0.0.9", NOW)
    assert answer is not None
    found = service.names.get(answer.name.token)
    assert found is not None
    assert found.name == "张三"
    assert bound == {} or bound["10.0.0.9"].subject.stage == "junior"
    service.look(NOW + 3601)
    assert service.book.sessions.names() == ()


def test_forged_replayed_and_garbled_packets_change_nothing(service: Service) -> None:
    start, stop = packet(1, "G1", "1"), packet(2, "G1", "1")
    assert service.radius(packet(1, "G1", "1", b"another-one"), "10.0.0.1", NOW) == b""
    assert service.radius(start, "192.0.2.1", NOW) == b""
    assert service.radius(b"garbage", "10.0.0.1", NOW) == b""
    assert service.book.sessions.names() == ()
    assert service.radius(start, "10.0.0.1", NOW)
    assert service.radius(stop, "10.0.0.1", NOW)
    assert service.radius(start, "10.0.0.1", NOW + 1)  # a replay: answered, not taken in
    assert service.book.sessions.names() == ()
    told = {str(result): count for result, count in service.heard.items() if count}
    assert told == {"accepted": 2, "repeated": 1, "garbage": 1, "client": 1, "secret": 1}


def test_sessions_and_replays_are_remembered_over_a_restart(service: Service, node: Node) -> None:
    start = packet(1, "G1", "1")
    service.radius(start, "10.0.0.1", NOW)
    service.book.sessions.timeout = 1e9
    for one in service.book.sessions:
        one.expires = 9e9
    service.keep()
    again = Service(node)
    assert again.book.sessions.names() == ("10.0.0.9",)
    assert again.radius(start, "10.0.0.1", NOW)
    assert again.heard[Heard.REPEATED] == 1
    again.names.close()
    (node.data / "identity" / "sessions.sealed").write_bytes(b"spoiled")
    third = Service(node)
    assert third.book.sessions.names() == ()
    third.names.close()


def test_the_portal(service: Service) -> None:
    login = Login(address="10.0.0.9", user="u", school="s", seconds=600)
    assert service.portal(login, NOW)
    assert service.book.sessions.holder("10.0.0.9") is not None
    assert service.portal(Login(address="10.0.0.9"), NOW)
    assert service.book.sessions.holder("10.0.0.9") is None
    service.asked_for("accepted")
    assert service.status()["asked"] == {"accepted": 1}


def test_a_rotation_is_seen_and_recorded(service: Service, node: Node) -> None:
    rotate(node.data / "keys" / "pseudonyms", "s", now=NOW, issuer="i", reason="r")
    service.look(NOW)
    assert service.book.ring.epoch("s") == 1
    assert service.names.rotations() == (("s", 1, NOW, "i", "r"),)


def test_what_is_wrong_is_said_and_what_was_stays(service: Service, node: Node) -> None:
    (node.data / "identity" / "prefixes.csv").write_text("prefix,school\n10.0.0.0/8,s\n")
    service.look(NOW)
    assert service.problems == ()
    (node.data / "identity" / "prefixes.csv").write_text("prefix,school\nnone,s\n")
    shutil.rmtree(node.snapshot)
    (node.data / "keys" / "pseudonyms").mkdir()
    (node.data / "keys" / "pseudonyms" / "s.json").write_text("spoiled")
    service.look(NOW)
    assert len(service.problems) == 3
    assert service.status()["prefixes"] == 1


def test_status_tells_counts_alone(service: Service) -> None:
    service.radius(packet(1, "G1", "1"), "10.0.0.1", NOW)
    text = json.dumps(service.status())
    assert "G1" not in text
    assert "10.0.0.9" not in text
    assert service.status()["sessions"] == {"radius": 1}


def test_secrets_must_be_private_and_readable(node: Node) -> None:
    path = node.radius_secret
    assert path is not None
    path.chmod(0o644)
    with pytest.raises(WorldError, match="chmod 600"):
        Service(node)
    path.chmod(0o600)
    path.write_text("10.0.0.0/8 short\n")
    with pytest.raises(DataError, match="secret:1:1"):
        Service(node)
    path.unlink()
    with pytest.raises(WorldError, match="secret"):
        Service(node)
    with pytest.raises(DataError, match="--radius-secret"):
        clients(replace(node, radius_secret=None))
    assert clients(replace(node, radius=None)).rows == 0


def test_the_process_says_why_it_cannot_begin(node: Node, tmp_path: Path) -> None:
    assert main(["--node", str(tmp_path / "none.json")]) in (2, 3)
    path = node.radius_secret
    assert path is not None
    path.write_text("")
    node.write(node.run / "node.json")
    assert main(["--node", str(node.run / "node.json")]) == 2
