"""Two runs: what changed and how; what cannot be compared is not called mended."""

from dataclasses import replace

import pytest

from audit.difference import Kind, compare, kind_of
from audit.model import State
from tests.audit.judged import made

P, H, F, N, U = (
    State.PASS, State.PARTIAL, State.FAIL, State.NOT_APPLICABLE, State.UNKNOWN,
)  # fmt: skip


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        (P, F, Kind.NEW), (U, F, Kind.NEW), (N, H, Kind.NEW), (H, F, Kind.WORSE),
        (F, H, Kind.BETTER), (F, P, Kind.FIXED), (F, N, Kind.SETTLED), (F, U, Kind.LOST),
        (P, U, Kind.LOST), (U, P, Kind.SETTLED), (P, N, Kind.UNCHANGED), (F, F, Kind.UNCHANGED),
    ],
)  # fmt: skip
def test_kinds(before: State, after: State, kind: Kind) -> None:
    assert kind_of(before, after) is kind


def test_the_same_run_is_unchanged() -> None:
    found = compare(made(), made())
    assert {one.kind for one in found.changes} == {Kind.UNCHANGED}
    assert found.counts("finding")["unchanged"] == len(made().findings)


def test_drift_and_versions() -> None:
    at = next(n for n, one in enumerate(made().findings) if one.state is State.PASS)
    findings = list(made().findings)
    findings[at] = replace(findings[at], state=State.FAIL)
    found = compare(made(), replace(made(), findings=tuple(findings)))
    assert [one.name for one in found.drift] == [findings[at].check]
    findings[at] = replace(findings[at], version="other")
    found = compare(made(), replace(made(), findings=tuple(findings)))
    assert found.drift == ()
    assert found.counts("finding")["not_comparable"] == 1


def test_another_clause_text_is_not_comparable() -> None:
    controls = (replace(made().controls[0], objects=()), *made().controls[1:])
    found = compare(made(), replace(made(), controls=controls))
    assert found.counts()["not_comparable"] >= 1
    assert compare(made(), replace(made(), items=())).counts()["not_comparable"] >= 1
