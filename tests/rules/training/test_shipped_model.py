"""The model we ship: opens, is what its card says, finds its examples and passes the others."""

from pathlib import Path

import pytest

from rules.recognise.card import Samples
from rules.recognise.model import Model
from rules.recognise.normal import normalise
from rules.sources import load_categories

FOLDER = Path(__file__).parents[3] / "rules" / "models" / "text"
CERTAIN = 0.9


@pytest.fixture(scope="module")
def model() -> Model:
    return Model.open(FOLDER)


@pytest.fixture(scope="module")
def examples(model: Model) -> Samples:
    return model.card.examples


def test_the_examples_that_must_be_found_are(model: Model, examples: Samples) -> None:
    missed = []
    for label, texts in examples.hit.items():
        wanted = next(head.category for head in model.card.heads if head.id == label)
        for text in texts:
            found = {one.category: one.confidence for one in model.judge(normalise(text))}
            if found.get(wanted, 0) < CERTAIN:
                missed.append((label, text, found))
    assert len(examples.hit) == 4
    assert missed == []


def test_the_examples_that_must_pass_do(model: Model, examples: Samples) -> None:
    found = {
        text: [one for one in model.judge(normalise(text)) if one.confidence >= CERTAIN]
        for text in examples.miss
    }
    assert examples.miss
    assert {text: many for text, many in found.items() if many} == {}


def test_the_card_says_what_it_learnt_and_cannot_do(model: Model) -> None:
    card = model.card
    assert card.id == FOLDER.name
    assert "rules.training" in card.command
    assert {one.source for one in card.trained_on} <= {"", "ymcui/cmrc2018", "LawRefBook/Laws"}
    assert "no row taught a weight" in card.tuned_on
    assert card.limits.zh
    assert [one.stage[:2] for one in card.thresholds] == ["小学", "初中", "高中"]
    assert {head.category for head in card.heads} <= load_categories().keys()


def test_no_text_stands_beside_the_weights() -> None:
    """Weights and card alone: the texts of others are not shipped."""
    assert sorted(path.name for path in FOLDER.iterdir()) == ["card.yaml", "weights.npy"]
