"""Drawings are well-formed SVG without script, and hold their numbers in words."""

from xml.etree.ElementTree import fromstring

from audit.reports import charts
from audit.reports.model import Earlier, Share
from rules.model import Text
from tests.audit.reports.made import NOW, report


def test_all_are_well_formed() -> None:
    found = report()
    for svg in (
        charts.radar(found.layers),
        charts.heat(found.cells),
        charts.trend(found.earlier),
        charts.trend(()),
    ):
        root = fromstring(svg)
        assert root.tag.endswith("svg")
        assert "script" not in svg


def test_numbers_are_said() -> None:
    svg = charts.radar(report().layers)
    assert all(word in svg for word in ("物理", "主机", "管理", "符合", "%"))
    assert charts.heat(report().cells).count("<rect") == 36


def test_hostile_titles_are_text() -> None:
    evil = Share(id="x", title=Text(zh="<script>\x00", en=""), passed=1)
    assert "<script>" not in charts.radar((evil,) * 6)
    fromstring(charts.radar((evil,) * 6))


def test_the_trend_shows_the_last_twelve() -> None:
    runs = [
        Earlier(id=str(n), taken=NOW + n * 1e6, floor=0.5, ceiling=0.6, failed=1, unknown=1)
        for n in range(20)
    ]
    assert charts.trend(runs).count("<rect") == 24
