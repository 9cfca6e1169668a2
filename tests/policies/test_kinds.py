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


def test_programs_are_asked_for_with_what_they_look_like() -> None:
    kinds = Kinds(
        [
            Kind(id="games", layer=Layer.FUNCTIONAL),
            Kind(id="app:a", layer=Layer.APP, of=("games",)),
            Kind(id="client:a", layer=Layer.APP, of=("app:a", "games")),
            Kind(id="client:b", layer=Layer.APP, of=("app:b",)),
        ]
    )
    assert kinds.claimed(0b0001) == 0b0101
    assert kinds.claimed(0b0010) == 0b0110
    assert kinds.claimed(0) == 0
    assert KINDS.claimed(0b111) == 0b111
