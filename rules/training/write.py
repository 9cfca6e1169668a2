"""A trained model → its folder: `weights.npy` and `card.yaml`. A door: it writes files.

Weights first, the card that names their digest last; a run that is cut off leaves a folder
that will not open instead of one that lies.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from rules.recognise.card import Card
from rules.recognise.model import CARD, WEIGHTS


def packed(table: NDArray[np.int16]) -> bytes:
    """The bytes of weights.npy."""
    buffer = io.BytesIO()
    np.save(buffer, table, allow_pickle=False)
    return buffer.getvalue()


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def spelt(card: Card) -> str:
    """card.yaml."""
    head = "# Made by `python -m rules.training`; do not edit by hand.\n"
    return head + yaml.safe_dump(
        _plain(asdict(card)), allow_unicode=True, sort_keys=False, width=100
    )


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value


def write(folder: Path, card: Card, data: bytes) -> None:
    """Put a model where `Model.open` finds it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / CARD).unlink(missing_ok=True)
    (folder / WEIGHTS).write_bytes(data)
    (folder / CARD).write_text(spelt(card), encoding="utf-8")
