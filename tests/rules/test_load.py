"""Data files to dataclasses: what is accepted, and where every error is said to be."""

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.load import MAX_FILE, DataError, load, load_folder, loads


class Colour(StrEnum):
    RED = "red"
    GREEN = "green"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    start: int
    end: int

    @classmethod
    def parse(cls, text: str) -> Self:
        start, _, end = text.partition("-")
        if not (start.isdigit() and end.isdigit()):
            raise ValueError(f"`{text}` is not like 8-12")
        return cls(start=int(start), end=int(end))


@dataclass(frozen=True, slots=True, kw_only=True)
class Inner:
    name: str
    size: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    id: str
    colour: Colour = Colour.RED
    on: bool = False
    words: tuple[str, ...] = ()
    inner: Inner | None = None
    many: tuple[Inner, ...] = ()
    hours: Hours | None = None
    table: Mapping[str, int] = field(default_factory=dict)
    two_words: float = 0.0

    def __post_init__(self) -> None:
        if self.id == "forbidden":
            raise ValueError("this id is forbidden")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("id: a", Thing(id="a")),
        ("{id: no, on: true}", Thing(id="no", on=True)),
        (
            "id: 20:00\nwords: [yes, 0x1f, 1e3, null]",
            Thing(id="20:00", words=("yes", "0x1f", "1e3", "null")),
        ),
        ("id: a\nwords: one", Thing(id="a", words=("one",))),
        ("id: a\nwords:", Thing(id="a")),
        ("id: a\ninner: null", Thing(id="a")),
        ("id: a\ninner: {name: 名字}", Thing(id="a", inner=Inner(name="名字"))),
        ("id: a\nmany:\n- name: x\n  size: 2\n", Thing(id="a", many=(Inner(name="x", size=2),))),
        ("id: a\nhours: 8-12", Thing(id="a", hours=Hours(start=8, end=12))),
        ("id: a\nhours: {start: 8, end: 12}", Thing(id="a", hours=Hours(start=8, end=12))),
        ("id: a\ntable: {x: 1, y: 2}", Thing(id="a", table={"x": 1, "y": 2})),
        ("id: a\ntwo-words: 1.5", Thing(id="a", two_words=1.5)),
    ],
)
def test_good(text: str, expected: Thing) -> None:
    assert loads(Thing, text, "f.yaml") == expected


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", ["f.yaml:1:1: the file is empty"]),
        ("- a", ["f.yaml:1:1: `key: value` lines are wanted"]),
        ("words: [a]", ["f.yaml:1:1: `id` is missing"]),
        ("id: a\ncolor: red", ["f.yaml:2:1: unknown key `color` → did you mean `colour`?"]),
        ("id: a\ncolour: gren", ["f.yaml:2:9: `gren` is not one of: red, green → did you mean"]),
        ("id: a\non: yes", ["f.yaml:2:5: `yes` is neither true nor false"]),
        ("id: a\nid: b", ["f.yaml:2:1: `id` stands twice (first on line 1)"]),
        ("id: a\nmany: [{size: x}]", ["f.yaml:2:15: `x` is not a number"]),
        ("id: [a]", ["f.yaml:1:5: one value is wanted here"]),
        ("id: a\nhours: soon", ["f.yaml:2:8: `soon` is not like 8-12"]),
        ("id: forbidden", ["f.yaml:1:1: this id is forbidden"]),
        ("id: {", ["not valid YAML"]),
        ("id: &x [*x]", ["one value is wanted here"]),
        ("id: a\nmany: &m [*m]", ["f.yaml:2:7: a YAML alias contains itself"]),
        (
            "id: a\non: 1\ncolour: blue\nwords: {a: b}\nmany: [{nam: x}]\n",
            ["f.yaml:2:5:", "f.yaml:3:9:", "f.yaml:4:8:", "f.yaml:5:9: unknown key `nam`"],
        ),
    ],
)
def test_bad(text: str, wanted: list[str]) -> None:
    with pytest.raises(DataError) as caught:
        loads(Thing, text, "f.yaml")
    for words in wanted:
        assert words in str(caught.value)


def test_an_optional_record_may_stand_twice() -> None:
    both = "id: a\ninner: &i {name: x}\nmany: [*i, *i]\n"
    assert loads(Thing, both, "f").many == (Inner(name="x"), Inner(name="x"))


def test_alias_bombs_end() -> None:
    lines = ["id: a", "words:", "  - &a0 x"]
    text = "\n".join(lines) + "\n" + "many:\n  - &b0 {name: x}\n"
    nested = "&n0 [x]"
    for depth in range(1, 30):
        nested = f"&n{depth} [{nested}, *n{depth - 1}, *n{depth - 1}]"
    with pytest.raises(DataError):
        loads(Thing, text + f"table: {nested}\n", "f")


def test_files_and_folders(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("\ufeffid: a\n", encoding="utf-8")
    assert load(Thing, tmp_path / "a.yaml") == Thing(id="a")
    assert load_folder(Thing, tmp_path) == {"a": Thing(id="a")}
    (tmp_path / "b.yaml").write_text("id: other\n", encoding="utf-8")
    (tmp_path / "c.yaml").write_bytes(b"id: \xff\n")
    (tmp_path / "d.yaml").write_text("id: [", encoding="utf-8")
    with pytest.raises(DataError) as caught:
        load_folder(Thing, tmp_path)
    assert len(caught.value.problems) == 3
    assert "is not the file name" in str(caught.value)
    assert "not UTF-8 at byte 4" in str(caught.value)


def test_a_missing_or_huge_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        load(Thing, tmp_path / "none.yaml")
    with (tmp_path / "huge.yaml").open("wb") as file:
        file.truncate(MAX_FILE + 1)
    with pytest.raises(DataError, match="larger than"):
        load(Thing, tmp_path / "huge.yaml")


@settings(max_examples=200)
@given(st.text(max_size=200))
def test_any_text(text: str) -> None:
    with contextlib.suppress(DataError):
        assert isinstance(loads(Thing, text, "f"), Thing)


@dataclass(frozen=True, slots=True, kw_only=True)
class Loose:
    value: Any


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("true", True), ("false", False), ("null", None), ("no", "no"), ("on", "on"), ("7", 7),
        ("-3", -3), ("2.5", 2.5), ("20:00", "20:00"), ("0640", "0640"), ("'7'", "7"), ('""', ""),
        ("1e3", "1e3"), ("2026-11-23", "2026-11-23"), ("[a, 1, {k: true}]", ["a", 1, {"k": True}]),
        ("{a: {b: null}}", {"a": {"b": None}}),
    ],
)  # fmt: skip
def test_any_json_value_and_nothing_cleverer(text: str, wanted: Any) -> None:
    assert loads(Loose, f"value: {text}", "f").value == wanted


def test_a_key_twice_inside_any_value_is_told() -> None:
    with pytest.raises(DataError, match="stands twice"):
        loads(Loose, "value: {a: 1, a: 2}", "f")
