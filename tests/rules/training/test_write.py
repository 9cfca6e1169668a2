"""A model on disk: what was written opens, and a run cut off leaves nothing that lies."""

from pathlib import Path

import numpy as np
import pytest

from rules.load import DataError
from rules.recognise.model import CARD, Model
from rules.training.write import digest, packed, spelt, write
from tests.rules.recognise.tiny_model import card, table


def test_what_was_written_opens(tmp_path: Path) -> None:
    data = packed(table())
    write(tmp_path / "deep" / "model", card(sha256=digest(data)), data)
    assert Model.open(tmp_path / "deep" / "model").card == card()


def test_old_words_never_stand_beside_new_weights(tmp_path: Path) -> None:
    data = packed(table())
    write(tmp_path, card(sha256=digest(data)), data)
    (tmp_path / CARD).unlink()
    with pytest.raises(DataError, match="card"):
        Model.open(tmp_path)


def test_the_same_model_is_the_same_bytes() -> None:
    assert packed(table()) == packed(np.array(table()))
    assert spelt(card()) == spelt(card())
    assert "do not edit" in spelt(card())
