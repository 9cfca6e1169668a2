"""One probability out of several: who speaks up, who is silent, who is sure."""

from dataclasses import replace

import pytest

from rules.load import DataError, loads
from rules.model import Signal
from rules.recognise.fusion import SHIPPED, Fusion, fuse, shipped

BOTH = ("words", "model")


def signal(recogniser: str, confidence: float, category: str = "gambling", **more: str) -> Signal:
    return Signal(
        category=category,
        recogniser=recogniser,
        matched=more.get("matched", recogniser),
        list=more.get("list", recogniser),
        confidence=confidence,
        place=more.get("place", "text"),
    )


def test_two_that_agree_are_surer_than_either() -> None:
    found = fuse([signal("words", 0.8), signal("model", 0.8)], BOTH, shipped())
    assert len(found) == 1
    assert found[0].confidence > 0.9
    assert found[0].recogniser == "content"
    assert found[0].matched == "words · model"


def test_a_model_that_saw_nothing_counts_against_the_words() -> None:
    alone = fuse([signal("words", 0.93)], ("words",), shipped())[0].confidence
    contradicted = fuse([signal("words", 0.93)], BOTH, shipped())[0].confidence
    assert contradicted < alone


def test_no_phrase_found_is_no_proof() -> None:
    found = fuse([signal("model", 0.93)], BOTH, shipped())
    assert found[0].confidence == pytest.approx(0.93, abs=1e-4)


def test_one_that_did_not_look_says_nothing() -> None:
    assert fuse([], BOTH, shipped()) == ()
    only = fuse([signal("words", 0.9)], ("words",), shipped())
    assert only[0].recogniser == "words"


def test_what_is_sure_or_foreign_passes_untouched() -> None:
    sure, image = signal("hosts", 1.0), signal("image", 0.7)
    assert fuse([image, sure], BOTH, shipped()) == (sure, image)


def test_a_family_supports_its_members() -> None:
    found = fuse(
        [signal("words", 0.8, "fraud-jobs"), signal("model", 0.9, "fraud")], BOTH, shipped()
    )
    assert {one.category for one in found} == {"fraud-jobs", "fraud"}
    assert min(one.confidence for one in found) > 0.9


def test_places_are_judged_apart() -> None:
    found = fuse(
        [signal("words", 0.9, place="title"), signal("model", 0.9, place="text")], BOTH, shipped()
    )
    assert [one.recogniser for one in found] != ["content"]
    assert len(found) == 2


def test_never_sure() -> None:
    found = fuse([signal("words", 0.9999999), signal("model", 0.9999999)], BOTH, shipped())
    assert found[0].confidence < 1


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("start: 0.3", "start: 1.3", "are probabilities"),
        ("silent: 0.15", "silent: 0", "is a probability"),
        ("[gambling, ", "[porn, gambling, ", "in two families: porn"),
        ("weight: 0.9", "wieght: 0.9", "did you mean `weight`"),
    ],
)
def test_wrong_numbers_are_refused(old: str, new: str, words: str) -> None:
    text = SHIPPED.read_text(encoding="utf-8")
    assert old in text
    with pytest.raises(DataError, match=words):
        loads(Fusion, text.replace(old, new, 1), "fusion.yaml")


def test_every_category_of_a_family_exists() -> None:
    folder = SHIPPED.parent.parent / "categories"
    names = [name for family in shipped().families for name in family]
    assert [name for name in names if not (folder / f"{name}.yaml").exists()] == []


def test_more_weight_more_say() -> None:
    fusion = shipped()
    louder = replace(
        fusion,
        recognisers={
            **fusion.recognisers,
            "model": replace(fusion.recognisers["model"], weight=2.0),
        },
    )
    signals = [signal("model", 0.9)]
    assert (
        fuse(signals, ("model",), louder)[0].confidence
        > fuse(signals, ("model",), fusion)[0].confidence
    )
