"""Foreign findings are bounded, the worst of several holds, and become evidence by target."""

from __future__ import annotations

import pytest

from audit.importers.model import (
    MAX_FINDINGS,
    Imported,
    ImportedFinding,
    RefusedError,
    evidences,
    settled,
    severity,
)
from audit.model import Severity, State, Why


def one(state: State, rule: str = "r", target: str = "t", **more: object) -> ImportedFinding:
    return ImportedFinding(
        tool="x", rule=rule, title="t" * 999, state=state, target=target, **more,  # type: ignore[arg-type]
    )  # fmt: skip


def of(*findings: ImportedFinding) -> Imported:
    return Imported(format="x", tool="x", dated=5.0, findings=findings)


@pytest.mark.parametrize(
    ("states", "worst"),
    [
        ("pass fail", "fail"), ("pass unknown", "unknown"), ("not_applicable pass", "pass"),
        ("unknown partial", "partial"),
    ],
)  # fmt: skip
def test_the_worst_of_several_holds(states: str, worst: str) -> None:
    (found,) = settled(of(*(one(State(word)) for word in states.split()))).findings
    assert found.state.value == worst
    assert len(found.title) == 300


def test_all_not_applicable_is_not_checked() -> None:
    found = settled(of(one(State.NOT_APPLICABLE), one(State.NOT_APPLICABLE, "s")))
    assert {(each.state, each.why) for each in found.findings} == {(State.UNKNOWN, Why.NOT_CHECKED)}
    assert "does not fit" in found.notices[0]
    mixed = settled(of(one(State.NOT_APPLICABLE), one(State.PASS, "s")))
    assert [each.state for each in mixed.findings] == [State.NOT_APPLICABLE, State.PASS]


def test_secrets_in_details_are_taken_out_and_evidence_is_by_target() -> None:
    found = settled(of(one(State.FAIL, detail="password=abc"), one(State.PASS, target="u")))
    assert "abc" not in found.findings[0].detail
    made = evidences(found, taken=9.0, names={"t": "web01"}, source="f sha256:0")
    assert [(each.target, each.probe, each.dated) for each in made] == [
        ("web01", "import-x", 5.0), ("u", "import-x", 5.0),
    ]  # fmt: skip
    assert evidences(found, taken=1.0)[0].dated == 1.0  # never later than we took it
    assert made[0].digest
    assert made[0].document["findings"][0]["state"] == "fail"


def test_too_many() -> None:
    with pytest.raises(RefusedError, match="more than"):
        settled(of(*[one(State.PASS)] * (MAX_FINDINGS + 1)))


def test_words_of_severity() -> None:
    assert [severity(word) for word in ("CRITICAL", "low", None, "strange")] == [
        Severity.HIGH, Severity.LOW, Severity.MEDIUM, Severity.MEDIUM,
    ]  # fmt: skip
