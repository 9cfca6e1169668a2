"""Every kind has its words."""

from rules.recognise.personal.kind_words import WORDS
from rules.recognise.personal.kinds import Kind


def test_every_kind_has_words():
    assert set(WORDS) == set(Kind)
    assert all(one.zh and one.en for one in WORDS.values())
