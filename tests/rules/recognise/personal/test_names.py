"""Names: behind labels, before titles, of a roster; ordinary words that look like names."""

import pytest

from rules.personal_files import load_finder, load_knowledge
from rules.recognise.personal.finder import Finder
from rules.recognise.personal.names import Roster

ROSTER = Roster(["欧阳明月", "张三丰", "李明", "高兴", "王芳", " ", "x"])
PLAIN = load_finder()
LISTED = Finder(load_knowledge(), ROSTER)


def names(finder: Finder, text: str) -> list[tuple[str, str]]:
    return [
        (text[hit.start : hit.end], hit.confidence.value)
        for hit in finder.find(text)
        if hit.kind == "name"
    ]


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("姓名：张小萌，性别女", [("张小萌", "verified")]),
        ("学生姓名：欧阳明月，", [("欧阳明月", "verified")]),
        ('{"student_name":"张小萌"}', [("张小萌", "verified")]),
        ("name=张小萌&a=1", [("张小萌", "verified")]),
        ("我叫张小萌，", [("张小萌", "suspected")]),
        ("请找张小老师。", [("张小", "suspected")]),
        ("班主任：王芳老师", [("王芳", "verified")]),
        ("姓名：高中部，", []),
        ("全体老师：请注意", []),
        ("张小萌去了", []),
    ],
)
def test_names_by_context(text: str, want: list[tuple[str, str]]) -> None:
    assert names(PLAIN, text) == want


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("昨天欧阳明月来了", ["欧阳明月"]),
        ("张三丰说", ["张三丰"]),
        ("李明同学来了", ["李明"]),
        ("李明，王芳。", ["李明", "王芳"]),
        ("李明确表示同意", []),
        ("学校李明天放假", []),
    ],
)
def test_names_of_a_roster(text: str, want: list[str]) -> None:
    assert [name for name, _ in names(LISTED, text)] == want


def test_a_roster_shows_nothing() -> None:
    assert repr(ROSTER) == "Roster(5 names)"
    assert ROSTER.has("李明")
    assert not ROSTER.has("李明明")
    assert Roster([]).find("李明") == []


def test_examples_of_the_data_file() -> None:
    people = load_knowledge().people
    assert all(names(PLAIN, text) for text in people.examples.hit)
    assert not any(names(PLAIN, text) for text in people.examples.miss)


@pytest.mark.parametrize("word", load_knowledge().people.ordinary)
def test_ordinary_words_are_no_names(word: str) -> None:
    assert names(PLAIN, f"姓名：{word}，") == []


def test_cells() -> None:
    hit = PLAIN.value("张小萌", "姓名")
    assert hit is not None
    assert (hit.kind, hit.confidence) == ("name", "verified")
    assert PLAIN.value("成绩", "姓名") is None


@pytest.mark.parametrize(
    "text",
    [
        "报警人李明（男）",
        "组长李明，",
        "学生李明现申请休学",
        "（李明家）",
        "@李明 明天带水杯",
        "值班：周二李明、",
    ],
)
def test_two_characters_behind_what_somebody_is_called_by(text: str) -> None:
    found = Finder(load_knowledge(), Roster(["李明"])).find(text)
    assert [text[hit.start : hit.end] for hit in found if hit.kind == "name"] == ["李明"]


@pytest.mark.parametrize("text", ["桃李明天开放", "高年级李明星", "李明白了"])
def test_two_characters_inside_other_words(text: str) -> None:
    found = Finder(load_knowledge(), Roster(["李明"])).find(text)
    assert [hit for hit in found if hit.kind == "name"] == []
