"""A text model of a few n-grams, made without training: for tests of serving."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rules.model import Text
from rules.recognise.card import Card, Curve, Head, Material
from rules.recognise.grams import VERSION, codes, grams
from rules.recognise.model import Model
from rules.training.write import write

COLUMNS = ("porn", "gambling", "abuse")
CATEGORIES = ("porn", "gambling", "vulgar-slang")
WORDS = {
    "gambling": ("赌博", "彩金", "百家乐"),
    "porn": ("约炮", "裸聊"),
    "abuse": ("傻瓜", "垃圾"),
}
BITS = 15
STRONG = 3000


def table() -> NDArray[np.int16]:
    found = np.zeros((1 << BITS, 8), dtype=np.int16)
    for name, words in WORDS.items():
        for word in words:
            for rows in grams(codes(word), 2, BITS)[1:]:
                found[rows, COLUMNS.index(name)] = STRONG
    for rows in grams(codes("学习图书警方提醒"), 2, BITS)[1:]:
        found[rows, :3] = -STRONG
    return found


def card(**changed: Any) -> Card:
    heads = tuple(
        Head(
            id=name,
            category=category,
            scale=0.003,
            bias=-2.0,
            sizes=(Curve(slope=1.2, bias=-1.0), Curve(slope=1.2, bias=-0.5)),
            block=Curve(slope=1.0, bias=-1.0),
            ceiling=0.6 if name == "abuse" else 0.999,
        )
        for name, category in zip(COLUMNS, CATEGORIES, strict=True)
    )
    values: dict[str, Any] = {
        "id": "tiny",
        "title": Text(zh="小", en="tiny"),
        "format": 1,
        "grams": VERSION,
        "made": "2026-11-23",
        "command": "by hand",
        "licence": "ours",
        "sha256": hashlib.sha256(data()).hexdigest(),
        "bits": BITS,
        "orders": 2,
        "window": 64,
        "step": 32,
        "heads": heads,
        "trained_on": (Material(what="nothing", texts=0, licence="ours"),),
        "limits": Text(zh="玩具", en="a toy"),
    }
    return Card(**{**values, **changed})


def data() -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, table(), allow_pickle=False)
    return buffer.getvalue()


def model(**changed: Any) -> Model:
    return Model(card(**changed), table())


def written(folder: Path, **changed: Any) -> Path:
    write(folder, card(**changed), data())
    return folder
