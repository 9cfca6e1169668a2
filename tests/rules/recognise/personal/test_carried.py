"""What a message carries, as counts: people, ages, bands, records without a value."""

from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from rules.recognise.personal.carried import (
    BANDS,
    PERSONAL,
    Carried,
    Opaque,
    Weighing,
    band,
    carried_json,
    recorded,
    signals,
)
from rules.recognise.personal.kinds import FINDABLE, Confidence, Kind
from tests.gateway.mitm.leaving_lab import identity

SURE, UNSURE = Confidence.VERIFIED, Confidence.SUSPECTED
TODAY = date(2026, 11, 24)


def test_values_are_told_apart_and_forgotten() -> None:
    one = Weighing()
    assert one.add(Kind.ID_CARD, identity(), SURE)
    assert not one.add(Kind.ID_CARD, " ".join(identity()), SURE)
    assert one.add(Kind.PHONE, "10000000001", UNSURE)
    one.add(Kind.PHONE, "10000000001", SURE)
    one.unread(Opaque.MEDIA)
    found = one.carried(TODAY)
    assert found.verified == {Kind.ID_CARD: 1, Kind.PHONE: 1}
    assert found.suspected == {}
    assert (found.people, found.under_14, found.unread) == (1, 1, (Opaque.MEDIA,))
    assert identity() not in repr(found)


def test_ages_end_on_the_birthday() -> None:
    for born, young in (("20121124", 0), ("20121125", 1)):
        one = Weighing()
        one.add(Kind.ID_CARD, identity(0, born), SURE)
        assert one.carried(TODAY).under_14 == young


def test_bands() -> None:
    assert [band(one) for one in (0, 1, 2, 4, 5, 49, 1000, 9**9)] == [
        "0", "1", "2-4", "2-4", "5-9", "10-49", "1000+", "1000+"
    ]  # fmt: skip
    assert list(BANDS) == sorted(BANDS)
    assert set(FINDABLE) > PERSONAL


COUNTS = st.dictionaries(st.sampled_from(sorted(FINDABLE)), st.integers(1, 500), max_size=4)


@given(COUNTS, COUNTS, st.sets(st.sampled_from(Opaque)))
@settings(max_examples=80, deadline=None)
def test_a_record_gives_the_counts_again(
    sure: dict[Kind, int], unsure: dict[Kind, int], opaque: set[Opaque]
) -> None:
    one = Carried(verified=sure, suspected=unsure, people=3, under_14=1, unread=tuple(opaque))
    again = recorded([signal.list for signal in signals(one)])
    assert again.verified == sure
    assert again.suspected == unsure
    assert set(again.unread) == opaque
    assert (again.people, again.under_14) == (2, 1)
    assert "people" in carried_json(one)


@given(st.lists(st.text(max_size=12), max_size=5))
@settings(max_examples=80, deadline=None)
def test_any_record(rows: list[str]) -> None:
    recorded(rows)
