"""Which Events are votes: read in a page, harmful, and nobody's whose place must stay open."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.batch import Event, EventLayer
from gateway.votes import Ground, load_bounds, votes
from policies.model import Action
from rules.model import Layer
from rules.sources import load_categories
from tests.gateway.event_samples import event

CATEGORIES = load_categories(())
GROUND = Ground.of(load_bounds(), ((c.id, c.layer) for c in CATEGORIES.values()))
KEY = b"k" * 32
READ = ("gambling", "content", "百家乐 · 返水", "lexicon", "0.97")
PAGE = event(
    layer=EventLayer.RESPONSE,
    host="wheel.example",
    path="/a/b?name=li",
    status=200,
    signals=(READ,),
)


def listed(category: str) -> tuple[str, str, str, str, str]:
    return (category, "hosts", "wheel.example", "own", "")


def test_a_page_is_a_vote_without_person_or_query() -> None:
    (vote,) = votes(PAGE, GROUND, KEY)
    assert (vote.host, vote.path, vote.category) == ("wheel.example", "", "gambling")
    assert vote.words == ("百家乐", "返水")
    assert vote.day == "2026-03-01"
    told = repr(vote)
    assert "tok-7f3k" not in told
    assert "name=li" not in told
    assert "/a/b" not in told


def test_a_reload_is_the_same_vote_and_another_pupil_is_another() -> None:
    (first,) = votes(PAGE, GROUND, KEY)
    again = replace(PAGE, ts=PAGE.ts + 3_600_000_000, path="/a/b?name=wang", seq=9)
    assert votes(again, GROUND, KEY) == (first,)
    (other,) = votes(replace(PAGE, token="tok-other"), GROUND, KEY)
    assert other.voter != first.voter
    (tomorrow,) = votes(replace(PAGE, ts=PAGE.ts + 86_400_000_000), GROUND, KEY)
    assert tomorrow.day != first.day


NONE: dict[str, Event] = {
    "let through": replace(PAGE, action=Action.ALLOW),
    "decided by name": replace(PAGE, layer=EventLayer.REQUEST),
    "known by a list": replace(PAGE, signals=(listed("gambling"),)),
    "a search word": replace(PAGE, signals=(("gambling", "search", "x", "", ""),)),
    "too unsure": replace(PAGE, signals=((*READ[:4], "0.89"),)),
    "odds that do not read": replace(PAGE, signals=((*READ[:4], "sure"),)),
    "not a number": replace(PAGE, signals=((*READ[:4], "nan"),)),
    "not harmful by law": replace(PAGE, signals=(("games", "content", "x", "", "0.99"),)),
    "education": replace(PAGE, signals=(READ, listed("education"))),
    "government": replace(PAGE, signals=(READ, listed("government"))),
    "help": replace(PAGE, signals=(READ, listed("crisis"))),
    "no host": replace(PAGE, host=""),
}


@pytest.mark.parametrize("one", NONE.values(), ids=NONE)
def test_no_vote(one: Event) -> None:
    assert votes(one, GROUND, KEY) == ()


@pytest.mark.parametrize("category", load_bounds().shared)
def test_a_shared_host_is_voted_on_by_path(category: str) -> None:
    (vote,) = votes(replace(PAGE, signals=(READ, listed(category))), GROUND, KEY)
    assert vote.shared
    assert vote.path == "/a/"


def test_the_bounds_name_categories_that_exist() -> None:
    bounds = load_bounds()
    named = {*bounds.shared, *bounds.never}
    assert named - CATEGORIES.keys() == set()
    assert not set(bounds.shared) & set(bounds.never)
    assert not {n for n in named if CATEGORIES[n].layer is Layer.HARMFUL}
    assert all(n in GROUND.never for n, c in CATEGORIES.items() if c.layer is Layer.HELP)


TEXT = st.text(max_size=20)


@given(TEXT, TEXT, st.lists(st.tuples(TEXT, TEXT, TEXT, TEXT, TEXT), max_size=4))
def test_whatever_stands_in_an_event_is_survived(
    host: str, path: str, signals: list[tuple[str, str, str, str, str]]
) -> None:
    found = replace(PAGE, host=host, path=path, signals=(READ, *signals))
    for vote in votes(found, GROUND, KEY):
        assert "?" not in vote.path
