"""Prowler: muted stays failed, manual stays open."""

from __future__ import annotations

import pytest

from audit.importers.model import RefusedError
from audit.model import Severity, State
from tests.audit.importers.recorded import by_rule, of, recording


def test_a_recording() -> None:
    found = recording("prowler.json")
    rules = by_rule(found)
    assert found.targets == ("alibabacloud:100",)
    assert found.dated == 1795467049.0
    assert rules["ram_user_mfa_enabled@user/a"].severity is Severity.HIGH
    muted = rules["oss_bucket_logging_enabled@bucket/b"]
    assert (muted.state, muted.detail) == (State.FAIL, "muted")
    assert rules["ram_password_policy"].state is State.UNKNOWN
    assert rules["kms_rotation"].state is State.PASS


def test_others() -> None:
    with pytest.raises(RefusedError, match="Prowler"):
        of(b"[{}]", "prowler")
    found = of(b'[{"finding_info": 1, "metadata": 2}, {"x": 1}]', "prowler")
    assert found.findings[0].state is State.UNKNOWN
    assert "no findings" in found.notices[0]
