"""Keys of tokens: a file that changed is read again, what is broken leaves the old ones."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from gateway.masking import keyring
from gateway.masking.keyring import STALE, Keyring, load_words, open_sites, problems, usable
from gateway.masking.tables import Unmasked
from gateway.node import Served
from policies.masks_model import Keys
from rules.load import DataError, WorldError
from tests import certificates
from tests.gateway.masking_samples import NOW, TRUST, application, bearer, jwks, token


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def served(keys: str) -> Served:
    return Served(application="pupils", upstream="https://in.example", token=TRUST, keys=keys)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "jwks.json"
    path.write_text(json.dumps(jwks()))
    return path


def known(ring: Keyring) -> bool:
    return ring.verifiers["pupils"].person(bearer(token()), NOW).known


def test_a_file_is_read_again_when_it_changed(file: Path, clock: Clock) -> None:
    ring = Keyring([served(str(file))], clock)
    assert not known(ring)
    ring.look()
    assert known(ring)
    keys = ring.verifiers["pupils"].keys
    ring.look()
    assert ring.verifiers["pupils"].keys is keys
    file.write_text('{"keys": []}')
    ring.look()
    assert not known(ring)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"keys": 1}', "[" * 100_000])
def test_what_is_broken_leaves_the_keys_for_a_day(file: Path, clock: Clock, text: str) -> None:
    ring = Keyring([served(str(file))], clock)
    ring.look()
    file.write_text(text)
    ring.look()
    assert known(ring)
    file.unlink()
    clock.now += STALE + 1
    ring.look()
    assert not known(ring)


def test_an_address_is_asked_every_ten_minutes_or_for_an_unknown_key(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def fetched(one: Served) -> bytes:
        asked.append(one.keys)
        return json.dumps(jwks()).encode()

    monkeypatch.setattr(keyring, "_fetched", fetched)
    ring = Keyring([served("https://login.example/jwks")], clock)
    for _ in range(3):
        ring.look()
    assert len(asked) == 1
    assert known(ring)
    clock.now += 31
    ring.look()
    assert len(asked) == 1
    assert not ring.verifiers["pupils"].person(bearer(token({"kid": "9"})), NOW).known
    ring.look()
    assert len(asked) == 2
    ring.verifiers["pupils"].missed = True
    ring.look()
    assert len(asked) == 2  # not twice in half a minute
    clock.now += 601
    ring.look()
    assert len(asked) == 3


@pytest.mark.parametrize("status", [200, 302, 500])
def test_what_an_address_says(status: int, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    body = json.dumps(jwks()).encode()
    client = httpx.Client
    transport = httpx.MockTransport(lambda _: httpx.Response(status, content=body))
    monkeypatch.setattr(keyring.httpx, "Client", lambda **_: client(transport=transport))
    ring = Keyring([served("https://login.example/jwks")], clock)
    ring.look()
    assert known(ring) is (status == 200)
    monkeypatch.setattr(keyring, "LARGEST", 10)
    clock.now += 700
    ring.look()
    assert known(ring) is (status == 200)


@pytest.fixture
def started(file: Path) -> Iterator[Keyring]:
    ring = Keyring([served(str(file))])
    ring.start()
    yield ring
    ring.close()
    ring._thread.join(5)
    assert not ring._thread.is_alive()


def test_a_thread_looks_after_them(started: Keyring) -> None:
    assert known(started)
    nothing = Keyring([])
    nothing.start()
    assert not nothing._thread.is_alive()


@pytest.mark.parametrize("name", ["certificate", "trusted_ca", "keys_ca", "keys"])
@pytest.mark.parametrize("text", [None, "nothing of use"])
def test_files_that_cannot_be_used_are_said_at_the_start(
    tmp_path: Path, file: Path, name: str, text: str | None
) -> None:
    path = tmp_path / "odd"
    if text is not None:
        path.write_text(text)
    usable([served(str(file)), served("https://login.example/jwks")])
    given = served(str(file))
    with pytest.raises(WorldError, match=f"pupils: {name}: "):
        usable([replace(given, **{name: str(path) if name == "keys" else path})])  # type: ignore[arg-type]


def test_a_good_certificate_and_root_are_used(tmp_path: Path, file: Path) -> None:
    root = certificates.authority("Root")
    pem = certificates.write(certificates.leaf(["a.example"], root), tmp_path / "leaf.pem")
    (tmp_path / "root.pem").write_bytes(root.pem)
    given = replace(served(str(file)), certificate=pem, trusted_ca=tmp_path / "root.pem")
    usable([given])
    alone = tmp_path / "alone.pem"
    alone.write_bytes(root.pem)  # a certificate without its key
    with pytest.raises(WorldError, match="certificate"):
        usable([replace(given, certificate=alone)])


def test_what_cannot_be_is_said() -> None:
    one = served("/jwks.json")
    assert problems([one], [application()]) == []
    assert "no such application" in problems([one], [])[0]
    unknown = replace(one, application="x")
    assert "x" in problems([unknown], [application()])[0]


def test_every_refusal_has_its_words(tmp_path: Path) -> None:
    words = load_words()
    assert set(words) == set(Unmasked)
    assert all(text.zh and text.en for text in words.values())
    short = tmp_path / "words.yaml"
    short.write_text("texts: {type: {zh: 甲, en: a}}\n")
    with pytest.raises(DataError, match="lacks"):
        load_words(short)


def test_sites_are_opened_with_the_recognisers(file: Path) -> None:
    ring = Keyring([served(str(file))])
    ring.look()
    keys = Keys(id="k", master=b"k" * 32)
    made = open_sites([served(str(file))], [application()], keys, ring.verifiers, NOW)
    assert set(made.by_host) == {"pupils.school.example"}
    assert made.detail(Unmasked.TYPE)
