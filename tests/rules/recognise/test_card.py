"""Cards: what is refused before a single weight is read."""

from dataclasses import replace
from typing import Any

import pytest

from rules.load import DataError, loads
from rules.recognise.card import Card
from rules.training.write import spelt
from tests.rules.recognise.tiny_model import card


def test_a_card_reads_as_it_was_written() -> None:
    assert loads(Card, spelt(card()), "card.yaml") == card()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"format": 2}, "format 2, this version reads 1"),
        ({"bits": 40}, "`bits` lies between"),
        ({"orders": 0}, "`orders` between"),
        ({"step": 0}, "`window` is a multiple"),
        ({"window": 65}, "`window` is a multiple"),
        ({"heads": ()}, "1 to 8 heads"),
        ({"heads": card().heads * 3}, "1 to 8 heads"),
    ],
)
def test_impossible_cards_are_refused(change: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        replace(card(), **change)


def test_every_fault_at_once_with_its_place() -> None:
    text = spelt(card()).replace("format: 1", "format: 7").replace("bits: 15", "bits: 99")
    with pytest.raises(DataError) as caught:
        loads(Card, text, "card.yaml")
    assert "format 7" in str(caught.value)
    assert "`bits`" in str(caught.value)
    assert caught.value.problems[0].line > 0


@pytest.mark.parametrize("ceiling", [0.0, 1.0, 1.5])
def test_no_class_is_ever_sure(ceiling: float) -> None:
    with pytest.raises(ValueError, match="below 1"):
        replace(card().heads[0], ceiling=ceiling)


def test_a_head_needs_a_curve_at_each_end() -> None:
    with pytest.raises(ValueError, match="two curves"):
        replace(card().heads[0], sizes=card().heads[0].sizes[:1])
