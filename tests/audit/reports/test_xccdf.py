"""XCCDF 1.2: valid by the schema, every finding once, unknown keeps its reason."""

import subprocess
from collections import Counter
from pathlib import Path

import pytest
from defusedxml.ElementTree import fromstring

from audit.model import State, Why
from audit.reports import xccdf
from audit.reports.model import Report
from tests.audit.reports.made import hostile, report, small

SCHEMA = Path("/usr/share/openscap/schemas/xccdf/1.2/xccdf_1.2.xsd")
SPACE = {"x": xccdf.SPACE}


def test_every_finding_once() -> None:
    root = fromstring(xccdf.render(report()))
    told = Counter(one.text for one in root.iterfind(".//x:rule-result/x:result", SPACE))
    states = Counter(one.state for one in report().run.findings)
    assert told.total() == states.total()
    assert told["pass"] == states[State.PASS]
    assert told["fail"] == states[State.FAIL] + states[State.PARTIAL]
    errors = sum(one.why is Why.ERROR for one in report().run.findings)
    assert told["error"] == errors > 0
    assert len(root.findall("x:TestResult", SPACE)) == 3


@pytest.mark.wire
@pytest.mark.parametrize("one", [report, hostile, small])
def test_valid_by_the_schema(one: type[Report], tmp_path: Path) -> None:
    if not SCHEMA.exists():
        pytest.fail("the schema is missing: sh scripts/test-packages.sh installs openscap-common")
    path = tmp_path / "r.xml"
    path.write_bytes(xccdf.render(one()))
    done = subprocess.run(
        ["xmllint", "--noout", "--nonet", "--schema", str(SCHEMA), str(path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[:2_000]
