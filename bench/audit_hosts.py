"""This host audited by us, by Lynis and by OpenSCAP in one run; many recorded hosts judged.

CPU time (user and system, of the whole process tree) beside what was decided. OpenSCAP runs the
packaged content; where that is of another release, everything is "notapplicable", and it is said.

    python bench/audit_hosts.py [--recorded 1000] [--ssh 200]        (as root)
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from audit.catalog import load_catalog  # noqa: E402
from audit.checks import load_checks  # noqa: E402
from audit.model import ObjectClass, Target  # noqa: E402
from audit.probes import host  # noqa: E402
from audit.run import KNOWN, assess, examine  # noqa: E402
from audit.yardsticks import load_yardsticks  # noqa: E402

RECORDINGS = ROOT / "tests" / "audit" / "recordings"
CONTENT = "/usr/share/xml/scap/ssg/content"


def measured(words: list[str]) -> tuple[str, dict[str, Any]]:
    """Run to the end: its output, CPU seconds of its tree, the largest process."""
    begun = time.monotonic()
    with tempfile.TemporaryFile() as out:
        running = subprocess.Popen(words, stdout=out, stderr=subprocess.DEVNULL, cwd=ROOT)
        _, status, used = os.wait4(running.pid, 0)
        running.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        said = out.read().decode("utf-8", "replace")
    return said, {
        "cpu_seconds": round(used.ru_utime + used.ru_stime, 1),
        "wall_seconds": round(time.monotonic() - begun, 1),
        "largest_mib": used.ru_maxrss // 1024,
    }


def ours() -> dict[str, Any]:
    words = [sys.executable, "-m", "audit.cli", "audit", "run", "--target", "local",
             "--level", "3", "--json"]  # fmt: skip
    said, used = measured(words)
    told = json.loads(said)
    return {"tool": "qinglang audit run", "decided": told["facts_decided"],
            "items": len(told["items"]), **used}  # fmt: skip


def lynis() -> dict[str, Any]:
    if not shutil.which("lynis"):
        return {"tool": "lynis", "problem": "not installed"}
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.dat"
        words = ["lynis", "audit", "system", "--quick", "--no-colors", "--quiet",
                 "--logfile", f"{folder}/log", "--report-file", str(report)]  # fmt: skip
        _, used = measured(words)
        text = report.read_text(encoding="utf-8", errors="replace")
    done = re.search(r"^tests_executed=(.*)$", text, re.M)
    return {"tool": "lynis audit system --quick", "version": _field(text, "lynis_version"),
            "decided": len(done[1].strip("|").split("|")) if done else 0, **used}  # fmt: skip


def _field(text: str, name: str) -> str:
    hit = re.search(rf"^{name}=(.*)$", text, re.M)
    return hit[1] if hit else ""


def openscap() -> dict[str, Any]:
    contents = sorted(Path(CONTENT).glob("ssg-debian*-ds.xml"))
    if not shutil.which("oscap") or not contents:
        return {"tool": "oscap", "problem": "not installed"}
    profile = "xccdf_org.ssgproject.content_profile_anssi_np_nt28_high"
    words = ["oscap", "xccdf", "eval", "--profile", profile, str(contents[-1])]
    said, used = measured(words)
    results = re.findall(r"^Result\s+(\w+)$", said, re.M)
    known = sum(one in ("pass", "fail") for one in results)
    return {"tool": "oscap xccdf eval", "content": contents[-1].name, "decided": known,
            "rules": len(results), "notapplicable": results.count("notapplicable"),
            "remark": "" if known else "the packaged content evaluates nothing on this release",
            **used}  # fmt: skip


def recorded(count: int) -> dict[str, Any]:
    """`count` recorded hosts: output to evidence, every check, items of level 3, the score."""
    names = sorted(RECORDINGS.glob("*.txt"))
    raws = [path.read_bytes() for path in names]
    checks, catalog, yardsticks = load_checks(), load_catalog(), load_yardsticks()
    used = time.process_time()
    evidence = [
        host.evidence(f"t{at}", raws[at % len(raws)], method="bench", taken=1e9, live=False)
        for at in range(count)
    ]
    parsed, used = time.process_time() - used, time.process_time()
    targets = [
        Target(id=one.target, name=one.target, system="b", kind=ObjectClass.SERVER)
        for one in evidence
    ]
    findings = examine(checks, targets, evidence, 1e9)
    judged, used = time.process_time() - used, time.process_time()
    assess(
        catalog=catalog, checks=checks, targets=targets,
        evidence=[replace(one) for one in evidence],
        scoring=yardsticks.scoring, aggregation=yardsticks.aggregation, now=1e9,
    )  # fmt: skip
    whole = time.process_time() - used
    return {"targets": count, "findings": len(findings),
            "decided": sum(one.state in KNOWN for one in findings),
            "parse_cpu_seconds": round(parsed, 1), "judge_cpu_seconds": round(judged, 1),
            "judge_and_items_cpu_seconds": round(whole, 1)}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recorded", type=int, default=1000)
    parser.add_argument("--ssh", type=int, default=200)
    options = parser.parse_args()
    rows = [ours(), lynis(), openscap()]
    for row in rows:
        print(json.dumps(row, ensure_ascii=False), flush=True)
    mine, peer = rows[0], rows[1]
    if "cpu_seconds" in peer:
        ratio = peer["cpu_seconds"] / mine["cpu_seconds"]
        print(json.dumps({"lynis_cpu_over_ours": round(ratio, 1)}), flush=True)
    print(json.dumps(recorded(options.recorded)), flush=True)
    if options.ssh:
        words = [sys.executable, "bench/audit_ssh.py", "--targets", str(options.ssh)]
        print(measured(words)[0].splitlines()[0], flush=True)


if __name__ == "__main__":
    main()
