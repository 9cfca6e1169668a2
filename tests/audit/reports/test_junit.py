"""JUnit: a suite a target, a case a check; what is unknown is not green."""

from defusedxml.ElementTree import fromstring

from audit.model import State
from audit.reports import junit
from tests.audit.reports.made import hostile, report


def test_counts() -> None:
    root = fromstring(junit.render(report()))
    assert [one.get("hostname") for one in root] == ["web01", "db01", "lost"]
    for suite in root:
        cases = suite.findall("testcase")
        assert int(suite.get("tests", "")) == len(cases)
        for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert int(suite.get(name, "")) == len(suite.findall(f"testcase/{tag}"))
    green = sum(len(case) == 0 for case in root.iter("testcase"))
    assert green == sum(one.state is State.PASS for one in report().run.findings)


def test_hostile_texts() -> None:
    root = fromstring(junit.render(hostile()))
    assert len(list(root.iter("testcase"))) == len(report().run.findings)
