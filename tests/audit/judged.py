"""One judged run of a recorded host, and what stands beside it, for tests of what comes after."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from audit.catalog import load_catalog
from audit.checks import load_checks
from audit.items import Answer
from audit.model import (
    Assessment,
    Compensation,
    ObjectClass,
    Organisation,
    State,
    System,
    Target,
    Waiver,
)
from audit.probes import host
from audit.record import Beside
from audit.run import Compensated, Rules, Run, assess
from audit.yardsticks import load_yardsticks

HERE = Path(__file__).parent
NOW = 1_795_460_000.0
SYSTEM = System(id="s", name="学籍系统", organisation="o", s=3, a=2, g=3)
TARGET = Target(id="web01", name="web01", system="s", kind=ObjectClass.SERVER, platform="debian")
CONTROL = "GBT22239-2019:3:8.1.4.1.a"
load_checks_once = cache(load_checks)


@cache
def made() -> Run:
    raw = (HERE / "recordings" / "debian12.txt").read_bytes()
    seen = host.evidence("web01", raw, method="recorded", taken=NOW, live=False)
    yardsticks = load_yardsticks()
    return assess(
        catalog=load_catalog(),
        checks=load_checks_once(),
        targets=(TARGET,),
        evidence=(seen,),
        scoring=yardsticks.scoring,
        aggregation=yardsticks.aggregation,
        now=NOW,
        answers=(
            Answer(id="a1", control="GBT22239-2019:3:8.1.1.1.a", state=State.PASS, by="李",
                   reason="看过 seen", dated=NOW),
        ),
        compensations=(
            Compensated(control=CONTROL, compensation=Compensation(
                by="GBT22239-2019:3:8.1.4.2.a", reason="堡垒机", approver="王")),
        ),
        waivers=(
            Waiver(id="w1", control=CONTROL, target="web01", reason="暑期更换", approver="王",
                   granted="2026-11-01", expires="2026-12-31"),
        ),
        rules=Rules(high=yardsticks.high, hazards=yardsticks.hazards, system=SYSTEM,
                    digest=yardsticks.digest),
    )  # fmt: skip


def beside() -> Beside:
    return Beside(
        checks=load_checks_once(),
        organisation=Organisation(id="o", name="某校"),
        system=SYSTEM,
        assessment=Assessment(id="2026", system="s", level=3, begins="2026-11-01",
                              ends="2026-11-30", catalog="c", targets=("web01",)),
    )  # fmt: skip


def small_beside() -> Beside:
    """Without the checks: quick to write and to read."""
    checks = load_checks_once()
    few = {name: checks[name] for name in list(checks)[:3]}
    return Beside(
        checks=few,
        organisation=beside().organisation,
        system=SYSTEM,
        assessment=beside().assessment,
    )
