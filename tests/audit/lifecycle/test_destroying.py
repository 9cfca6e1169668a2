"""The nouns of destruction: tallies, approvals, what the book says was done, plans from files."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.lifecycle.destroying import (
    APPROVED,
    BATCH,
    BEGUN,
    CERTIFIED,
    FINISHED,
    REVOKED,
    UNDONE,
    Fate,
    Plan,
    RefusedError,
    RowSet,
    State,
    Tally,
    Trace,
    agreed,
    approvals,
    day_after,
    digest_of,
    fate,
    keyed,
    may_approve,
    plan_of,
    plan_text,
    progress,
    tally_of,
)
from audit.lifecycle.people import Actor, Way
from audit.lifecycle.rules import Form, Then
from gateway.ledger import Checkpoint
from rules.load import DataError

DAY = 86400.0
A, B = (Actor(id=one, way=Way.KEY, account="x", key=one) for one in "ab")
ROWS = RowSet(
    id="roll/left", title="t", source="d", database="d", table="s", column="c", form=Form.DATE,
    before="2016-01-01", then=Then.DESTROY, rule=(), due=Tally(count=3, sum="ff"), held=Tally(),
    undated=0,
)  # fmt: skip
PLAN = Plan(
    version=1, district="d", made="m", at="2026-01-01", rules="r", book="b",
    approvers=("a", "b"), rows=(ROWS,),
)  # fmt: skip
DIGEST = digest_of(PLAN)


def record(kind: str, seq: int, at: float = 0.0, **body: Any) -> Checkpoint:
    body = {"plan": DIGEST, **body}
    return make(kind, seq, at, body)


def make(kind: str, seq: int, at: float, body: dict[str, Any]) -> Checkpoint:
    known = {"seq": seq, "time": at, "node": "data", "kind": kind, "body": body, "by": 0}
    names = Checkpoint.__dataclass_fields__
    return Checkpoint(**{one: known.get(one, "") for one in names})  # type: ignore[arg-type]


def yes(actor: Actor, seq: int, at: float = 0.0, days: float = 7) -> Checkpoint:
    proof = {"way": actor.way.value, "account": actor.account, "key": actor.key, "owner": ""}
    return record(APPROVED, seq, at, by=actor.id, days=days, proof=proof)


def no(actor: Actor, seq: int) -> Checkpoint:
    return replace(yes(actor, seq), kind=REVOKED)


def test_two_people_for_a_while() -> None:
    found = approvals([yes(A, 1), yes(B, 2)], DIGEST, DAY)
    assert [one.by for one in found] == ["a", "b"]
    assert [one.record for one in agreed(PLAN, [yes(A, 1), yes(B, 2)], DAY)] == [1, 2]
    assert approvals([yes(A, 1), yes(B, 2)], "other", DAY) == ()
    assert [one.by for one in approvals([yes(A, 1), yes(B, 2, at=DAY)], DIGEST, 7 * DAY)] == ["b"]
    assert approvals([yes(A, 1), no(A, 2)], DIGEST, 1.0) == ()
    assert len(approvals([yes(A, 1), yes(A, 2)], DIGEST, 1.0)) == 1
    assert approvals([yes(A, 1, days=10_000)], DIGEST, 31 * DAY) == ()
    with pytest.raises(RefusedError, match="1 more"):
        agreed(PLAN, [yes(A, 1)], 1.0)
    with pytest.raises(RefusedError, match="already"):
        agreed(PLAN, [yes(A, 1), yes(B, 2), record(CERTIFIED, 3)], 1.0)


def test_one_person_under_two_names_is_one() -> None:
    twin = replace(B, key=A.key)
    assert len(approvals([yes(A, 1), yes(twin, 2)], DIGEST, 1.0)) == 1


def test_who_may_approve() -> None:
    may_approve(PLAN, A, 7, ())
    standing = approvals([yes(A, 1)], DIGEST, 1.0)
    may_approve(PLAN, B, 7, standing)
    for by, days, given_, plan in (
        (A, 7, standing, PLAN),
        (replace(A, id="c"), 7, (), PLAN),
        (replace(A, way=Way.CLAIMED), 7, (), PLAN),
        (A, 0, (), PLAN),
        (A, 31, (), PLAN),
        (A, 7, (), replace(PLAN, rows=(replace(ROWS, due=Tally()),))),
    ):
        with pytest.raises(RefusedError):
            may_approve(plan, by, days, given_)


@given(st.lists(st.integers(0, 2**256 - 1), unique=True), st.data())
@settings(max_examples=50, deadline=None)
def test_sums_tell_the_same_set(digests: list[int], data: st.DataObject) -> None:
    part = data.draw(st.sets(st.sampled_from(digests))) if digests else set()
    whole = tally_of(digests)
    assert tally_of(reversed(digests)) == whole
    assert whole.less(tally_of(part)).plus(tally_of(part)) == whole
    assert whole.less(tally_of(part)) == tally_of(one for one in digests if one not in part)


def test_keys_are_told_apart() -> None:
    assert keyed(b"k", ["a", "b"]) != keyed(b"k", ["ab", ""])
    assert keyed(b"k", ["a\x1f1:b"]) != keyed(b"k", ["a", "b"])
    assert keyed(b"k", [1]) != keyed(b"l", [1])


def test_progress_and_the_doubtful_batch() -> None:
    one, two = Tally(count=1, sum="5"), Tally(count=2, sum="7")
    told = [
        record(BEGUN, 1, set="s"),
        record(BATCH, 2, set="s", batch=1, count=1, sum="5", below={"g": 1}),
        record(BATCH, 3, set="s", batch=2, count=2, sum="7", below={"g": 2}),
    ]
    found = progress(told, DIGEST, "s")
    assert (found.done, found.doubt, found.batches, found.begun) == (one, two, 2, True)
    assert found.below == {"g": 1}
    whole = Tally(count=9, sum="ff")
    assert fate(whole, whole.less(one).less(two), found) is Fate.COMMITTED
    assert fate(whole, whole.less(one), found) is Fate.UNDONE
    assert fate(whole, whole, found) is Fate.CHANGED
    undone = progress([*told, record(UNDONE, 4, set="s")], DIGEST, "s")
    assert (undone.done, undone.doubt) == (one, None)
    ended = progress([*told, record(FINISHED, 4, set="s", kept=0)], DIGEST, "s")
    assert (ended.done, ended.doubt, ended.below) == (one.plus(two), None, {"g": 3})
    assert progress(told, DIGEST, "other").begun is False


def test_a_plan_goes_through_its_file() -> None:
    text = plan_text(PLAN)
    assert plan_of(text, "p") == PLAN
    body = json.loads(text)
    body["plan"]["rows"][0]["due"]["count"] = 2
    with pytest.raises(RefusedError, match="changed"):
        plan_of(json.dumps(body), "p")
    body = json.loads(text)
    body["plan"]["version"] = 2
    with pytest.raises(RefusedError, match="version"):
        plan_of(json.dumps(body), "p")


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_any_plan_file_is_a_plan_or_a_sentence(data: st.DataObject) -> None:
    text = plan_text(PLAN)
    at = data.draw(st.integers(0, len(text) - 1))
    cut = text[:at] + data.draw(st.text(max_size=5)) + text[at + data.draw(st.integers(0, 9)) :]
    with contextlib.suppress(DataError, RefusedError):
        assert plan_of(cut, "p") == PLAN


def test_traces_and_days() -> None:
    trace = Trace(level="log", where="WAL", state=State.REMAINS)
    assert "no day known" in str(trace)
    assert day_after(dt.datetime(2026, 1, 1, tzinfo=dt.UTC).timestamp(), 35) == "2026-02-05"
