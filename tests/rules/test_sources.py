"""Sidecars, mappings and what foreign names mean."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rules.importers.rows import Flag
from rules.load import DataError, loads
from rules.model import Text
from rules.sources import (
    Format,
    Meaning,
    Scope,
    Source,
    Translation,
    list_folders,
    load_categories,
    load_labels,
    load_sources,
    place,
    sidecar_text,
    translator,
    wanted_lists,
)

KNOWN = ("games", "live", "news", "uncategorised")
UT1 = Translation(
    id="ut1",
    title=Text(zh="x", en="x"),
    source="x",
    map={"jeux": ("games",), "both": ("live", "news")},
    dropped={"local": "a placeholder"},
)


def source(**more: Any) -> Source:
    given = {
        "id": "own",
        "title": Text(zh="自", en="own"),
        "format": Format.CSV,
        "licence": "x",
        "source": "x",
        "files": ("data",),
    }
    return Source(**(given | more))


MEANINGS: dict[str, tuple[dict[str, Any], tuple[str, ...], Meaning]] = {
    "default": ({"category": "games"}, (), Meaning(ids=("games",))),
    "no default": ({}, (), Meaning(ids=())),
    "our own word": ({}, ("games", "live"), Meaning(ids=("games", "live"))),
    "unknown": ({}, ("odd", "games"), Meaning(ids=("games",), unknown=("odd",))),
    "mapped": ({"mapping": "ut1"}, ("jeux", "both"), Meaning(ids=("games", "live", "news"))),
    "dropped is known": ({"mapping": "ut1"}, ("local",), Meaning(ids=())),
    "sidecar before mapping": (
        {"mapping": "ut1", "categories": {"jeux": ("news",)}},
        ("jeux",),
        Meaning(ids=("news",)),
    ),
    "dash": ({"categories": {"games": ("-",)}}, ("games",), Meaning(ids=())),
    "ut1 has its mapping": ({"format": Format.UT1}, ("jeux",), Meaning(ids=("games",))),
    "ut1 does not know our words": (
        {"format": Format.UT1},
        ("games",),
        Meaning(ids=(), unknown=("games",)),
    ),
    "same": (
        {"format": Format.UT1, "categories": {"*": ("same",)}},
        ("games",),
        Meaning(ids=("games",)),
    ),
    "starter": ({"format": Format.STARTER}, ("live",), Meaning(ids=("live",))),
}


@pytest.mark.parametrize("case", MEANINGS)
def test_translator(case: str) -> None:
    more, names, wanted = MEANINGS[case]
    assert translator(source(**more), {"ut1": UT1}, KNOWN)(names) == wanted


def test_wanted_lists() -> None:
    v2fly = Translation(
        id="v2fly", title=Text(zh="x", en="x"), source="x", map={"a": ("games",), "b": ("live",)}
    )
    own = source(format=Format.V2FLY, categories={"c@ads": ("news",), "*": ("same",)})
    assert wanted_lists(own, {"v2fly": v2fly}) == ("c@ads",)
    assert wanted_lists(source(format=Format.V2FLY), {"v2fly": v2fly}) == ("a", "b")
    assert wanted_lists(source(format=Format.V2FLY), {}) == ()


@pytest.mark.parametrize(
    "more",
    [
        {"id": "Own"},
        {"id": "../x"},
        {"files": ()},
        {"location": "/x"},
        {"files": ("/etc/passwd",)},
        {"files": ("../../x",)},
        {"sha256": "ABC"},
    ],
)
def test_sources_that_cannot_be(more: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        source(**more)


def test_scope_as_a_flag() -> None:
    assert source().flag is Flag.NONE
    assert source(scope=Scope.EXACT).flag is Flag.SELF


def test_a_written_sidecar_reads_back() -> None:
    one = source(files=(), location="/a b/例子.csv", category="games", mapping="ut1")
    assert loads(Source, sidecar_text(one), "x") == one


def test_places() -> None:
    folder, data = Path("f"), Path("d")
    assert place(source(), folder, data).paths == (folder / "data",)
    fetched = place(source(files=(), location="x"), folder, data)
    assert fetched.paths == (data / "lists" / "own" / "list",)


def test_later_folders_replace_earlier_ones(tmp_path: Path) -> None:
    for place_, title in (("one", "first"), ("two", "second")):
        home = tmp_path / place_ / "own"
        home.mkdir(parents=True)
        text = sidecar_text(source(files=(), location="x", title=Text(zh="x", en=title)))
        (home / "source.yaml").write_text(text)
    found = load_sources((tmp_path / "one", tmp_path / "two", tmp_path / "none"), tmp_path)
    assert found["own"].source.title.en == "second"


def test_list_folders(tmp_path: Path) -> None:
    (tmp_path / "b" / "lists").mkdir(parents=True)
    folders = list_folders(tmp_path, [tmp_path / "a", tmp_path / "b"], tmp_path / "ours")
    assert folders == (
        tmp_path / "ours",
        tmp_path / "a",
        tmp_path / "b" / "lists",
        tmp_path / "lists",
    )


def test_all_wrong_sidecars_are_told_at_once(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "source.yaml").write_text(f"id: {name}\ncolour: red\n")
    with pytest.raises(DataError) as error:
        load_sources([tmp_path], tmp_path)
    assert {Path(one.file).parent.name for one in error.value.problems} == {"one", "two"}


def test_uncategorised_is_built_in() -> None:
    assert "uncategorised" in load_categories()
    assert list(load_categories()) == sorted(load_categories())


def test_labels_must_name_known_categories() -> None:
    assert load_labels(load_categories())["rta"] == ("porn",)
    with pytest.raises(DataError, match="no category"):
        load_labels(["porn"])
