"""Findings in logs as evidence: every sign has its check, and a check says what was seen."""

import pytest

from audit.checks import CHECKS, load_checks
from audit.concern import KINDS, OWN
from audit.judge import judge
from audit.lifecycle import access_look
from audit.lifecycle.access_evidence import PROBE, TARGET, document, evidence
from audit.lifecycle.access_look import ALL, Blind, Look
from audit.lifecycle.anomaly import AnomalyFile, Sign, State
from audit.lifecycle.logs.store import Kept
from tests.audit.lifecycle.test_access_look import MORNING, SHIPPED, kept, looked

CHECKS_OF = load_checks(CHECKS / PROBE)


def states(look: Look, blinds: list[Blind]) -> dict[str, str]:
    made = evidence(look, blinds, rules="r", now=2.0, dated=1.0, shown=str)
    return {
        name.removeprefix(f"{PROBE}-"): judge(check, made, target=TARGET, now=3.0).state
        for name, check in CHECKS_OF.items()
    }


def test_every_sign_has_a_check_that_reads_its_path() -> None:
    assert set(CHECKS_OF) == {f"{PROBE}-{sign}" for sign in Sign}
    for sign in Sign:
        assert f"found.{sign}'" in repr(CHECKS_OF[f"{PROBE}-{sign}"].expect)
    assert OWN[PROBE] == PROBE
    assert PROBE in KINDS


@pytest.mark.parametrize(
    ("entry", "fails"),
    [(kept(), {"first"}), (kept(filtered=False, export=True), {"first", "unfiltered", "export"})],
)
def test_findings_fail_and_nothing_found_passes(entry: Kept, fails: set[str]) -> None:
    found = states(looked([entry]), [])
    assert found == {sign: "fail" if sign in fails else "pass" for sign in Sign}


def test_a_gap_is_unknown_and_a_finding_beside_it_fails() -> None:
    found = states(looked([kept()]), [Blind(what="idle", signs=ALL, source="db", place="a:1")])
    assert found == {sign: "fail" if sign == "first" else "unknown" for sign in Sign}


def test_a_sign_without_a_rule_is_unknown() -> None:
    file = AnomalyFile(
        tables=("students",), rules=tuple(r for r in SHIPPED.rules if r.sign is Sign.EXPORT)
    )
    look = Look(file=file, state=State(zone=looked([]).state.zone))
    list(look.over([kept()]))
    found = states(look, [])
    assert found == {sign: "pass" if sign is Sign.EXPORT else "unknown" for sign in Sign}


def test_the_document(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access_look, "KEPT", 3)
    look = looked(kept(MORNING + n, filtered=False) for n in range(9))
    made = document(look, [], lambda name: name.replace("a.log", "<x>"))
    assert made["found"]["unfiltered"] == ["whole-table db <x>:1 ann"] * 3
    assert made["counts"]["unfiltered"] == 9
    assert made["sources"] == {"db": 9}
    assert made["gaps"] == []


def test_the_digest_is_of_the_document() -> None:
    one = evidence(looked([kept()]), [], rules="r", now=1.0, dated=1.0, shown=str)
    same = evidence(looked([kept()]), [], rules="r", now=9.0, dated=1.0, shown=str)
    other = evidence(looked([]), [], rules="r", now=1.0, dated=1.0, shown=str)
    assert one.digest == same.digest != other.digest
    assert (one.probe, one.taken, one.dated) == (PROBE, 1.0, 1.0)
