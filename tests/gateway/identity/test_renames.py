"""Old pseudonym → new one: found for persons and devices, kept for a while."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.identity import renames
from gateway.identity.pseudonyms import Epoch, Ring, person
from policies.model import Action, Order, Subject
from rules.model import Basis

NOW = 1_800_000_000.0


def ring(*numbers: int, school: str = "no-1") -> Ring:
    return Ring(
        b"k" * 32,
        [
            Epoch(
                school=school,
                number=n,
                key=bytes([n] * 32).hex(),
                since=NOW,
                issuer="i",
                reason="r",
            )
            for n in numbers
        ],
    )  # fmt: skip


def test_every_former_token_leads_to_the_newest() -> None:
    before, between, after = ring(), ring(1), ring(1, 2)
    who = person("g1")
    old = [one.token("no-1", who) for one in (before, between)]
    found = renames.pairs(after, "no-1", [who, "10.0.0.1"], {*old, "unknown"})
    assert found == dict.fromkeys(old, after.token("no-1", who))


def test_a_school_that_was_not_rotated_has_none() -> None:
    after = ring(1)
    assert renames.pairs(after, "no-2", ["10.0.0.1"], {ring().token("no-2", "10.0.0.1")}) == {}


@pytest.mark.parametrize(
    ("prefix", "expected"),
    [
        ("10.0.0.4/30", ["10.0.0.4", "10.0.0.5", "10.0.0.6", "10.0.0.7"]),
        ("10.0.0.4", ["10.0.0.4"]),
        ("fd00::/63", ["fd00000000000000::/64", "fd00000000000001::/64"]),
        ("fd00::5/128", ["fd00000000000000::/64"]),
    ],
)
def test_devices_of_a_plan(prefix: str, expected: list[str]) -> None:
    rows = [(prefix, Subject(school="no-1")), ("10.9.0.0/16", Subject(school="no-2"))]
    assert list(renames.devices(rows, "no-1")) == expected


def test_a_plan_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(renames, "MOST_DEVICES", 5)
    rows = [(prefix, Subject()) for prefix in ("fd00::/32", "10.0.0.0/8", "10.1.1.0/31")]
    assert list(renames.devices(rows, ""))[:2] == ["10.1.1.0", "10.1.1.1"]
    assert len(list(renames.devices(rows, ""))) == 5


def test_orders() -> None:
    basis = Basis(source="s")
    given = [
        Order(id=str(n), action=Action.BLOCK, basis=basis, issuer="i", token=token)
        for n, token in enumerate(("old", "", "other"))
    ]
    assert [one.token for one in renames.orders(given, {"old": "new"})] == ["new", "", "other"]


def test_kept_for_eight_days(tmp_path: Path) -> None:
    path = tmp_path / "identity" / "renames.json"
    assert renames.load(path, NOW) == {}
    assert renames.keep(path, {"a": "b"}, NOW)
    assert not renames.keep(path, {"a": "b"}, NOW + 60)  # nothing new: not written, not prolonged
    assert renames.keep(path, {"c": "d"}, NOW + 86_400)
    assert path.stat().st_mode & 0o077 == 0
    assert renames.load(path, NOW + renames.KEPT - 1) == {"a": "b", "c": "d"}
    assert renames.load(path, NOW + renames.KEPT) == {"c": "d"}
    assert renames.keep(path, {"a": "e"}, NOW + 100)  # rotated once more
    assert renames.load(path, NOW + 100)["a"] == "e"


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=40))
def test_a_damaged_file_is_none(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "damaged.json"
    path.write_bytes(data)
    assert renames.load(path, NOW) == {}


@pytest.mark.parametrize("text", ['{"a": 1}', '{"a": ["b"]}', "[]", '{"a": ["b", "c"]}'])
def test_a_file_of_another_shape_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "x").write_text(text)
    assert renames.load(tmp_path / "x", NOW) == {}
