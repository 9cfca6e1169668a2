"""Trivy: faults with their severity; what a secret rule matched is never kept."""

from __future__ import annotations

import json

import pytest

from audit.importers.model import RefusedError, evidences
from audit.model import Severity, State
from tests.audit.importers.recorded import by_rule, of, recording


def test_a_recording() -> None:
    found = recording("trivy.json")
    rules = by_rule(found)
    assert rules["vulnerability:CVE-2026-0001@libexample"].severity is Severity.HIGH
    assert rules["misconfiguration:DS005@Dockerfile"].state is State.PASS
    assert rules["misconfiguration:DS006@Dockerfile"].state is State.UNKNOWN
    assert rules["secret:generic-key@app/config.py:3"].state is State.FAIL
    kept = json.dumps([one.document for one in evidences(found, taken=2e9)])
    assert "MATCHED-VALUE" not in kept
    assert found.dated == pytest.approx(1795140000.123456)


def test_others() -> None:
    with pytest.raises(RefusedError, match="Trivy"):
        of(b"{}", "trivy")
    found = of(b'{"SchemaVersion": 2, "ArtifactName": "x"}', "trivy")
    assert "not the same" in found.notices[0]
    assert found.findings == ()
