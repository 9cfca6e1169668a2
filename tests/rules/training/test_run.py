"""A whole run on a small world: what is written opens, finds, passes and says what it is."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from rules.load import DataError
from rules.recognise.model import Model
from rules.recognise.normal import normalise
from rules.training.build import Plan
from rules.training.fit import Shape
from rules.training.run import Order, corpus_rows, own, run, tuning
from tests.rules.training.small_world import BENIGN, HARM, corpora, texts

PLAN = Plan(shape=Shape(orders=2, bits=12), windows=60, pages=10)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    root = tmp_path_factory.mktemp("world")
    order = Order(
        id="text",
        texts=texts(root / "texts"),
        corpora=corpora(root / "corpora"),
        out=root / "plain",
        made="2026-11-23",
        command="a test",
        plan=PLAN,
    )

    def made(*, whole: bool = False) -> Path:
        out = root / ("whole" if whole else "plain")
        if not out.exists():
            run(replace(order, out=out, whole=whole), lambda _: None)
        return out

    return made


@pytest.mark.parametrize("whole", [False, True])
def test_the_model_opens_and_knows_its_own_world(trained: Callable[..., Path], whole: bool) -> None:
    model = Model.open(trained(whole=whole))
    for label in ("porn", "gambling"):
        found = model.judge(normalise("。".join(HARM[label] * 8)))
        assert label in [one.category for one in found]
    assert model.judge(normalise("。".join(BENIGN * 8))) == ()


def test_the_card_says_what_it_learnt(trained: Callable[..., Path]) -> None:
    plain = Model.open(trained()).card
    origins = {one.source for one in plain.trained_on if one.source}
    assert origins == {"ymcui/cmrc2018", "LawRefBook/Laws"}
    assert "no row taught a weight" in plain.tuned_on
    whole = Model.open(trained(whole=True)).card
    assert "ChineseHarm-bench" in {one.source for one in whole.trained_on}
    assert "local use" in whole.licence


def test_the_same_order_gives_the_same_bytes(trained: Callable[..., Path], tmp_path: Path) -> None:
    first = trained()
    root = first.parent
    order = Order(
        id="text",
        texts=root / "texts",
        corpora=root / "corpora",
        out=tmp_path / "again",
        made="2026-11-23",
        command="a test",
        plan=PLAN,
    )
    run(order, lambda _: None)
    for name in ("weights.npy", "card.yaml"):
        assert (tmp_path / "again" / name).read_bytes() == (first / name).read_bytes()


def test_english_folders_are_classes_of_their_own(tmp_path: Path) -> None:
    folder = texts(tmp_path / "texts")
    room = folder / "harm" / "porn-en"
    room.mkdir()
    (room / "some.txt").write_text("# written for a test\nhot girls near you\n")
    assert {one.label for one in own(folder, 1) if "porn-en" in one.origin} == {"porn-en"}


def test_no_corpora_no_rows() -> None:
    assert corpus_rows(None) == ()


def test_the_tuning_part_is_a_quarter_by_key(tmp_path: Path) -> None:
    rows = corpus_rows(corpora(tmp_path))
    held = tuning(rows)
    assert 0 < len(held) < len(rows) / 2
    assert {one.id for one in held}.isdisjoint(one.id for one in rows if one.part >= 25)


def test_wrong_texts_stop_the_run_before_anything_is_written(tmp_path: Path) -> None:
    folder = texts(tmp_path / "texts")
    (folder / "benign" / "bad.txt").write_text("no head\n")
    order = Order(id="text", texts=folder, out=tmp_path / "out", made="", command="", plan=PLAN)
    with pytest.raises(DataError, match="where its texts come from"):
        run(order, lambda _: None)
    assert not (tmp_path / "out").exists()
