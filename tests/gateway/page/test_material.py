"""The words of the pages are complete and fit; picking is steady."""

import string
from pathlib import Path

import pytest

from gateway.page.material import (
    HERE,
    Alternative,
    AlternativesFile,
    Material,
    Messages,
    Tip,
    TipsFile,
    pick,
    say,
)
from gateway.page.model import PageKind
from rules.load import DataError, load, loads
from rules.model import Gap, Text

MATERIAL = Material.load()
MESSAGES = MATERIAL.messages


def text(zh: str = "中", en: str = "en") -> Text:
    return Text(zh=zh, en=en)


def tip(name: str, categories: tuple[str, ...] = (), stages: tuple[str, ...] = ()) -> Tip:
    return Tip(id=name, text=text(name), categories=categories, stages=stages)


def place(name: str, categories: tuple[str, ...] = ()) -> Alternative:
    return Alternative(
        id=name, title=text(name), url="https://x.example/", why=text(), categories=categories
    )


def test_every_kind_and_every_gap_has_words() -> None:
    assert set(MESSAGES.kinds) == set(PageKind)
    assert set(MESSAGES.gaps) == set(Gap)
    assert len(MESSAGES.weekdays) == 7


@pytest.mark.parametrize("kind", PageKind)
def test_statuses_of_kinds(kind: PageKind) -> None:
    wanted = {
        "block": 403,
        "warn": 403,
        "outflow-warn": 403,
        "outflow-block": 403,
        "outflow-noted": 200,
        "notice": 403,
        "error": 502,
        "marker": 200,
        "refused": 400,
        "masked": 403,
        "login": 407,
        "portal": 200,
        "received": 200,
        "unreceived": 429,
    }
    assert MESSAGES.kinds[kind].status == wanted[kind]


def test_a_gap_never_reads_as_success() -> None:
    assert all(400 <= words.status < 600 for words in MESSAGES.gaps.values())


def every_text() -> list[Text]:
    found: list[Text] = []

    def walk(value: object) -> None:
        if isinstance(value, Text):
            found.append(value)
        elif isinstance(value, dict):
            for item in value.values():
                walk(item)
        elif isinstance(value, tuple):
            for item in value:
                walk(item)
        elif hasattr(value, "__slots__") and not isinstance(value, str):
            for name in value.__slots__:
                walk(getattr(value, name))

    walk(MESSAGES)
    return found


def test_both_languages_are_written_everywhere() -> None:
    texts = every_text()
    assert len(texts) > 80
    for one in texts:
        assert one.zh.strip() or one.zh == "、", one
        assert one.en.strip(), one
        assert not set(one.zh) & set(",;?!"), one  # Chinese sentences have Chinese marks
        assert all(char in string.printable or char in "“”·’…" for char in one.en), one


def test_help_lines_are_telephone_numbers() -> None:
    assert "self-harm" in MESSAGES.crisis.categories
    assert MESSAGES.crisis.lines[0].number == "12355"
    assert all(line.number.isdecimal() for line in MESSAGES.crisis.lines)


def test_missing_words_are_refused_with_their_place(tmp_path: Path) -> None:
    whole = (HERE / "messages.yaml").read_text(encoding="utf-8")
    broken = whole.replace("  appeal: {zh", "  apeal: {zh")
    (tmp_path / "messages.yaml").write_text(broken, encoding="utf-8")
    with pytest.raises(DataError, match="did you mean `appeal`"):
        load(Messages, tmp_path / "messages.yaml")


def test_empty_lists_load(tmp_path: Path) -> None:
    for name in ("messages.yaml",):
        (tmp_path / name).write_text((HERE / name).read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "tips.yaml").write_text("tips:\n", encoding="utf-8")
    (tmp_path / "alternatives.yaml").write_text("alternatives: []\n", encoding="utf-8")
    empty = Material.load(tmp_path)
    assert empty.tip(["games"], "junior", "c") is None
    assert empty.better(["games"], "c") == []


@pytest.mark.parametrize("url", ["javascript:alert(1)", "//x.example", "ftp://x", ""])
def test_alternatives_are_web_addresses(url: str) -> None:
    lines = (
        f"alternatives:\n- {{id: a, title: {{zh: a, en: a}}, url: '{url}', why: {{zh: a, en: a}}}}"
    )
    with pytest.raises(DataError, match="not an http"):
        loads(AlternativesFile, lines, "alternatives.yaml")


def test_tips_file_shape() -> None:
    found = loads(TipsFile, "tips: [{id: a, stages: [junior], text: {zh: 甲, en: a}}]", "t.yaml")
    assert found.tips == (Tip(id="a", text=Text(zh="甲", en="a"), stages=("junior",)),)


ONLY = Material(
    messages=MESSAGES,
    tips=(
        tip("games", ("games",)),
        tip("games-junior", ("games",), ("junior",)),
        tip("fraud-senior", ("fraud",), ("senior",)),
        tip("any"),
        tip("any-senior", (), ("senior",)),
    ),
    alternatives=(place("read", ("novels",)), place("any-1"), place("any-2"), place("any-3")),
)


@pytest.mark.parametrize(
    ("categories", "stage", "allowed"),
    [
        (["games"], "junior", {"games", "games-junior"}),
        (["games"], "senior", {"games"}),
        (["games"], "", {"games"}),
        (["fraud"], "junior", {"any"}),
        (["fraud"], "senior", {"fraud-senior"}),
        (["unknown", "games"], "junior", {"games", "games-junior"}),
        ([], "", {"any"}),
        ([], "senior", {"any", "any-senior"}),
        (["unknown"], "no such stage", {"any"}),
    ],
)
def test_a_tip_fits_category_and_stage(
    categories: list[str], stage: str, allowed: set[str]
) -> None:
    seen = set()
    for number in range(40):
        found = ONLY.tip(categories, stage, f"code-{number}")
        assert found is not None
        assert found == ONLY.tip(categories, stage, f"code-{number}")
        seen.add(found.id)
    assert seen == allowed


def test_alternatives_for_a_category_or_for_all() -> None:
    assert [one.id for one in ONLY.better(["novels"], "c")] == ["read"]
    general = ONLY.better(["games"], "c")
    assert len({one.id for one in general}) == 2
    assert ONLY.better(["games"], "c", 0) == []


@pytest.mark.parametrize("code", ["", "x", "🐱", "\ud800", "x" * 10_000])
def test_pick_is_total(code: str) -> None:
    assert pick([], code, 2) == []
    assert pick(["a"], code, 2) == ["a"]
    assert sorted(pick(["a", "b"], code, 5)) == ["a", "b"]


def test_say_falls_back_to_the_other_language() -> None:
    assert say(text(), "en") == "en"
    assert say(text(), "zh") == "中"
    assert say(text(en=""), "en") == "中"
    assert say(text(zh=""), "zh") == "en"


def test_the_shipped_tips_reach_every_stage() -> None:
    for stage in ("kindergarten", "primary-lower", "primary-upper", "junior", "senior", ""):
        for category in ("games", "gambling", "self-harm", "phishing", "no such category"):
            assert MATERIAL.tip([category], stage, "c") is not None, (category, stage)
    assert MATERIAL.better(["games"], "c")
