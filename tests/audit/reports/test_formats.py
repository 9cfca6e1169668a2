"""Every format has its drawer; most draw hostile reports here (PDF: test_pdf)."""

import pytest

from audit.reports.formats import DRAWERS, drawer
from tests.audit.reports.made import hostile, small


@pytest.mark.parametrize("name", sorted(set(DRAWERS) - {"pdf", "docx", "xlsx"}))
def test_draws(name: str) -> None:
    assert len(drawer(name)(hostile())) > 10_000
    assert drawer(name)(small())


def test_the_formats() -> None:
    assert sorted(DRAWERS) == sorted(
        "html docx pdf xlsx csv json oscal xccdf sarif junit".split()  # noqa: SIM905
    )
    with pytest.raises(KeyError):
        drawer("exe")
