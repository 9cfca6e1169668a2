"""Terms of short texts: every file by its examples, and hundreds of queries that must pass."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.asking import HERE
from rules.load import DataError, load, load_folder, loads
from rules.model import Signal
from rules.recognise.terms import Study, TermFile, TermRow, Terms, folded

FILES = load_folder(TermFile, HERE / "search/terms")
STUDY = load(Study, HERE / "search/study.yaml")
TERMS = Terms(tuple(TermRow.of(one) for one in FILES.values()), STUDY.words)
BENIGN = [
    query.strip()
    for line in (Path(__file__).parent / "benign_queries.txt").read_text("utf-8").splitlines()
    if not line.startswith("#")
    for query in line.split("|")
]


def found(text: str, place: str = "search") -> tuple[Signal, ...]:
    return TERMS.find(text, place)


@pytest.mark.parametrize("name", FILES)
def test_examples(name: str) -> None:
    file = FILES[name]
    for query in file.examples.hit:
        assert file.category in {one.category for one in found(query)}, query
    for query in file.examples.miss:
        assert found(query) == (), query


def test_there_are_enough_of_both() -> None:
    roles = ("sure", "phrases", "exact", "topics")
    assert sum(len(getattr(one, role)) for one in FILES.values() for role in roles) >= 600
    assert len(set(BENIGN)) >= 600


def test_queries_of_pupils_pass() -> None:
    assert [(query, found(query)) for query in BENIGN if found(query)] == []


@pytest.mark.parametrize(
    "query",
    [
        "黃色網站",
        "黄 色 网 站",
        "黄*色*网*站",
        "ＨＯＷ　ＴＯ　ＫＩＬＬ　ＭＹＳＥＬＦ",
        "黄\u200b色网站",
        "我 想 死",
    ],
    ids=["traditional", "spaces", "symbols", "full width", "zero width", "spaced"],
)
def test_spellings(query: str) -> None:
    assert found(query)


def test_the_three_grades() -> None:
    (wish,) = found("我想死")
    assert (wish.category, wish.confidence) == ("self-harm", 1.0)
    (distress,) = found("活着好累")
    assert (distress.category, distress.confidence) == ("self-harm", 0.6)
    assert found("自杀 干预 论文") == ()


def test_the_surest_counts() -> None:
    (one,) = found("活着好累。我想死")
    assert one.confidence == 1.0


def test_a_long_prompt_is_judged_by_sentence() -> None:
    text = "帮我写一篇作文，主题是春天。" * 30 + "另外，冰毒怎么做？" + "谢谢。" * 30
    assert [one.category for one in found(text, "prompt")] == ["drugs"]
    assert found(text, "prompt")[0].recogniser == "prompt"
    assert found("春" * 50_000) == ()


def test_folding_drops_spaces_beside_chinese_only() -> None:
    assert folded(" AV 在线  free  movie ") == "av在线free movie"


def test_no_terms_find_nothing() -> None:
    assert Terms((), ()).find("黄色网站", "search") == ()


@pytest.mark.parametrize("line", ["topics: [a]", "confidence: 1.5", "confidence: 0"])
def test_faults_are_told(line: str) -> None:
    text = f"id: x\ntitle: {{zh: 一, en: x}}\ncategory: porn\nsource: own\n{line}\n"
    with pytest.raises(DataError):
        loads(TermFile, text + "examples: {hit: [a], miss: [b]}\n", "x.yaml")


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=400))
def test_any_text(text: str) -> None:
    assert isinstance(found(text), tuple)
