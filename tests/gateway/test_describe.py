"""From what was seen to the record: what is told, and what privacy keeps back."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway import describe
from gateway.batch import Batch, EventLayer, Kind, decode, encode
from gateway.describe import Key, Seen, Told, coarse, odds
from gateway.pipeline import Outcome
from policies.model import Action, Subject
from rules.model import Facts, Gap, Signal, Signals, Stage
from tests.gateway.event_samples import FACTS, HIT, NOON, PUPIL, event, outcome, verdict

KEY = Key(
    bucket=NOON,
    kind=Kind.PASSED,
    layer=EventLayer.REQUEST,
    host="bet.example",
    school="s1",
    stage="junior",
    tier="12-16",
    role="pupil",
    group="g7",
    segment="wifi",
    source="radius",
    profile="junior",
    action=Action.BLOCK,
    enforced=Action.BLOCK,
    clause="c",
    trace="t",
    snapshot="5",
    gap="",
    category="gambling",
    signals=(("gambling", "hosts", "own", 1.0),),
)


def seen(facts: Facts = FACTS, subject: Subject = PUPIL, what: Outcome | None = None) -> Seen:
    return Seen(
        KEY, facts, subject, what or outcome(), NOON + 0.25, 9, "CODE", "b" * 64, "", 300, 4000, 7
    )


def test_an_event_tells_what_was_seen() -> None:
    assert describe.event(("n1", "proxy-0", "b1"), seen(), query=False) == event(
        seq=9, code="CODE", ts=NOON * 1_000_000 + 250_000, names=("bet.example",)
    )


@pytest.mark.parametrize(
    ("action", "query", "path"),
    [
        (Action.BLOCK, False, "/wheel"),
        (Action.BLOCK, True, "/wheel?name=li"),
        (Action.WARN, False, "/wheel"),
        (Action.OBSERVE, False, "/wheel"),
        (Action.ALLOW, False, ""),
        (Action.ALLOW, True, ""),
        (Action.REWRITE, True, ""),
    ],
)
def test_the_path_is_told_only_of_what_was_not_let_through(
    action: Action, query: bool, path: str
) -> None:
    found = describe.event(("n", "w", "b"), seen(what=outcome(action)), query=query)
    assert found.path == path


def test_no_address_of_the_client_can_reach_an_event() -> None:
    found = describe.event(("n", "w", "b"), seen(replace(FACTS, address="192.0.2.7")), query=True)
    assert "192.0.2.7" not in repr(found)


def test_a_lost_exchange_keeps_only_counts() -> None:
    kept = describe.lost(KEY)
    assert kept.kind is Kind.LOST
    assert (kept.school, kept.action, kept.category) == ("s1", Action.BLOCK, "gambling")
    assert "bet.example" not in repr(kept)
    assert describe.lost(kept) == kept


def test_a_trace_keeps_the_inputs_of_the_decision() -> None:
    facts = replace(FACTS, gap=Gap.NO_NAME, labels=("l1",))
    found = describe.trace(Told(verdict(Action.BLOCK), facts, NOON))
    inputs = json.loads(found.document)
    assert (found.id, found.seen, found.snapshot) == ("trace-block", NOON, "5" * 64)
    assert int(inputs["mask"], 16) == 1 << 130
    assert (inputs["gap"], inputs["labels"], inputs["stage"]) == ("no-name", ["l1"], "request")
    assert (inputs["profile"], inputs["deciding"]) == ("junior", ["gambling"])


HOSTILE = st.text(
    st.one_of(st.characters(), st.sampled_from("\0\x1b\ud800\udc00\u2028😀")), max_size=40
)


@settings(max_examples=60, deadline=None)
@given(HOSTILE, HOSTILE, HOSTILE)
def test_hostile_text_becomes_a_record_that_travels(host: str, path: str, other: str) -> None:
    facts = replace(FACTS, host=host, path="/" + path * 50, names=(other,) * 20, method=other)
    subject = replace(PUPIL, school=other, token=host)
    hit = Signal(category=other, recogniser=other, matched=host, list=path)
    what = Outcome(outcome().deed, verdict(Action.BLOCK), Signals(mask=1, items=(hit,) * 40))
    made = describe.event(("n", "w", "b"), seen(facts, subject, what), query=True)
    told = describe.trace(Told(verdict(Action.BLOCK), replace(facts, labels=(other,)), NOON))
    key = KEY._replace(host=host, school=other, signals=((other, other, path, 1.0),))
    counted = describe.aggregate(key, [1, 0, 0, 0])
    sent = Batch(
        node="n", worker="w", boot="b", seq=1, events=(made,), aggregates=(counted,), traces=(told,)
    )
    assert decode(encode(sent)) == sent
    assert len(made.names) <= 8
    assert len(made.signals) <= 16


def test_a_path_of_10_mb_is_capped() -> None:
    facts = replace(FACTS, stage=Stage.REQUEST, path="/" + "长" * 10_000_000)
    assert len(describe.event(("n", "w", "b"), seen(facts), query=True).path) == 512
    assert HIT.category == "gambling"


@pytest.mark.parametrize(
    ("confidence", "told", "counted"),
    [(1.0, "", 1.0), (0.9999, "0.999", 0.99), (0.965, "0.965", 0.96), (0.0, "0.000", 0.0)],
)
def test_a_probability_is_never_told_as_certain(
    confidence: float, told: str, counted: float
) -> None:
    assert odds(confidence) == told
    assert coarse(confidence) == counted
