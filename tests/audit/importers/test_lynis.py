"""Lynis: warnings are faults, suggestions partial, and a test that ran is no pass."""

from __future__ import annotations

import pytest

from audit.importers.model import RefusedError
from audit.model import State, Why
from tests.audit.importers.recorded import by_rule, of, recording

HEAD = "report_version_major=1\nlynis_version=3.1.6\nhostname=t\n"


def test_a_recorded_run() -> None:
    found = recording("lynis.dat")
    assert (found.tool, found.version, found.targets) == ("Lynis", "3.0.8", ("web01",))
    assert not [one for one in found.findings if one.state is State.PASS]
    assert by_rule(found)["AUTH-9262"].state is State.PARTIAL
    assert found.facts["web01"]["os_name"] == "Debian"


def test_states() -> None:
    text = (
        HEAD + "warning[]=SSH-7408|root login|PermitRootLogin|set no|\nmanual_event[]=M-1|look|\n"
        "tests_executed=SSH-7408|AUTH-9204|\ntests_skipped=NETW-1|\nfinish=true\n"
    )
    found = of(text.encode())
    rules = by_rule(found)
    assert (rules["SSH-7408"].state, rules["SSH-7408"].detail) == (
        State.FAIL, "PermitRootLogin; set no",
    )  # fmt: skip
    assert rules["AUTH-9204"].why is Why.PENDING
    assert rules["NETW-1"].why is Why.NOT_CHECKED
    assert rules["M-1"].why is Why.PENDING
    assert found.notices == ()
    assert "cut off" in of(HEAD.encode()).notices[0]


def test_other_text_is_refused() -> None:
    with pytest.raises(RefusedError, match="no Lynis"):
        of(b"a=b\n", "lynis")
