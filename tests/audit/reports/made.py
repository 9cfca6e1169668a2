"""Reports for tests: of recorded hosts, and one in which every free text is hostile."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from audit.catalog import Catalog, load_catalog
from audit.checks import load_checks
from audit.items import Answer
from audit.model import (
    Evidence,
    ObjectClass,
    Organisation,
    Repair,
    RepairState,
    State,
    System,
    Target,
    Waiver,
)
from audit.probes import host
from audit.reports.assemble import Beside, assemble
from audit.reports.model import Earlier, Report
from audit.run import Run, assess
from audit.yardsticks import Yardsticks, load_yardsticks

RECORDINGS = Path(__file__).parent.parent / "recordings"
NOW = 1_795_460_000.0
PING = "GBT22239-2019:3:8.1.4.5"
UNITS = (
    Organisation(id="district", name="示例区教育局"),
    Organisation(id="s01", name="示例区第一中学", above="district"),
    Organisation(id="s02", name="示例区第二小学", above="district"),
)
SYSTEMS = (
    System(id="portal", name="智慧校园平台", organisation="s01", s=3, a=2, g=3, owner="王建国",
           vendor="示例科技公司", filing="50000-00001", filed="2026-01-05"),
    System(id="site", name="学校网站", organisation="s02", s=2, a=2, g=2),
)  # fmt: skip
TARGETS = (
    Target(id="web01", name="门户主机", system="portal", kind=ObjectClass.SERVER,
           platform="debian", address="192.0.2.10"),
    Target(id="db01", name="db01", system="portal", kind=ObjectClass.SERVER, platform="openeuler"),
    Target(id="lost", name="lost", system="site", kind=ObjectClass.SERVER),
)  # fmt: skip
HOSTILE = (
    "<script>alert(1)</script><img src=x onerror=alert(2)>",
    "=cmd|'/c calc'!A1",
    "+1+1",
    "@SUM(1)",
    '#import "/etc/passwd": * #panic("x") $x$ *b* `c` <label> @ref \\',
    "]]>&amp;&#0;<!ENTITY x SYSTEM 'file:///etc/passwd'>",
    "a\x00b\x07c\x1b[31md\x7fe\ud800f\ufffeg",
    "good\u202egpj.exe\u2066x\u200b\u200fy",
    "{{ 7*7 }}{% for x in y %}${jndi:ldap://x}",
    "长" * 10_000,
    "w" * 10_000,
    "line1\nline2\r\nline3\ttab",
    "😀 עברית العربية",
    "",
)


@cache
def catalog() -> Catalog:
    return load_catalog()


@cache
def checks() -> dict:
    return dict(load_checks())


@cache
def yardsticks() -> Yardsticks:
    return load_yardsticks()


@cache
def evidence() -> tuple[Evidence, ...]:
    return (
        _recorded("web01", "debian12"),
        _recorded("db01", "openeuler2203"),
        host.nothing("lost", "连接被拒绝 / connection refused", method="ssh", taken=NOW),
    )


def _recorded(name: str, recording: str) -> Evidence:
    raw = (RECORDINGS / f"{recording}.txt").read_bytes()
    return host.evidence(name, raw, method="recorded", taken=NOW, live=False)


SAID = Answer(
    id="a1", control=PING, state=State.PASS, by="李明", reason="统一杀毒，李明核实", dated=NOW
)


@cache
def run() -> Run:
    return assess(
        catalog=catalog(),
        checks=checks(),
        targets=TARGETS,
        evidence=evidence(),
        scoring=yardsticks().scoring,
        aggregation=yardsticks().aggregation,
        now=NOW + 60,
        answers=(SAID,),
    )


BESIDE = Beside(
    organisation=UNITS[1],
    above=UNITS[0].name,
    system=SYSTEMS[0],
    answers=(SAID,),
    waivers=(
        Waiver(id="w1", control=PING, target="web01", reason="换代中", approver="赵红",
               granted="2026-01-01", expires="2026-12-31"),
    ),
    repairs=(
        Repair(id="r1", control=PING, target="web01", source="自查", opened="2026-01-01",
               due="2026-02-01", owner="钱勇", state=RepairState.SENT, notes=("已通知钱勇",)),
    ),
    earlier=tuple(
        Earlier(id=f"{year}", taken=NOW - (2026 - year) * 31e6, floor=0.1, ceiling=0.9, failed=3,
                unknown=9)
        for year in (2024, 2025)
    ),
)  # fmt: skip


@cache
def report() -> Report:
    return made(run(), BESIDE)


@cache
def small() -> Report:
    """One host that could not be reached: nothing known, most tables short."""
    lost = host.nothing("lost", "refused", method="ssh", taken=NOW)
    found = assess(
        catalog=catalog(),
        checks={},
        targets=TARGETS[2:],
        evidence=(lost,),
        scoring=yardsticks().scoring,
        aggregation=yardsticks().aggregation,
        now=NOW + 60,
    )
    return made(found, Beside())


def made(found: Run, beside: Beside) -> Report:
    return assemble(
        found,
        checks=checks(),
        catalog=catalog(),
        yardsticks=yardsticks(),
        now=NOW + 120,
        beside=beside,
    )


@cache
def hostile() -> Report:
    """Every text that is not ours says something hostile."""
    base = run()
    words = list(HOSTILE)
    targets = tuple(
        replace(one, name=words[n % 3], address=words[4]) for n, one in enumerate(base.targets)
    )
    findings = tuple(
        replace(one, seen=words[n % len(words)]) for n, one in enumerate(base.findings)
    )
    seen = tuple(
        replace(one, method=words[4], collector=words[6], problem=words[n])
        for n, one in enumerate(base.evidence)
    )
    answers = tuple(
        replace(SAID, id=f"a{n}", by=word[:50], reason=word or "x") for n, word in enumerate(words)
    )
    waivers = tuple(replace(BESIDE.waivers[0], reason=word, approver=word) for word in words)
    repairs = tuple(
        replace(BESIDE.repairs[0], source=word, owner=word, notes=(word,)) for word in words
    )
    return replace(
        made(
            replace(base, targets=targets, findings=findings, evidence=seen),
            replace(
                BESIDE,
                organisation=Organisation(id="x", name=words[0]),
                system=replace(SYSTEMS[0], name=words[4], owner=words[7], vendor=words[9]),
                answers=answers,
                waivers=waivers,
                repairs=repairs,
            ),
        ),
        label='内部"资料&<b>',
    )


def validators() -> str:
    """The Python with foreign validators, in an environment of its own (scripts/validators.sh)."""
    script = Path(__file__).parents[3] / "scripts" / "validators.sh"
    made = subprocess.run(["sh", str(script)], capture_output=True, text=True, check=False)
    if made.returncode:
        pytest.fail(f"the validators could not be installed: {made.stderr[-300:]}")
    return made.stdout.strip()
