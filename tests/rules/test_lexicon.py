"""Lexicons and word lists: what loads, and what is said of what does not."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.lexicon import (
    MAX_WORDS,
    SHIPPED_LEXICONS,
    Choices,
    Lexicon,
    Part,
    Row,
    lexicon_folders,
    load_lexicons,
    problem_at,
    read_words,
    sidecar_text,
    words_of,
)
from rules.load import DataError, loads
from rules.model import Text
from rules.sources import load_categories

HEAD = 'id: x\ntitle: {zh: "甲", en: "A"}\n'
GOOD = HEAD + "category: gambling\ngroups:\n  - weight: 3\n    phrases: [赌球 押大小=5]\n"


def test_rows_hold_several_phrases_with_weights() -> None:
    found = Row.parse("赌球 <lure>送(彩金|礼金)=6 free_spins=2.5").written
    assert [(one.text, one.weight) for one in found] == [
        ("赌球", None),
        ("<lure>送(彩金|礼金)", 6.0),
        ("free_spins", 2.5),
    ]


@pytest.mark.parametrize("text", ["", "  ", "赌=0", "赌=21", "赌=x", "=3", "(赌|球", "赌)="])
def test_bad_rows(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Row.parse(text)


def test_choices() -> None:
    assert Choices.parse("a - b_c").members == ("a", "", "b_c")
    with pytest.raises(ValueError, match="without members"):
        Choices.parse(" ")


BAD = {
    "no category": (HEAD + "groups:\n  - weight: 3\n    phrases: [赌球]\n", "category"),
    "category of a hook": (GOOD.replace("groups", "part: hook\ngroups"), "category"),
    "nothing in it": (HEAD + "category: gambling\n", "groups"),
    "weight": (GOOD.replace("weight: 3", "weight: 0"), "x.yaml:5:5: `weight`"),
    "row": (GOOD.replace("=5", "=99"), "x.yaml:6:15: `押大小=99`"),
    "within": (GOOD.replace("weight: 3", "weight: 3\n    within: 0"), "within"),
    "elsewhere": (HEAD + "category: gambling\nwords: ../x.txt\n", "name of a file"),
    "id": (GOOD.replace("id: x", "id: X y"), "not an id"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_lexicons(name: str) -> None:
    text, message = BAD[name]
    with pytest.raises(DataError) as caught:
        loads(Lexicon, text, "x.yaml")
    assert message in str(caught.value)


def test_folders_replace_each_other(tmp_path: Path) -> None:
    own = tmp_path / "own" / "lexicons"
    own.mkdir(parents=True)
    (own / "cult.yaml").write_text(GOOD.replace("id: x", "id: cult"), encoding="utf-8")
    folders = lexicon_folders(tmp_path / "data", [tmp_path / "own"])
    assert folders == (SHIPPED_LEXICONS, own, tmp_path / "data" / "lexicons")
    found = load_lexicons(folders, load_categories())
    assert found["cult"].lexicon.category == "gambling"
    assert found["hooks"].lexicon.part is Part.HOOK


def test_all_problems_at_once(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text(GOOD.replace("gambling", "nothing"), encoding="utf-8")
    other = HEAD.replace("id: x", "id: y") + "category: gambling\nwords: y.txt\n"
    (tmp_path / "y.yaml").write_text(other, encoding="utf-8")
    with pytest.raises(DataError) as caught:
        load_lexicons([tmp_path], ["gambling"])
    assert len(caught.value.problems) == 2
    assert "`nothing`" in str(caught.value)
    assert "cannot be read" in str(caught.value)
    (tmp_path / "z.yaml").write_text("id: [", encoding="utf-8")
    with pytest.raises(DataError, match="not valid YAML"):
        load_lexicons([tmp_path], ["gambling"])


def test_word_lists() -> None:
    text = "\ufeff# note\n\n暗语\t8\n一个 词 2.5\n// x\nplain words here\n版本 2\n暗语\t9\n"
    wanted = (("暗语", 9.0), ("一个 词", 2.5), ("plain words here", 6.0), ("版本", 2.0))
    assert words_of(text.encode(), "w.txt", 6.0) == wanted
    assert words_of("赌球\r\n下注".encode("gb18030"), "w.txt", 4.0) == (
        ("赌球", 4.0),
        ("下注", 4.0),
    )


def test_bad_words_by_line(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        words_of("好词\n单\n词\t99\n词语\t-1\n".encode(), "w.txt", 6.0)
    assert [(one.file, one.line) for one in caught.value.problems] == [
        ("w.txt", 2),
        ("w.txt", 3),
        ("w.txt", 4),
    ]
    for content, message in (
        (b"a\0b", "NUL"),
        (b"\xff\xff\xff", "neither"),
        (b"ab\n" * 200_001, str(MAX_WORDS)),
    ):
        with pytest.raises(DataError, match=message):
            words_of(content, "w.txt", 6.0)
    with pytest.raises(DataError, match="cannot be read"):
        read_words(tmp_path / "none.txt", 6.0)
    (tmp_path / "big.txt").write_bytes(b"a" * (16 * 1024 * 1024 + 1))
    with pytest.raises(DataError, match="larger"):
        read_words(tmp_path / "big.txt", 6.0)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_words_or_a_data_error(content: bytes) -> None:
    try:
        found = words_of(content, "w.txt", 6.0)
    except DataError:
        return
    assert all(2 <= len(word) <= 64 and 0 < points <= 20 for word, points in found)


def test_sidecar_and_places(tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_text("暗语\t8\n", encoding="utf-8")
    lexicon = Lexicon(id="x", title=Text(zh="甲", en="A"), category="gambling", words="x.txt")
    (tmp_path / "x.yaml").write_text(sidecar_text(lexicon), encoding="utf-8")
    placed = load_lexicons([tmp_path], ["gambling"])["x"]
    assert placed.plain == (("暗语", 8.0),)
    assert str(problem_at(placed, "gambling", "no")).endswith("x.yaml:5:11: no")
    (tmp_path / "x.yaml").unlink()
    assert problem_at(placed, "gambling", "no").line == 1
    assert problem_at(placed, "nowhere", "no").column == 1
