"""Files of answers: read with errors by line, written whole, given to the right targets."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from audit.answers import Answers, Recorded, load_answers, spoken, written
from audit.catalog import Catalog, load_catalog
from audit.model import ObjectClass, State, Target
from rules.load import DataError, loads

KEY = "GBT22239-2019:3:8.1.6.1"


@cache
def catalog() -> Catalog:
    return load_catalog()


def target(name: str, system: str = "") -> Target:
    return Target(id=name, name=name, system=system, kind=ObjectClass.SERVER)


def recorded(**more: object) -> Recorded:
    said: dict[str, object] = {
        "control": KEY, "state": State.PASS, "by": "李", "dated": "2026-09-01",
    }  # fmt: skip
    return Recorded(**(said | more))  # type: ignore[arg-type]


def test_written_and_read_again(tmp_path: Path) -> None:
    file = Answers(
        id="a", organisation="s01", system="oa", answers=(
            recorded(evidence=("方针.pdf", "会议纪要")),
            recorded(control="GBT22239-2019:3:8.1.1.2", state=State.NOT_APPLICABLE,
                     reason="无机房", approver="王"),
        ),
    )  # fmt: skip
    (tmp_path / "a.yaml").write_text(written(file), encoding="utf-8")
    assert load_answers(tmp_path, catalog()) == (file,)
    assert load_answers(tmp_path / "a.yaml", catalog()) == (file,)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("state: unknown, by: 李, dated: 2026-09-01", "leave out"),
        ("state: pass, by: '', dated: 2026-09-01", "who answered"),
        ("state: pass, by: 李, dated: 46000", "is no date"),
        ("state: not_applicable, by: 李, dated: 2026-09-01, reason: x", "approver"),
        ("state: passed, by: 李, dated: 2026-09-01", "not one of"),
        ("state: pass, by: 李, dated: 2026-09-01, guess: 1", "unknown key"),
    ],
)
def test_wrong_answers_are_named_by_line(line: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(f'id: a\nanswers:\n- {{control: "{KEY}", {line}}}\n', encoding="utf-8")
    with pytest.raises(DataError, match=said) as caught:
        load_answers(path, catalog())
    assert caught.value.problems[0].line == 3


def test_unknown_controls_and_answers_given_twice(tmp_path: Path) -> None:
    one = '- {control: "%s", state: pass, by: 李, dated: 2026-09-01}\n'
    text = "id: a\nanswers:\n" + one % "GBT22239-2019:3:9.9" + (one % KEY) * 2
    (tmp_path / "a.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(DataError) as caught:
        load_answers(tmp_path, catalog())
    assert [one.line for one in caught.value.problems] == [3, 5]


def test_an_empty_folder_is_no_answer(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no answers"):
        load_answers(tmp_path)


def test_answers_go_to_their_own_system() -> None:
    file = Answers(id="a", system="oa", answers=(recorded(),))
    both = [target("t1", "oa"), target("t2", "edu")]
    assert [one.target for one in spoken([file], both)] == ["t1"]
    assert [one.target for one in spoken([file], both[:1])] == [""]
    assert [one.target for one in spoken([file], [target("t")])] == [""]
    with pytest.raises(DataError, match="no target of it"):
        spoken([file], both[1:])
    (answer,) = spoken([file], [])
    assert answer.dated == 1788192000.0
    assert loads(Answers, "id: x", "f").answers == ()
