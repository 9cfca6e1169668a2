"""Building: skipping, refusing, keeping the last good, swapping, reporting."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from rules.base import RuleBase
from rules.compile import build, report_in_force
from rules.load import DataError


def current(district: Any) -> str:
    return str((district.data / "rulebase" / "current").resolve().name)


def ids(district: Any, name: str) -> tuple[str, ...]:
    base = RuleBase.open(district.data / "rulebase")
    return base.ids(base.mask(name))


def test_a_build_is_put_in_force(district: Any) -> None:
    district.write("own", "a.com games\nbad line here\n")
    report = district.build()
    assert report.rebuilt
    assert report.path == district.data / "rulebase" / report.hash
    assert current(district) == report.hash
    assert ids(district, "a.com") == ("games",)


def test_unchanged_input_is_not_built_again(district: Any) -> None:
    district.write("own", "a.com games\n")
    first = district.build()
    again = district.build()
    assert (again.rebuilt, again.hash, again.lists) == (False, first.hash, first.lists)
    assert district.build(force=True).rebuilt


def test_the_hash_is_of_the_content(district: Any, tmp_path: Path) -> None:
    district.write("own", "a.com games\n")
    first = district.build().hash
    other = build(tmp_path / "elsewhere", [district.lists], shipped=district.empty)
    assert other.hash == first
    district.write("own", "a.com live\n")
    second = district.build().hash
    assert second != first
    district.write("own", "a.com games\n")
    assert district.build().hash == first


def test_older_directories_go_but_the_one_before_stays(district: Any) -> None:
    hashes = []
    for word in ("games", "live", "news"):
        district.write("own", f"a.com {word}\n")
        hashes.append(district.build().hash)
    kept = {path.name for path in (district.data / "rulebase").iterdir() if path.is_dir()}
    assert kept == {hashes[1], hashes[2], "current"}


def test_an_open_rule_base_survives_many_builds(district: Any) -> None:
    district.write("own", "a.com games\n")
    base = district.open()
    for number in range(3):
        district.write("own", f"a.com live\nx{number}.com live\n")
        district.build()
    assert base.ids(base.mask("a.com")) == ("games",)
    assert ids(district, "a.com") == ("live",)


MANY = "".join(f"h{number}.com games\n" for number in range(50))
REFUSED = {
    "empty": b"",
    "only comments": b"# nothing\n",
    "only bad lines": b"a b c d\n",
    "binary": bytes(range(256)) * 40,
    "a tenth": b"h1.com games\nh2.com games\nh3.com games\nh4.com games\n",
    "cut gzip": gzip.compress(MANY.encode())[:-9],
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_bad_file_is_refused_and_the_last_good_one_used(case: str, district: Any) -> None:
    path = district.write("own", MANY)
    good = district.build()
    path.write_bytes(REFUSED[case])
    report = district.build()
    assert set(report.refused) == {"own"}
    assert report.lists[0].stale
    assert report.lists[0].rows == 50
    assert report.hash == good.hash
    assert ids(district, "h49.com") == ("games",)
    path.write_text(MANY + "new.com games\n")
    assert not district.build().refused
    assert ids(district, "new.com") == ("games",)


def test_a_missing_file_is_refused_too(district: Any) -> None:
    path = district.write("own", MANY)
    district.build()
    path.unlink()
    report = district.build()
    assert "not there" in report.refused["own"]
    assert ids(district, "h1.com") == ("games",)


def test_shrinking_may_be_accepted(district: Any) -> None:
    path = district.write("own", MANY)
    district.build()
    path.write_text("h1.com games\n")
    assert not district.build(accept=["own"]).refused
    assert ids(district, "h2.com") == ("uncategorised",)


def test_a_list_that_was_never_good_is_left_out(district: Any) -> None:
    district.write("bad", "")
    district.write("own", "a.com games\n")
    report = district.build()
    assert set(report.refused) == {"bad"}
    assert ids(district, "a.com") == ("games",)


def test_without_a_good_copy_the_rule_base_in_force_stays(district: Any) -> None:
    path = district.write("own", MANY)
    good = district.build()
    for kept in (district.data / "good" / "own").iterdir():
        kept.unlink()
    path.write_bytes(b"")
    report = district.build()
    assert report.kept
    assert current(district) == good.hash
    assert ids(district, "h1.com") == ("games",)


def test_rows_before_a_refusal_leave_nothing_behind(district: Any) -> None:
    body = b"".join(b"z%d.com\n" % number for number in range(300_000))
    district.write("cut", gzip.compress(body)[:-20], "plain", "category: malware")
    district.write("own", "a.com games\n")
    report = district.build()
    assert set(report.refused) == {"cut"}
    assert ids(district, "z1.com") == ("uncategorised",)


def test_bad_lines_are_reported_with_their_place(district: Any) -> None:
    district.write("own", "a.com games\n\nnot a host games\nb..com games\ncom.cn games\nc.com\n")
    (report,) = district.build().lists
    told = [(one.file, one.line) for one in report.samples]
    assert told == [("data", 3), ("data", 4), ("data", 6)]
    assert report.bad == 3
    assert list(report.notes) == ["public suffix, taken for itself only: com.cn"]


def test_a_public_suffix_covers_nobody_below_it(district: Any) -> None:
    district.write("own", "com.cn games\nexample.com.cn live\n")
    district.build()
    base = district.open()
    assert base.ids(base.host("com.cn").mask) == ("games",)
    assert base.ids(base.host("other.com.cn").mask) == ("uncategorised",)
    assert base.ids(base.host("www.example.com.cn").mask) == ("live",)
    base.close()


def test_unknown_categories_are_reported(district: Any) -> None:
    district.write("own", "a.com,games\nb.com,oddity\n", "csv")
    (report,) = district.build().lists
    assert report.unmapped == ("oddity",)
    assert report.rows == 1


def test_private_suffixes_are_noted_not_refused(district: Any) -> None:
    district.write("own", "github.io blog\n")
    (report,) = district.build().lists
    assert report.rows == 1
    assert list(report.notes) == ["private suffix listed whole: github.io"]


def test_collisions_with_help_are_told(district: Any) -> None:
    district.write("one", "=help.a.com crisis\n")
    district.write("two", "a.com porn\n")
    (hit,) = district.build().collisions
    assert (hit.host, hit.help, hit.others, hit.harmful) == (
        "help.a.com",
        "crisis",
        ("porn (two)",),
        True,
    )
    assert ids(district, "help.a.com") == ("crisis",)
    assert ids(district, "a.com") == ("porn",)


def test_help_is_exact_even_where_the_list_forgot(district: Any) -> None:
    district.write("one", "a.com crisis\n")
    district.write("two", "a.com porn\n")
    district.build()
    assert ids(district, "a.com") == ("crisis",)
    assert ids(district, "x.a.com") == ("porn",)


def test_a_district_adds_categories_and_replaces_lists(district: Any) -> None:
    home = district.lists / "categories"
    home.mkdir(parents=True)
    (home / "canteen.yaml").write_text(
        "id: canteen\ntitle: {zh: 食堂, en: Canteen}\nlayer: functional\n"
        "harm: {zh: 无, en: none}\nbasis: []\n",
        encoding="utf-8",
    )
    district.write("own", "a.com canteen\n")
    district.build()
    assert ids(district, "a.com") == ("canteen",)
    shipped = district.lists.parent / "shipped"
    (district.lists / "own").rename(shipped) if not shipped.exists() else None
    (shipped.parent / "all").mkdir()
    shipped.rename(shipped.parent / "all" / "own")
    district.write("own", "b.com canteen\n")
    build(district.data, [district.lists], shipped=shipped.parent / "all")
    assert ids(district, "a.com") == ("uncategorised",)
    assert ids(district, "b.com") == ("canteen",)


WRONG = {
    "unknown key": ("own", "colour: red", "unknown key"),
    "unknown category": ("own", "category: nonsense", "no category"),
    "unknown mapping": ("own", "mapping: nonsense", "no mapping"),
    "bad checksum": ("own", "sha256: abc", "sha256"),
    "files and location": ("own", "location: /x", "either"),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_sidecars_change_nothing(case: str, district: Any) -> None:
    district.write("good", "a.com games\n")
    before = district.build().hash
    name, more, message = WRONG[case]
    district.write(name, "a.com games\n", more=more)
    with pytest.raises(DataError, match=message) as error:
        district.build()
    assert error.value.problems[0].file.endswith("source.yaml")
    assert current(district) == before


def test_ids_are_folder_names(district: Any) -> None:
    district.write("own", "a.com games\n")
    (district.lists / "own").rename(district.lists / "other")
    with pytest.raises(DataError, match="folder's name"):
        district.build()


def test_the_report_in_force_is_kept(district: Any) -> None:
    assert report_in_force(district.data) is None
    district.write("own", "a.com games\nb b b\n")
    built = district.build()
    kept = report_in_force(district.data)
    assert kept is not None
    assert (kept.hash, kept.lists, kept.bad) == (built.hash, built.lists, 1)


def test_the_manifest_says_where_everything_comes_from(district: Any) -> None:
    district.write("own", "a.com games\n")
    manifest = json.loads((district.build().path / "manifest.json").read_text())
    assert [one["id"] for one in manifest["lists"]] == ["", "own"]
    assert manifest["lists"][1]["licence"] == "test"
    assert len(manifest["lists"][1]["sha256"]) == 64


def test_say_is_told_every_list(district: Any) -> None:
    district.write("own", "a.com games\n")
    told: list[str] = []
    district.build(say=told.append)
    assert told == ["own"]
