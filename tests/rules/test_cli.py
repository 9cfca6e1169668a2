"""`qinglang rules …` through the real command line."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from audit.cli import main

LIST = "a.com games\nb.com/live live\nbad bad bad\n"


@pytest.fixture
def options(tmp_path: Path) -> list[str]:
    home = tmp_path / "mine" / "own"
    home.mkdir(parents=True)
    (home / "source.yaml").write_text(
        "id: own\ntitle: {zh: 自, en: own}\nformat: starter\nfiles: [data]\n"
        "licence: test\nsource: test\n",
        encoding="utf-8",
    )
    (home / "data").write_text(LIST)
    return ["--data", str(tmp_path / "var"), "--rules", str(tmp_path / "mine")]


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(["rules", *arguments])
    seen = capsys.readouterr()
    return code, seen.out, seen.err


def test_build(capsys: pytest.CaptureFixture[str], options: list[str]) -> None:
    code, out, _ = run(capsys, "build", *options, "--json")
    document = json.loads(out)
    own = next(one for one in document["lists"] if one["id"] == "own")
    assert (code, own["rows"], own["bad"]) == (0, 2, 1)
    code, out, _ = run(capsys, "build", *options)
    assert code == 0
    assert document["hash"] in out
    assert "data:3" in out


def test_lookup_builds_first(capsys: pytest.CaptureFixture[str], options: list[str]) -> None:
    code, out, err = run(
        capsys, "lookup", "www.A.com", "https://b.com/live/1", "x y", "--json", *options
    )
    first, second, third = json.loads(out)
    assert code == 2
    assert "building" in err
    assert (first["input"], first["host"]) == ("www.A.com", "www.a.com")
    assert "games" in first["categories"]
    assert ("games", "hosts", "a.com", "own") in [
        (one["category"], one["recogniser"], one["matched"], one["list"])
        for one in first["signals"]
    ]
    assert "live" in second["categories"]
    assert set(third) == {"input", "error", "rulebase"}
    assert first["rulebase"] == third["rulebase"]


def test_lookup_reads_lines(
    capsys: pytest.CaptureFixture[str], options: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        sys, "stdin", io.StringIO("a.com\r\n\nb..c\ngambling.test.qinglang.invalid\n")
    )
    code, out, _ = run(capsys, "lookup", "--stdin", *options)
    answers = [json.loads(line) for line in out.splitlines()]
    assert code == 2
    assert [one.get("categories") for one in answers] == [["games"], None, None, ["gambling"]]


def test_lookup_for_people(capsys: pytest.CaptureFixture[str], options: list[str]) -> None:
    code, out, _ = run(capsys, "lookup", "a.com", *options)
    assert code == 0
    assert out == "a.com\tgames\tgames ← a.com (own)\n"


def test_classify(capsys: pytest.CaptureFixture[str], options: list[str], tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_bytes(b'<meta name="rating" content="mature">')
    arguments = ["--name", "a.com", "--page", str(page), "--rating", "adult", "--json"]
    code, out, _ = run(capsys, "classify", "https://x.example/", *arguments, *options)
    answer = json.loads(out)
    assert code == 0
    assert answer["labels"] == ["rating-adult", "rating-mature"]
    assert set(answer["categories"]) == {"games", "porn", "adult-content"}
    code, out, _ = run(capsys, "classify", "x.example", *options)
    assert "nothing recognised" in out
    assert run(capsys, "classify", "x..y", *options)[0] == 2


def test_sources_and_stats(capsys: pytest.CaptureFixture[str], options: list[str]) -> None:
    run(capsys, "build", *options)
    code, out, _ = run(capsys, "sources", "--json", *options)
    own = next(one for one in json.loads(out) if one["id"] == "own")
    assert (code, own["rows"], own["licence"]) == (0, 2, "test")
    assert "own" in run(capsys, "sources", *options)[1]
    code, out, _ = run(capsys, "stats", "--json", *options)
    document = json.loads(out)
    assert code == 0
    assert document["lists"]["own"] == 2
    assert document["categories"]["games"] >= 2
    assert "games" in run(capsys, "stats", *options)[1]


def test_adding_and_removing_a_list(
    capsys: pytest.CaptureFixture[str], options: list[str], tmp_path: Path
) -> None:
    (tmp_path / "bad.txt").write_text("one.example\ntwo.example\n")
    added = f"plain:{tmp_path / 'bad.txt'}:malware"
    code, out, _ = run(capsys, "build", *options, "--add", added, "--json")
    assert code == 0
    assert json.loads(out)["added"][0]["outcome"] == "updated"
    assert categories(capsys, options, "x.one.example") == ["malware"]
    run(capsys, "build", *options)
    assert categories(capsys, options, "one.example") == ["malware"]
    (tmp_path / "bad.txt").write_text("")
    code, _, err = run(capsys, "build", *options, "--add", added)
    assert code == 1
    assert "refused" in err
    assert categories(capsys, options, "one.example") == ["malware"]
    assert run(capsys, "build", *options, "--remove", "added-plain-bad-txt")[0] == 0
    assert categories(capsys, options, "one.example") == ["uncategorised"]


def test_a_csv_maps_foreign_names(
    capsys: pytest.CaptureFixture[str], options: list[str], tmp_path: Path
) -> None:
    (tmp_path / "u.tsv").write_text("one.example\tmixed_adult,vpn\ntwo.example\toddity\n")
    run(capsys, "build", *options, "--add", f"csv:{tmp_path / 'u.tsv'}")
    assert categories(capsys, options, "one.example") == ["adult-content", "vpn"]
    assert categories(capsys, options, "two.example") == ["uncategorised"]


def categories(capsys: pytest.CaptureFixture[str], options: list[str], host: str) -> Any:
    _, out, _ = run(capsys, "lookup", host, "--json", *options)
    return json.loads(out)[0]["categories"]


@pytest.mark.parametrize(
    "wrong",
    [
        ["--add", "odd:/x"],
        ["--add", "plain"],
        ["--add", "plain:/tmp/x"],
        ["--remove", "never"],
        ["--remove", "../../x"],
    ],
)
def test_wrong_arguments(
    wrong: list[str], capsys: pytest.CaptureFixture[str], options: list[str]
) -> None:
    assert run(capsys, "build", *options, *wrong)[0] == 2


def test_update(capsys: pytest.CaptureFixture[str], options: list[str], tmp_path: Path) -> None:
    home = tmp_path / "mine" / "feed"
    home.mkdir()
    (home / "source.yaml").write_text(
        "id: feed\ntitle: {zh: 源, en: feed}\nformat: plain\nlocation: feed.txt\n"
        "category: news\nlicence: test\nsource: test\n",
        encoding="utf-8",
    )
    assert run(capsys, "update", "feed", *options)[0] == 3
    (home / "feed.txt").write_text("news.example\n")
    code, out, _ = run(capsys, "update", "feed", "--json", *options)
    assert (code, json.loads(out)["updates"][0]["outcome"]) == (0, "updated")
    assert categories(capsys, options, "news.example") == ["news"]
    code, out, _ = run(capsys, "update", "--no-build", *options)
    assert code == 0
    assert "feed: unchanged" in out
    assert run(capsys, "update", "nothing-like-it", *options)[0] == 2


def test_a_wrong_sidecar_is_bad_input(
    capsys: pytest.CaptureFixture[str], options: list[str], tmp_path: Path
) -> None:
    (tmp_path / "mine/own/source.yaml").write_text("id: own\n")
    code, _, err = run(capsys, "build", *options)
    assert code == 2
    assert "source.yaml:1:1" in err


def test_a_rulebase_of_an_earlier_version_is_built_anew(
    capsys: pytest.CaptureFixture[str], options: list[str], tmp_path: Path
) -> None:
    run(capsys, "build", *options)
    link = tmp_path / "var" / "rulebase" / "current"
    link.resolve().rename(link.with_name("earlier"))
    link.unlink()
    link.symlink_to("earlier")
    manifest = link / "manifest.json"
    document = json.loads(manifest.read_text(encoding="utf-8"))
    manifest.write_text(json.dumps(document | {"format": 0}), encoding="utf-8")
    code, out, err = run(capsys, "lookup", "a.com", *options)
    assert code == 0
    assert "games" in out
    assert "anew" in err
