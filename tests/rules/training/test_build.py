"""Building: which texts are held against which, and what becomes of the weights."""

import numpy as np
import pytest

from rules.recognise.model import Model
from rules.training.build import (
    ABUSE,
    BENIGN,
    CATEGORY,
    CEILING,
    HARMFUL,
    Plan,
    Source,
    columns,
    confusion,
    heads,
    learn,
    look,
    merged,
    of_rows,
    quantised,
    thresholds,
)
from rules.training.corpora import Row
from rules.training.fit import Shape, Weights
from tests.rules.recognise.tiny_model import model
from tests.rules.training.small_world import BENIGN as LINES
from tests.rules.training.small_world import HARM

PLAN = Plan(shape=Shape(orders=2, bits=12), windows=20, pages=6)
SOURCES = (
    *(Source(label=label, origin=label, texts=many) for label, many in HARM.items()),
    Source(label=BENIGN, origin="daily", texts=LINES),
)


def same(text: str) -> str:
    return text


def test_each_class_is_held_against_harmless_text_and_never_against_its_sisters() -> None:
    found = {one.name: one for one in columns(frozenset({*HARMFUL, ABUSE, BENIGN}))}
    assert list(found) == [*HARMFUL, ABUSE]
    assert found["porn"].others == {BENIGN, ABUSE}
    assert found[ABUSE].others == {BENIGN}
    assert [one.name for one in columns(frozenset({"fraud", BENIGN}))] == ["fraud"]


def test_learning_is_repeatable_and_tells_its_classes_apart() -> None:
    first, second = (learn(SOURCES, PLAN, same) for _ in range(2))
    assert first.columns == (*HARM,)
    assert (first.table == second.table).all()
    assert np.abs(first.table).max() > 0


def test_weights_lose_little_as_16_bit_numbers() -> None:
    table = np.linspace(-2, 3, 2 * 4096, dtype=np.float32).reshape(4096, 2)
    weights = Weights(columns=("a", "b"), table=table, bias=np.zeros(2, dtype=np.float32))
    packed, scales = quantised(weights)
    assert packed.shape == (4096, 8)
    assert not packed[:, 2:].any()
    assert np.abs(packed[:, :2] * np.array(scales) - table).max() < 1e-4


def test_abuse_may_never_decide() -> None:
    weights = Weights(
        columns=("porn", ABUSE),
        table=np.zeros((16, 2), dtype=np.float32),
        bias=np.zeros(2, dtype=np.float32),
    )
    ceilings = {one.id: one.ceiling for one in heads(weights, (1.0, 1.0))}
    assert ceilings == {"porn": 0.999, ABUSE: CEILING}


def test_rows_become_sources_by_label_and_corpus() -> None:
    rows = [
        Row(id="0" * 16, text="甲", label="benign", corpus="weibo"),
        Row(id="1" * 16, text="乙", label="porn", corpus="harm"),
        Row(id="2" * 16, text="丙", label="benign", corpus="weibo"),
    ]
    assert of_rows(rows) == (
        Source(label="benign", origin="weibo", texts=("甲", "丙")),
        Source(label="porn", origin="harm", texts=("乙",)),
    )


def test_merged_sources_are_one_a_label() -> None:
    found = merged((*SOURCES, Source(label="porn", origin="more", texts=("甲",))))
    assert [one.label for one in found] == [one.label for one in SOURCES]
    assert next(one for one in found if one.label == "porn").texts[-1] == "甲"


def test_looking_sees_lines_notes_pages_and_mixed_pages() -> None:
    groups = {one.group for one in look(model(), SOURCES, PLAN, same)}
    assert {
        "daily lines",
        "daily words",
        "daily notes",
        "daily pages",
        "porn lines",
        "porn mixed",
    } <= groups
    assert "abuse mixed" not in groups
    assert "daily mixed" not in groups


def test_books_are_seen_whole_and_in_pieces() -> None:
    book = Source(label=BENIGN, origin="law", texts=("学校应当组织学生锻炼。" * 30,))
    assert {one.group for one in look(model(), [book], PLAN, same)} == {
        "law lines",
        "law words",
        "law pieces",
    }


def test_confusion_counts_every_line_once() -> None:
    found = confusion(model(), SOURCES, same, 0.9)
    assert {name: sum(counts.values()) for name, counts in found.items()} == {
        **{label: len(many) for label, many in HARM.items()},
        "daily": len(LINES),
    }
    assert found["daily"] == {BENIGN: len(LINES)}


def test_thresholds_are_stricter_the_fewer_alarms_are_allowed() -> None:
    seen = look(model(), SOURCES, PLAN, same)
    found = thresholds(model().card.heads, seen)
    assert [one.false_positives for one in found] == [0.01, 0.005, 0.002]
    for head in ("porn", "gambling"):
        values = [one.probability[head] for one in found]
        assert values == sorted(values)


@pytest.mark.parametrize("name", [*HARMFUL, ABUSE])
def test_every_class_speaks_for_a_category(name: str) -> None:
    from rules.sources import load_categories

    assert CATEGORY[name] in load_categories()


def test_a_learnt_model_opens_as_any_other() -> None:
    weights = learn(SOURCES, PLAN, same)
    table, scales = quantised(weights)
    assert len(heads(weights, scales)) == 5
    assert table.dtype == np.int16
    assert isinstance(model(), Model)
