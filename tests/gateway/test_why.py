"""The explanation from the record alone: equal to the decision on the wire, or said not to be."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from gateway.batch import Event
from gateway.describe import Told
from gateway.describe import event as described
from gateway.describe import trace as traced
from gateway.events import Recorder
from gateway.node import Node
from gateway.pipeline import Deed, Outcome
from gateway.why import why, why_json, why_lines
from policies.compile import Snapshot
from policies.decide import decide
from policies.explain import Missed
from policies.model import Role, Subject
from policies.moment import moment
from rules.model import Facts, Gap, Signal, Signals, Stage
from tests.gateway.event_samples import NOON
from tests.policies.samples import clause, district, order, policy, snapshot

SHOT = snapshot(
    district(clause("night", "block", categories=("games",), hours=("22:00-06:00",))),
    policy("s1", "school", clause("video", "warn", categories=("video",))),
    orders=[order("o1", "block", hosts=("bad.example",))],
)


def recorded(
    tmp_path: Path,
    shot: Snapshot,
    *categories: str,
    host: str = "site.example",
    subject: Subject,
    gap: Gap | None = None,
    at: float = NOON,
) -> tuple[Event, str]:
    """An Event and its trace, as the recorder makes them of a decision."""
    facts = Facts(stage=Stage.REQUEST, host=host, gap=gap, path="/a", method="GET")
    items = tuple(Signal(category=c, recogniser="hosts", matched=host) for c in categories)
    signals = Signals(mask=shot.kinds.mask(categories or ("uncategorised",)), items=items)
    verdict = decide(shot, facts, signals, subject, moment(at))
    outcome = Outcome(Deed.PAGE, verdict, signals)
    node = Node(name="n1", data=tmp_path, detail="requests")
    recorder = Recorder(node, role="p", index=0, start=False, clock=lambda: at)
    recorder.record(facts, subject, outcome)
    (seen,) = recorder._seen
    return described(("n1", "p-0", "b"), seen, query=False), traced(
        Told(verdict, facts, int(at))
    ).document


SUBJECTS = [
    Subject(stage="junior"),
    Subject(school="s1", stage="primary-upper", token="tok-1"),
    Subject(role=Role.TEACHER),
]


@pytest.mark.parametrize(
    ("subject", "categories", "host"),
    [
        (subject, categories, host)
        for subject in SUBJECTS
        for categories in ((), ("gambling",), ("games",), ("video", "help"))
        for host in ("site.example", "bad.example")
    ],
)
def test_the_very_decision(
    tmp_path: Path, subject: Subject, categories: tuple[str, ...], host: str
) -> None:
    for at in (NOON, NOON + 11 * 3600):  # noon, 23:00
        event, trace = recorded(tmp_path, SHOT, *categories, host=host, subject=subject, at=at)
        found = why(event, trace, SHOT.to_json())
        assert found.same
        assert found.explanation is not None
        assert found.explanation.verdict.action is event.action
        assert found.explanation.verdict.clause == event.clause
        assert [step.missed for step in found.explanation.steps].count(None) == 1


def test_gaps_and_texts(tmp_path: Path) -> None:
    event, trace = recorded(tmp_path, SHOT, subject=SUBJECTS[0], gap=Gap.TLCP)
    found = why(event, trace, SHOT.to_json())
    assert found.same
    lines = why_lines(found)
    assert lines[0].startswith(f"事件 event     {event.code}")
    assert "重算与记录一致" in lines[-1]
    told = why_json(found, {"code": event.code})
    assert told["same_decision"] is True
    assert told["explanation"]["steps"][0]["clause"] == "district/gaps"
    assert Missed.NOT_REACHED in {step["missed"] for step in told["explanation"]["steps"]}


@pytest.mark.parametrize(
    ("trace", "document", "problem"),
    [
        ("", "", "没有策略快照"),
        ("[1]", "{}", "not a policy snapshot"),
        ("{", "noise", "not a policy snapshot"),
    ],
)
def test_what_is_missing_is_said(tmp_path: Path, trace: str, document: str, problem: str) -> None:
    event, _ = recorded(tmp_path, SHOT, subject=SUBJECTS[0])
    found = why(event, trace, document)
    assert (found.explanation, found.same) == (None, False)
    assert problem in found.problem
    assert problem in why_lines(found)[-1]


def test_another_snapshot_or_input_is_not_passed_off_as_the_same(tmp_path: Path) -> None:
    event, trace = recorded(tmp_path, SHOT, "games", subject=SUBJECTS[0])
    assert "不符" in why(event, trace, snapshot().to_json()).problem
    other = why(replace(event, ts=event.ts + 40_000_000_000), trace, SHOT.to_json())
    assert other.explanation is not None
    assert not other.same
    assert "inputs are not in the record" in why_lines(other)[-1]


def test_noise_in_the_record_does_not_raise(tmp_path: Path) -> None:
    event, _ = recorded(tmp_path, SHOT, subject=SUBJECTS[0])
    odd = replace(event, role="king", gap="abyss", ts=0)
    for trace in ('{"mask": "zz", "stage": 7, "gap": []}', '{"mask": "-5"}', '{"stage": "x"}'):
        assert why(odd, trace, SHOT.to_json()).explanation is not None
