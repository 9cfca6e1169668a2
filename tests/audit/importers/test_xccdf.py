"""XCCDF and ARF: OpenSCAP's own words, and a large file in little memory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from audit.importers.model import RefusedError
from audit.importers.xccdf import STATES, short
from audit.model import State, Why
from tests.audit.importers.recorded import by_rule, of, recording


@pytest.mark.parametrize("name", ["xccdf.xml", "arf.xml"])
def test_a_recorded_run(name: str) -> None:
    found = recording(name)
    assert found.format == "xccdf"
    assert found.targets == ("web01",)
    assert found.dated == 1795467123.0
    states = {one.state for one in found.findings}
    assert {State.PASS, State.FAIL} <= states
    assert all(one.title and "_rule_" not in one.title for one in found.findings)
    assert "not selected" in " ".join(found.notices)


def test_only_pass_is_a_pass() -> None:
    assert [name for name, (state, _) in STATES.items() if state is State.PASS] == ["pass"]
    results = "".join(
        f'<rule-result idref="x_rule_{name}"><result>{name}</result></rule-result>'
        for name in [*STATES, "strange"]
    )
    found = by_rule(of(f"<TestResult><target>t</target>{results}</TestResult>".encode()))
    assert [name for name, one in found.items() if one.state is State.PASS] == ["pass"]
    assert found["strange"].why is Why.ERROR
    assert found["notapplicable"].state is State.NOT_APPLICABLE
    assert "notselected" not in found


def test_other_xml_is_refused() -> None:
    with pytest.raises(RefusedError, match="no XCCDF"):
        of(b"<a/>", "arf")
    assert short("plain") == "plain"


PROGRAM = """
import re, sys
from audit.importers.formats import read
with open(sys.argv[1], "rb") as stream:
    found = len(read(stream).findings)
# not ru_maxrss: it keeps what the parent had before exec
with open("/proc/self/status") as status:
    print(found, int(re.search(r"VmHWM:\\s+(\\d+)", status.read())[1]) // 1024)
"""


@pytest.mark.wire
def test_twenty_megabytes_in_150(tmp_path: Path) -> None:
    path = tmp_path / "big.xml"
    with path.open("w", encoding="utf-8") as out:
        out.write('<arf:a xmlns:arf="u"><Benchmark>')
        for n in range(3000):
            filler = "<b>" + "words " * 1000 + "</b>"
            out.write(f'<Rule id="x_rule_{n}"><title>rule {n}</title>{filler}</Rule>')
        out.write("</Benchmark><TestResult><target>t</target>")
        for n in range(3000):
            out.write(f'<rule-result idref="x_rule_{n}"><result>pass</result></rule-result>')
        out.write("</TestResult></arf:a>")
    megabytes = path.stat().st_size / 1e6
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(path)], capture_output=True, text=True, check=True,
        cwd=Path(__file__).parents[3],
    )  # fmt: skip
    findings, peak = map(int, done.stdout.split())
    assert megabytes > 18
    assert findings == 3000
    assert peak < 150
