"""Pseudonyms: apart between schools, keys and epochs; old epochs can be made again."""

import json
from pathlib import Path

import pytest

from gateway.identity.pseudonyms import Ring, load, person, rotate
from rules.load import WorldError

FIRST = b"k" * 32


def turn(folder: Path, school: str, key: bytes = b"n" * 32):
    return rotate(folder, school, now=1.0, issuer="a", reason="b", fresh=lambda n: key[:n])


def test_tokens_differ_between_schools_and_from_devices() -> None:
    ring = Ring(FIRST)
    told = {ring.token(s, t) for s in ("a", "b") for t in ("10.0.0.1", person("10.0.0.1"))}
    assert len(told) == 4
    assert all(len(token) == 20 for token in told)
    assert ring.token("a", "x") == Ring(FIRST).token("a", "x")


def test_a_rotation_changes_one_school_and_keeps_what_was(tmp_path: Path) -> None:
    before = load(tmp_path / "none", FIRST)
    assert turn(tmp_path, "a").number == 1
    assert turn(tmp_path, "a", b"o" * 32).number == 2
    assert turn(tmp_path, "").school == ""
    after = load(tmp_path, FIRST)
    assert [(e.school, e.number) for e in after.epochs] == [("", 1), ("a", 1), ("a", 2)]
    assert after.epoch("a") == 2
    assert after.epoch("b") == 0
    assert after.token("b", "x") == before.token("b", "x")
    assert after.token("", "x") != before.token("", "x")
    told = after.tokens("a", "x")
    assert list(told) == [0, 1, 2]
    assert len(set(told.values())) == 3
    assert told[0] == before.token("a", "x")
    assert told[2] == after.token("a", "x")
    for path in tmp_path.iterdir():
        assert path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("school", "issuer", "reason"),
    [("../etc", "a", "b"), ("A", "a", "b"), ("a", " ", "b"), ("a", "a", "")],
)
def test_what_no_rotation_is(tmp_path: Path, school: str, issuer: str, reason: str) -> None:
    with pytest.raises(ValueError, match="/"):
        rotate(tmp_path, school, now=0.0, issuer=issuer, reason=reason)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "text",
    ["", "{}", "[1]", "[" * 5000, json.dumps([{"number": 1, "key": "zz"}]),
     json.dumps([{"number": 1, "key": "00", "since": 1, "issuer": "", "reason": ""}]),
     json.dumps([{"number": 0, "key": "00" * 32, "since": 1, "issuer": "", "reason": ""}])],
)  # fmt: skip
def test_a_damaged_key_file_is_said(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(WorldError, match="damaged"):
        load(tmp_path, FIRST)
