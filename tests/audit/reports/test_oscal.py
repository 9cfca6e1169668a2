"""OSCAL: read by compliance-trestle; what is unknown is never satisfied."""

import json
import subprocess
from pathlib import Path

import pytest

from audit.reports import oscal
from audit.reports.model import Report
from tests.audit.reports.made import hostile, report, small, validators


def test_the_same_report_is_the_same_file() -> None:
    assert oscal.render(report()) == oscal.render(report())


def test_unknown_is_not_satisfied() -> None:
    result = oscal.tree(report())["assessment-results"]["results"][0]
    assert len(result["findings"]) == 211
    for one in result["findings"]:
        state = one["props"][0]["value"]
        satisfied = one["target"]["status"]["state"] == "satisfied"
        assert satisfied == (state in ("pass", "not_applicable"))
    known = {one["uuid"] for one in result["observations"]}
    named = {
        each["observation-uuid"]
        for one in result["findings"]
        for each in one.get("related-observations", ())
    }
    assert named <= known


def test_tokens() -> None:
    assert oscal.token("8.1.4.1.a") == "_8.1.4.1.a"
    assert oscal.token("a b:c") == "a-b-c"


@pytest.mark.wire
@pytest.mark.parametrize("one", [report, hostile, small])
def test_trestle_reads_it(one: type[Report], tmp_path: Path) -> None:
    """In an environment of its own: its packages would change ours."""
    path = tmp_path / "assessment-results.json"
    path.write_bytes(oscal.render(one()))
    program = (
        "import sys, warnings; warnings.simplefilter('ignore')\n"
        "from trestle.oscal.assessment_results import AssessmentResults\n"
        "found = AssessmentResults.oscal_read(__import__('pathlib').Path(sys.argv[1]))\n"
        "print(len(found.results[0].findings))"
    )
    done = subprocess.run(
        [validators(), "-W", "ignore", "-c", program, str(path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2_000:]
    assert done.stdout.split()[-1] == "211"
    assert json.loads(path.read_text())
