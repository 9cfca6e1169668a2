"""Ids and layers ↔ bits."""

from policies.kinds import Kind, Kinds
from rules.model import Layer

KINDS = Kinds(
    [
        Kind(id="help", layer=Layer.HELP),
        Kind(id="porn", layer=Layer.HARMFUL),
        Kind(id="games", layer=Layer.FUNCTIONAL),
    ]
)


def test_bits_follow_the_order() -> None:
    assert KINDS.mask(["games", "help"]) == 0b101
    assert KINDS.ids(0b110) == ("porn", "games")
    assert KINDS.all == 0b111
    assert len(KINDS) == 3


def test_unknown_ids_and_bits_beyond_are_nothing() -> None:
    assert KINDS.mask(["gamez", ""]) == 0
    assert KINDS.ids(0b1000) == ()


def test_layers() -> None:
    assert KINDS.layers([Layer.HARMFUL, Layer.HELP]) == 0b011
    assert KINDS.layers([]) == 0
