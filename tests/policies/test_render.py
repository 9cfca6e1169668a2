"""Explanations and results as text, JSON, JUnit."""

import json
from xml.etree import ElementTree

from policies.cases import run_cases
from policies.explain import Missed, explain
from policies.model import Action, Subject
from policies.moment import at
from policies.policy import At, Case, Mode
from policies.render import _MISSED, explanation_json, explanation_lines, junit
from rules.model import Basis, Facts, Signal, Signals, Stage
from tests.policies.samples import clause, district, snapshot

CASE = Case(
    title="<例> & 🌙", categories=("games",), at=At("2026-09-01T10:00"), expect=Action.ALLOW
)
SHOT = snapshot(
    district(
        clause("g", "block", categories=("games",)),
        mode=Mode.MONITOR,
        basis=(Basis(source="法", clause="第一条"),),
        cases=(CASE,),
    )
)
SIGNALS = Signals(
    mask=SHOT.kinds.mask(["games"]),
    items=(Signal(category="games", recogniser="hosts", matched="x.example", list="starter"),),
)
FOUND = explain(
    SHOT.seat(Subject()),
    Facts(stage=Stage.REQUEST, host="x.example"),
    SIGNALS,
    Subject(),
    at("2026-09-01T10:00"),
)


def test_lines() -> None:
    text = "\n".join(explanation_lines(FOUND, SIGNALS, SHOT))
    for part in (
        "block (执行 enforced: observe)",
        "district/g",
        "games ← hosts: x.example starter",
        "法 第一条 [unverified]",
        SHOT.hash,
        FOUND.verdict.trace,
        "district/otherwise → allow  已有裁决 already decided",
    ):
        assert part in text


def test_json() -> None:
    found = json.loads(json.dumps(explanation_json(FOUND, SIGNALS, SHOT)))
    assert set(found) == {"verdict", "subject", "days", "signals", "steps", "rulebase"}
    assert found["verdict"]["categories"] == ["games"]
    assert found["steps"][-1] == {
        "clause": "district/otherwise",
        "action": "allow",
        "missed": "not-reached",
        "detail": "",
    }


def test_every_reason_has_words() -> None:
    assert set(_MISSED) == {None, *Missed}


def test_junit_is_xml_whatever_the_titles() -> None:
    suite = ElementTree.fromstring(junit(run_cases(SHOT)))
    assert suite.attrib["failures"] == suite.attrib["tests"] == "1"
    (case,) = suite
    assert case.attrib["name"] == CASE.title
    assert "expected allow" in case[0].attrib["message"]
