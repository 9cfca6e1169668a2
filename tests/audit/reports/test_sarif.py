"""SARIF 2.1.0: valid by its schema, consistent in itself; unknown is never a pass."""

import json
import subprocess
from pathlib import Path

import pytest

from audit.model import State
from audit.reports import sarif
from audit.reports.model import Report
from tests.audit.reports.made import hostile, report, small, validators

KINDS = {"fail", "open", "review"}
LEVELS = {"none", "note", "warning", "error"}


def test_shape() -> None:
    for one in (report(), hostile(), small()):
        told = json.loads(sarif.render(one))
        assert told["version"] == "2.1.0"
        run = told["runs"][0]
        rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
        assert len(rules) == len(set(rules))
        assert run["invocations"][0]["endTimeUtc"].endswith("Z")
        for each in run["results"]:
            assert each["kind"] in KINDS
            assert each["level"] in LEVELS
            assert (each["kind"] == "fail") == (each["level"] != "none")
            assert rules[each["ruleIndex"]] == each["ruleId"]
            assert each["message"]["text"]
            uri = each["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
            assert uri.startswith("targets/")
            assert set(uri) <= set(
                "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.@-/"
            )


def test_all_that_is_no_pass() -> None:
    kept = [
        one for one in report().run.findings if one.state not in (State.PASS, State.NOT_APPLICABLE)
    ]
    assert len(sarif.tree(report())["runs"][0]["results"]) == len(kept)


@pytest.mark.wire
@pytest.mark.parametrize("one", [report, hostile, small])
def test_valid_by_the_model_of_the_schema(one: type[Report], tmp_path: Path) -> None:
    path = tmp_path / "r.sarif"
    path.write_bytes(sarif.render(one()))
    program = (
        "import sys, pydantic_sarif.model as m\n"
        "m.StaticAnalysisResultsFormatSarifVersion210JsonSchema.model_validate_json("
        "open(sys.argv[1], 'rb').read())"
    )
    done = subprocess.run(
        [validators(), "-W", "ignore", "-c", program, str(path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2_000:]
