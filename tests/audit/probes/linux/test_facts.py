"""The whole document: its shape stays, its places are all told, its gaps cover what is missing."""

from collections.abc import Iterator
from typing import Any

import pytest

from audit.probes.collect import allow_list
from audit.probes.collected import Collection, Seen, SeenFile, SeenSection
from audit.probes.linux.facts import ROOMS, count, document, gap_at, places
from audit.probes.web import collected
from tests.audit.seen import HOSTS, facts, published, recorded, seen


def leaves(value: Any, path: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for name, one in value.items():
            yield from leaves(one, f"{path}.{name}" if path else name)
    else:
        yield path


def test_the_published_example_is_what_we_make() -> None:
    """Checks are written on this shape: change it only by adding."""
    assert published() == facts("debian12")


@pytest.mark.parametrize("name", HOSTS)
def test_every_host_has_the_same_rooms(name: str) -> None:
    found = facts(name)
    assert list(found)[1 : len(ROOMS) + 1] == list(ROOMS)
    assert all(found[room] is not None for room in ROOMS)
    assert found["collection"]["whole"]
    assert count({room: found[room] for room in ROOMS}) > 900


@pytest.mark.parametrize(
    ("name", "ident", "family"),
    [
        ("anolis8", "anolis", "rhel"),
        ("centos7", "centos", "rhel"),
        ("debian12", "debian", "debian"),
        ("kylinv10", "kylin", "openeuler"),
        ("openeuler2203", "openeuler", "rhel"),
        ("ubuntu2204", "ubuntu", "debian"),
        ("uos20", "uos", "debian"),
    ],
)
def test_families(name: str, ident: str, family: str) -> None:
    system = facts(name)["os"]
    assert system["id"] == ident
    assert family in system["families"]
    assert system["families"][-1] == "linux"


def test_every_place_draws_on_sections_that_exist() -> None:
    known = {one.id for one in allow_list().sections}
    for place in places():
        for source in place.sections:
            assert set(source.rstrip("?").split("|")) <= known, place.path
    assert len({place.path for place in places()}) == len(places())


def test_every_fact_has_a_place() -> None:
    """No fact without a word on where it comes from, so none can pass unread."""
    prefixes = [place.path for place in places()]
    for path in leaves({room: facts("debian12")[room] for room in ROOMS}):
        assert any(path == one or path.startswith(f"{one}.") for one in prefixes), path


def test_every_place_is_in_the_document() -> None:
    found = facts("debian12")
    for place in places():
        at: Any = found
        for word in place.path.split("."):
            at = at[0] if word == "*" else at[word]


def test_every_section_serves_something() -> None:
    used = {
        one
        for place in places()
        for source in place.sections
        for one in source.rstrip("?").split("|")
    }
    used |= {*collected.FILES, *collected.MODES}  # evidence of their own: web servers, containers
    assert {one.id for one in allow_list().sections} - used == {"identity"}


def test_nothing_read_is_all_gaps() -> None:
    found = document(Collection(version="", whole=False, sections={}))
    assert {gap["path"] for gap in found["gaps"]} == {place.path for place in places()}
    assert {gap["why"] for gap in found["gaps"]} == {"not-run"}


def test_an_ordinary_user_leaves_gaps_where_root_alone_may_look() -> None:
    found = facts("anolis8")
    for path in (
        "accounts.users.*.password", "accounts.empty_password", "sshd.root_login", "sudo.rules",
        "audit.covers.passwd", "firewall.active", "boot.password", "files.root/_ssh.mode",
    ):  # fmt: skip
        assert gap_at(found, path), path
    for path in ("accounts.uid_zero", "pam.lockout.deny", "files.etc/passwd.mode", "os.id"):
        assert gap_at(found, path) is None, path
    assert found["accounts"]["users"][0]["password"] is None


@pytest.mark.parametrize(
    ("path", "hit"),
    [
        ("accounts.users.*.password", True),
        ("accounts.users.0.password", True),
        ("accounts.users.0.uid", False),
        ("accounts.users", True),
        ("accounts", True),
        ("accountsx", False),
        ("accounts.count", False),
    ],
)
def test_gaps_cover_paths_below_and_above(path: str, hit: bool) -> None:
    gaps = {"gaps": [{"path": "accounts.users.*.password", "why": "denied"}]}
    assert bool(gap_at(gaps, path)) is hit


def test_alternatives_and_absence() -> None:
    """`ss` is absent: the kernel's tables stand in; no `nft`: that is a fact."""
    absent = SeenSection(id="sockets", state=Seen.ABSENT)
    table = "sl local rem st\n 0: 0100007F:0CEA 00000000:0000 0A\n 1: 00000000:0016 0:0 0A"
    files = (SeenFile(path="/proc/net/tcp", state=Seen.OK, text=table),)
    proc = SeenSection(id="proc_net", state=Seen.OK, files=files)
    found = document(
        Collection(version="", whole=True, sections={"sockets": absent, "proc_net": proc})
    )
    assert not gap_at(found, "listening.tcp")
    assert found["listening"]["tcp"] == [22, 3306]
    assert found["listening"]["outside_tcp"] == [22]


def test_a_section_at_its_cap_is_a_gap() -> None:
    cut = SeenSection(id="dpkg", state=Seen.OK, text="ii  bash 5", cut=True)
    found = document(Collection(version="", whole=True, sections={"dpkg": cut}))
    assert gap_at(found, "packages.installed.bash")["why"] == "cut"  # type: ignore[index]


def test_a_room_that_breaks_is_a_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: Collection) -> None:
        raise KeyError("x")

    monkeypatch.setitem(ROOMS, "usb", broken)  # type: ignore[arg-type]
    found = document(seen())
    assert found["usb"] is None
    assert gap_at(found, "usb.storage_blocked") == {
        "path": "usb", "why": "error", "section": "", "detail": "KeyError"
    }  # fmt: skip


def test_counting() -> None:
    assert count({"a": 1, "b": None, "c": [1, 2], "d": [{"e": 1}, {"e": 2}], "f": []}) == 5
    assert recorded("debian12").whole
