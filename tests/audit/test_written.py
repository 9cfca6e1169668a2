"""Entries become what they are."""

import pytest

from audit.record import plain
from audit.repairs import Do, Step
from audit.store import Entry
from audit.written import written
from tests.audit.judged import made


def entry(kind: str, body: object) -> Entry:
    return Entry(seq=1, kind=kind, id="x", at=1.0, by="王", body=plain(body))


def test_there_and_back() -> None:
    step = Step(repair="r", do=Do.OPEN, owner="o", due="2026-12-01")
    found = written(
        [
            entry("waiver", made().waivers[0]),
            entry("compensation", made().compensations[0]),
            entry("answer", made().answers[0]),
            entry("repair", step),
            entry("other", {}),
        ]
    )
    assert found.waivers == made().waivers
    assert found.compensations == made().compensations
    assert found.answers == made().answers
    assert found.cases["r"].repair.owner == "o"
    assert found.waivers_at(made().now) == made().waivers
    with pytest.raises(TypeError):
        written([entry("waiver", {})]).waivers[0]
