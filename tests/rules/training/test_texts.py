"""Training texts: the reader's faults by file and line, and the shipped texts as a population."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rules.load import DataError
from rules.training.texts import Written, drawn, hand_written, moulds

TRAINING = Path(__file__).parents[3] / "rules/training"
HEAD = "# written for Qinglang\n"
GRAMMAR = (
    "id: g\ntitle: {zh: 试, en: Trial}\nslots:\n  a: [x, y, z]\ntemplates: ['来{a}', '去{a}']\n"
)


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_yaml", ".yaml").replace("_txt", ".txt")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def test_the_folder_is_the_class(tmp_path: Path) -> None:
    write(
        tmp_path,
        benign__chat_txt=f"{HEAD}#话题# 今天真热\n\n#\n# note\n晚安\n",
        harm__fraud__sms_txt=f"{HEAD}点链接领奖\n",
    )
    assert hand_written(tmp_path) == (
        Written(text="#话题# 今天真热", label="benign", file="benign/chat.txt", line=2),
        Written(text="晚安", label="benign", file="benign/chat.txt", line=6),
        Written(text="点链接领奖", label="fraud", file="harm/fraud/sms.txt", line=2),
    )


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    write(
        tmp_path,
        benign__a_txt=f"{HEAD} 空格\n好\n再来一次\n",
        harm__ads__b_txt=f"没有来历\n坏\x07字\n再来 一次\n{'长' * 801}\n",
    )
    with pytest.raises(DataError) as caught:
        hand_written(tmp_path)
    told = [(p.file, p.line, p.message) for p in caught.value.problems]
    assert told == [
        ("benign/a.txt", 2, "blanks around the text"),
        ("benign/a.txt", 3, "1 characters; a text has 2 to 800"),
        ("harm/ads/b.txt", 1, "the file does not say where its texts come from"),
        ("harm/ads/b.txt", 2, "control or unassigned characters: U+0007"),
        ("harm/ads/b.txt", 4, "801 characters; a text has 2 to 800"),
        ("harm/ads/b.txt", 3, "stands already in benign/a.txt:4"),
    ]


def test_a_file_that_is_not_utf8_is_named(tmp_path: Path) -> None:
    write(tmp_path, harm__ads__b_txt=HEAD)
    (tmp_path / "harm/ads/b.txt").write_bytes(b"# x\n\xb0\xa1\n")
    with pytest.raises(DataError, match="not UTF-8 at byte 4"):
        hand_written(tmp_path)


def test_grammars_are_drawn_by_seed_and_file(tmp_path: Path) -> None:
    write(tmp_path, harm__ads__grammar__g_yaml=GRAMMAR, benign__grammar__g_yaml=GRAMMAR)
    benign, ads = moulds(tmp_path)
    assert (benign.label, benign.file) == ("benign", "benign/grammar/g.yaml")
    assert (ads.label, ads.file) == ("ads", "harm/ads/grammar/g.yaml")
    lines = drawn(ads, 3, seed=5)
    assert lines == drawn(ads, 3, seed=5)
    assert {(line.label, line.line) for line in lines} == {("ads", 0)}
    assert len({line.text for line in drawn(ads, 99, seed=5)}) == 6


def test_all_broken_grammars_are_told_at_once(tmp_path: Path) -> None:
    write(
        tmp_path,
        harm__ads__grammar__g_yaml=GRAMMAR.replace("{a}", "{b}"),
        harm__porn__grammar__h_yaml=GRAMMAR,
    )
    with pytest.raises(DataError) as caught:
        moulds(tmp_path)
    assert [Path(problem.file).name for problem in caught.value.problems] == ["g.yaml", "h.yaml"]


def test_an_empty_folder_holds_nothing(tmp_path: Path) -> None:
    assert hand_written(tmp_path) == moulds(tmp_path) == ()


# The shipped texts.

SHIPPED = hand_written(TRAINING)
MOULDS = moulds(TRAINING)
LEAST = {
    "porn": 700, "gambling": 600, "fraud": 700, "ads": 600, "abuse": 400,
    "porn-en": 250, "gambling-en": 250,
}  # fmt: skip
REAL = {
    "a mobile number": re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)"),
    "an account number": re.compile(r"\d{8,}"),
    "a host name": re.compile(
        r"(?<![\w-])[a-z0-9-]+\.(?:com|cn|net|org|xyz|top|vip|cc|app|me|info|club|site)\b",
        re.IGNORECASE,  # a label with an underscore cannot be registered, so it may stand
    ),
}


@pytest.mark.parametrize("label", LEAST)
def test_every_harmful_class_is_written_out(label: str) -> None:
    assert sum(written.label == label for written in SHIPPED) >= LEAST[label]
    assert any(mould.label == label for mould in MOULDS)


def harmful() -> list[Written]:
    lines = [line for mould in MOULDS for line in drawn(mould, 200, seed=0)]
    return [written for written in (*SHIPPED, *lines) if written.label != "benign"]


@pytest.mark.parametrize("kind", REAL)
def test_harmful_texts_point_nowhere(kind: str) -> None:
    """A lure we ship must not lead to anyone: no number, account or host that could exist."""
    wrong = [f"{w.file}:{w.line} {w.text}" for w in harmful() if REAL[kind].search(w.text)]
    assert wrong == []


MINORS = re.compile(
    "学生|校服|校花|学妹|学弟|萝莉|正太|未成年|幼女|幼童|少女|女孩|男孩|初中|高中|小学|小朋友|儿童"
    "|teen|school|loli|shota|young|child|\\bkids?\\b|minor",
    re.IGNORECASE,
)


def test_no_sexual_text_names_a_minor() -> None:
    sexual = [written for written in harmful() if written.label.startswith("porn")]
    assert [f"{w.file}:{w.line}" for w in sexual if MINORS.search(w.text)] == []
    assert MINORS.search("School uniform")
    assert MINORS.search("未成年")


def test_no_line_is_a_near_copy_of_another_of_its_file() -> None:
    """Two lines of one mould (5-gram Jaccard above 0.8) would count one idea twice."""
    seen: dict[str, list[tuple[int, set[str]]]] = {}
    wrong = []
    for written in SHIPPED:
        if written.label == "benign" or len(written.text) < 9:
            continue
        grams = {written.text[i : i + 5] for i in range(len(written.text) - 4)}
        for line, other in seen.setdefault(written.file, []):
            if len(grams & other) > 0.8 * len(grams | other):
                wrong.append(f"{written.file}:{written.line} is nearly line {line}")
        seen[written.file].append((written.line, grams))
    assert wrong == []
