"""What the chain claims of each file, whatever stands in its bodies."""

from __future__ import annotations

from pathlib import Path

from gateway.findings import Report, What, claims
from tests.gateway.evidence_samples import archive


def test_claims_by_file(tmp_path: Path) -> None:
    made = archive(tmp_path)
    found, wrong = claims(made.chain())
    (claim,) = found.values()
    assert (claim.day, sorted(claim.seals), claim.deleted, wrong) == (
        "2026-03-01",
        [0, 1, 2],
        None,
        [],
    )


def test_bodies_that_make_no_sense_are_findings(tmp_path: Path) -> None:
    made = archive(tmp_path)
    made.signing.sign("events", {"parts": [{"segment": 1}, None]})
    made.signing.sign("events", {})
    _, wrong = claims(made.chain())
    assert [one.what for one in wrong] == [What.CHAIN, What.CHAIN]


def test_an_empty_report_holds() -> None:
    assert Report().holds
