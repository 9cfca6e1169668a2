"""Images → Signals: an ONNX model that the operator names, and the card that says how it is fed.

The card is the contract: input size, layout, scaling, and for every class of the model our
category, the threshold, and whether its number is a probability. Model and card are checked
against each other and tried once when they are opened, so that one that is cut short, of
another version, or not what its card says is refused with the reason. Nothing is downloaded.
Opening reads files; nothing else here does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from typing import Any, Self

import numpy as np

from rules.load import DataError, Problem, WorldError, load
from rules.model import Signal, Text
from rules.recognise.raster import Pixels

RECOGNISER = "image"
LARGEST_MODEL = 512 * 1024 * 1024  # bytes
LARGEST_SIDE = 1024  # pixels of a model's input
PASSED = 0.9  # what a class without a calibrated number tells: as sure as policies ask by default

type Batch = np.ndarray[Any, np.dtype[np.float32]]


class Layout(StrEnum):
    """The order of a model's input."""

    NCHW = "NCHW"
    NHWC = "NHWC"


class Output(StrEnum):
    """What a model's numbers are."""

    PROBABILITIES = "probabilities"
    LOGITS = "logits"  # softmax over the classes
    SIGMOID = "sigmoid"  # each class by itself


@dataclass(frozen=True, slots=True, kw_only=True)
class Class:
    """One class of the model: which category it means here (none: harmless), from which number.

    `calibrated` says the number is a measured probability; otherwise `confidence` is what is
    told once the threshold is passed.
    """

    name: str
    category: str = ""
    threshold: float = 0.5
    calibrated: bool = False
    confidence: float = PASSED

    def __post_init__(self) -> None:
        for name, value in (("threshold", self.threshold), ("confidence", self.confidence)):
            if not 0 < value < 1:
                raise ValueError(f"{name}: {value} is not between 0 and 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """The card of a model, a YAML file: how it is fed, what its classes mean, whose it is."""

    id: str
    title: Text
    licence: str
    width: int
    height: int
    classes: tuple[Class, ...]
    layout: Layout = Layout.NCHW
    bgr: bool = False
    crop: float = 1.0  # the part of each side, from the middle, that the model sees
    scale: float = 255.0  # pixels are divided by it first
    mean: tuple[float, ...] = (0.0, 0.0, 0.0)
    std: tuple[float, ...] = (1.0, 1.0, 1.0)
    output: Output = Output.PROBABILITIES
    sha256: str = ""
    source: str = ""
    limits: Text | None = None

    def __post_init__(self) -> None:
        if not (1 <= self.width <= LARGEST_SIDE and 1 <= self.height <= LARGEST_SIDE):
            raise ValueError(f"width and height are from 1 to {LARGEST_SIDE}")
        if len(self.mean) != 3 or len(self.std) != 3 or not all(self.std) or not self.scale:
            raise ValueError("mean and std have three numbers; std and scale are not 0")
        if not 0.5 <= self.crop <= 1:
            raise ValueError("crop is from 0.5 to 1")
        if not any(one.category for one in self.classes):
            raise ValueError("no class of the model means a category")

    def fed(self, pixels: Sequence[Pixels]) -> Batch:
        """Pixels as the model wants them."""
        batch: Any = np.stack(pixels).astype(np.float32) / np.float32(self.scale)
        if self.bgr:
            batch = batch[..., ::-1]
        batch = (batch - np.array(self.mean, np.float32)) / np.array(self.std, np.float32)
        if self.layout is Layout.NCHW:
            batch = batch.transpose(0, 3, 1, 2)
        return np.ascontiguousarray(batch, dtype=np.float32)

    @property
    def shape(self) -> tuple[int, int, int]:
        """The shape of one input, without the batch."""
        sides = (self.height, self.width)
        return (3, *sides) if self.layout is Layout.NCHW else (*sides, 3)


class Classifier:
    """An opened model. `scores` may be called from any one thread at a time."""

    def __init__(self, card: Card, session: Any, most: int) -> None:
        self.card = card
        self.most = most  # images of one run
        self._session = session
        self._input = session.get_inputs()[0].name
        self._output = session.get_outputs()[0].name

    @classmethod
    def open(cls, model: Path, labels: Path, categories: Mapping[str, object]) -> Self:
        """Model and card, checked and tried. Raises DataError, or WorldError for the files."""
        card = load(Card, labels)
        unknown = sorted({c.category for c in card.classes if c.category} - categories.keys())
        if unknown:
            raise _refused(labels, f"there is no category: {', '.join(unknown)}")
        content = _bytes(model)
        if card.sha256 and sha256(content).hexdigest() != card.sha256:
            raise _refused(model, "the content is not what the card's `sha256` says")
        session = _session(model, content)
        most = _fits(model, card, session)
        made = cls(card, session, most)
        blank = np.zeros((card.height, card.width, 3), dtype=np.uint8)
        try:
            tried = made.scores([blank] * min(2, most))
        except Exception as error:  # onnxruntime raises its own kinds, one for each cause
            raise _refused(model, f"a first try failed: {_line(error)}") from error
        if tried.shape[1:] != (len(card.classes),):
            raise _refused(
                model,
                f"the model gives {tried.shape[1:]} numbers, the card has "
                f"{len(card.classes)} classes",
            )
        if not np.isfinite(tried).all():
            raise _refused(model, "a first try gave no numbers")
        if card.output is Output.PROBABILITIES and not ((tried >= -1e-3) & (tried <= 1.001)).all():
            raise _refused(model, "the numbers are no probabilities: say `output: logits`")
        return made

    def scores(self, pixels: Sequence[Pixels]) -> Batch:
        """A row of numbers between 0 and 1 for each image."""
        rows = []
        for start in range(0, len(pixels), self.most):
            fed = self.card.fed(pixels[start : start + self.most])
            rows.append(self._session.run([self._output], {self._input: fed})[0])
        found = np.concatenate(rows).astype(np.float32)
        if self.card.output is Output.SIGMOID:
            return np.asarray(1 / (1 + np.exp(-found.clip(-60, 60))), dtype=np.float32)
        if self.card.output is Output.LOGITS and found.ndim == 2:
            powers = np.exp(found - found.max(axis=1, keepdims=True))
            return np.asarray(powers / powers.sum(axis=1, keepdims=True), dtype=np.float32)
        return found

    def signals(self, rows: Batch) -> tuple[Signal, ...]:
        """What the frames of one image are: for each class its highest number."""
        highest = rows.max(axis=0)
        found = []
        for one, number in zip(self.card.classes, highest.tolist(), strict=True):
            if one.category and number >= one.threshold:
                told = number if one.calibrated else one.confidence
                found.append(
                    Signal(
                        category=one.category,
                        recogniser=RECOGNISER,
                        matched=f"{one.name} {number:.2f}",
                        list=self.card.id,
                        confidence=round(min(told, 0.999), 4),
                        place="image",
                    )
                )
        return tuple(sorted(found, key=lambda signal: -signal.confidence))


def _bytes(model: Path) -> bytes:
    try:
        if model.stat().st_size > LARGEST_MODEL:
            raise _refused(model, f"the file is larger than {LARGEST_MODEL} bytes")
        return model.read_bytes()
    except OSError as error:
        raise WorldError(f"{model}: cannot be read: {error.strerror}") from error


def _session(model: Path, content: bytes) -> Any:
    try:
        import onnxruntime
    except ModuleNotFoundError as error:
        raise WorldError(
            "图片识别需要附加包 / reading images needs the extra: pip install qinglang[images]"
        ) from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    try:
        return onnxruntime.InferenceSession(
            content, sess_options=options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:  # cut short, another opset, external data: the reason is its text
        raise _refused(model, f"not a model that can be run: {_line(error)}") from error


def _fits(model: Path, card: Card, session: Any) -> int:
    """How many images of the card's shape the model takes at once. Raises DataError."""
    inputs = session.get_inputs()
    if len(inputs) != 1 or inputs[0].type != "tensor(float)":
        raise _refused(model, "the model must have one input of 32-bit floats")
    shape = inputs[0].shape
    sides = shape[1:]
    fits = len(shape) == 4 and all(
        have == want or not isinstance(have, int)
        for have, want in zip(sides, card.shape, strict=True)
    )
    if not fits:
        raise _refused(model, f"the model takes {shape}, the card says {card.layout} {card.shape}")
    return shape[0] if isinstance(shape[0], int) and shape[0] > 0 else 16


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:300]


def _refused(path: Path, message: str) -> DataError:
    return DataError(
        [Problem(file=str(path), line=1, column=1, message=message, remedy="the old one stays")]
    )
