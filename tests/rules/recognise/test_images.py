"""A model and its card: what fits is used, what does not is refused with the reason."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import numpy as np
import onnx
import pytest

from rules.load import DataError, WorldError, loads
from rules.recognise.images import Card, Classifier, Layout, Output
from rules.recognise.raster import Pixels
from tests.images import BLUE, CARD, RED, redness

CATEGORIES: dict[str, object] = {"porn": None}


def plain(colour: tuple[int, int, int]) -> Pixels:
    return np.full((24, 32, 3), colour, dtype=np.uint8)


def opened(folder: Path, card: str = "") -> Classifier:
    if card:
        (folder / "card.yaml").write_text(card, encoding="utf-8")
    return Classifier.open(folder / "redness.onnx", folder / "card.yaml", CATEGORIES)


@pytest.mark.parametrize("layout", list(Layout))
@pytest.mark.parametrize("batch", ["n", 1])
def test_the_tiny_model_sees_red(tmp_path: Path, layout: str, batch: int | str) -> None:
    redness(tmp_path, layout, batch=batch)
    found = opened(tmp_path)
    rows = found.scores([plain(RED), plain(BLUE), plain(RED)])
    assert rows.shape == (3, 2)
    assert rows[0, 0] > 0.7
    assert rows[1, 0] < 0.1
    (signal,) = found.signals(rows[:2])  # two frames of one image: the highest counts
    assert (signal.category, signal.recogniser, signal.list) == ("porn", "image", "redness")
    assert signal.confidence == pytest.approx(float(rows[0, 0]), abs=1e-3)
    assert signal.matched == f"red {rows[0, 0]:.2f}"
    assert found.signals(rows[1:2]) == ()


def test_an_uncalibrated_class_tells_what_its_card_says(tmp_path: Path) -> None:
    redness(tmp_path)
    card = CARD.format(layout="NCHW").replace("calibrated: true", "confidence: 0.93")
    found = opened(tmp_path, card)
    (signal,) = found.signals(found.scores([plain(RED)]))
    assert signal.confidence == 0.93


@pytest.mark.parametrize("output", [Output.LOGITS, Output.SIGMOID])
def test_raw_numbers_become_probabilities(tmp_path: Path, output: Output) -> None:
    redness(tmp_path)
    found = opened(tmp_path, CARD.format(layout="NCHW") + f"output: {output}\n")
    rows = found.scores([plain(RED), plain(BLUE)])
    assert ((rows > 0) & (rows < 1)).all()
    if output is Output.LOGITS:
        assert rows.sum(axis=1) == pytest.approx([1, 1])


def test_scaling_mean_and_order_are_the_cards() -> None:
    text = CARD.format(layout="NHWC") + "bgr: true\nmean: [0, 0.5, 0]\nstd: [1, 1, 0.5]\n"
    fed = loads(Card, text, "card.yaml").fed([plain((255, 0, 51))])
    assert fed.shape == (1, 24, 32, 3)
    assert fed[0, 0, 0].tolist() == pytest.approx([0.2, -0.5, 2.0])


PLAIN = CARD.format(layout="NCHW")
CARDS = {
    "another layout": (PLAIN.replace("NCHW", "NHWC"), "the card says NHWC"),
    "another size": (PLAIN.replace("width: 32", "width: 64"), r"the card says NCHW \(3, 24, 64\)"),
    "a class too many": (PLAIN + "  - {name: third}\n", "3 classes"),
    "no such category": (PLAIN.replace("porn", "nonsense"), "no category: nonsense"),
    "no category at all": (PLAIN.replace("category: porn, ", ""), "no class of the model means"),
    "another file": (PLAIN + f"sha256: {sha256(b'x').hexdigest()}\n", "sha256"),
    "a threshold beyond": (PLAIN.replace("0.5", "1.5"), "threshold"),
    "no numbers to divide by": (PLAIN + "std: [1, 0, 1]\n", "std"),
    "an endless picture": (PLAIN.replace("width: 32", "width: 99999"), "from 1 to"),
}


@pytest.mark.parametrize(("card", "why"), CARDS.values(), ids=CARDS)
def test_a_card_that_does_not_fit_is_refused(tmp_path: Path, card: str, why: str) -> None:
    redness(tmp_path)
    with pytest.raises(DataError, match=why):
        opened(tmp_path, card)


def damaged(path: Path, how: str) -> None:
    content = path.read_bytes()
    changed = {
        "cut short": content[: len(content) // 2],
        "empty": b"",
        "text": b"<html>404 not found</html>",
        "flipped": content[:40] + bytes(b ^ 0xFF for b in content[40:90]) + content[90:],
    }
    path.write_bytes(changed[how])


@pytest.mark.parametrize("how", ["cut short", "empty", "text", "flipped"])
def test_a_damaged_model_is_refused_with_the_reason(tmp_path: Path, how: str) -> None:
    damaged(redness(tmp_path), how)
    with pytest.raises(DataError, match=r"redness\.onnx:1:1"):
        opened(tmp_path)


def test_a_model_of_a_version_to_come_is_refused(tmp_path: Path) -> None:
    redness(tmp_path, opset=9_999)
    with pytest.raises(DataError, match="not a model that can be run"):
        opened(tmp_path)


def test_numbers_that_are_no_probabilities_are_refused(tmp_path: Path) -> None:
    path = redness(tmp_path)
    model = onnx.load(path)
    model.graph.node[3].op_type = "Identity"
    del model.graph.node[3].input[1:]
    weights = np.full((3, 2), 7, dtype=np.float32)
    offsets = np.array([5, 5], dtype=np.float32)
    for tensor, value in zip(model.graph.initializer, (weights, offsets), strict=False):
        tensor.raw_data = value.tobytes()
    path.write_bytes(model.SerializeToString())
    with pytest.raises(DataError, match="output: logits"):
        opened(tmp_path)


def test_files_that_are_not_there_are_the_worlds_fault(tmp_path: Path) -> None:
    redness(tmp_path).unlink()
    with pytest.raises(WorldError):
        opened(tmp_path)
