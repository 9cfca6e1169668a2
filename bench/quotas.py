"""What quotas and looking again cost, in one process. `python -O bench/quotas.py`

Decisions with and without usage on the shipped policies, one mark, and one look at
many quiet tunnels. No network; figures in microseconds (milliseconds for the look).
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from gateway.background import load_background
from gateway.mitm.exchange import Exchange
from gateway.mitm.filter import Filter
from gateway.mitm.recheck import Recheck
from gateway.pipeline import Deed, Outcome
from gateway.usage import Tally
from policies.compile import compile_policies
from policies.decide import decide
from policies.load import load_policies
from policies.model import Subject
from policies.moment import at
from rules.model import Facts, Signals, Stage
from rules.sources import load_categories

ROUNDS = 100_000
TUNNELS = 20_000
NOON = at("2026-09-05T12:00")


def micro(work: Callable[[], object], rounds: int = ROUNDS) -> float:
    """Microseconds of one call, the best of five runs."""
    best = 1e9
    for _ in range(5):
        begun = time.perf_counter()
        for _ in range(rounds // 5):
            work()
        best = min(best, (time.perf_counter() - begun) / (rounds // 5))
    return best * 1e6


def main() -> None:
    made = compile_policies(
        load_policies(), categories=tuple(load_categories([]).values()), rulebase=""
    )
    facts = Facts(stage=Stage.REQUEST, host="x.example")
    signals = Signals(mask=made.kinds.mask(["video"]))
    pupil, teacher = Subject(stage="junior", token="t"), Subject(role=cast(Any, "teacher"))
    tally = Tally()
    for minute in range(30):
        tally.mark("t", ["junior/leisure"], at(f"2026-09-05T11:{minute:02d}"))
    usage = tally.usage("t", NOON)
    works: dict[str, Callable[[], object]] = {
        "decide, no quota in the seat (teacher)": lambda: decide(
            made, facts, signals, teacher, NOON
        ),
        "decide, quota in the seat, nothing used": lambda: decide(
            made, facts, signals, pupil, NOON
        ),
        "decide, quota in the seat, usage": lambda: decide(
            made, facts, signals, pupil, NOON, usage
        ),
        "usage of a token": lambda: tally.usage("t", NOON),
        "one mark": lambda: tally.mark("t", ["junior/leisure"], NOON, size=9),
    }
    for name, work in works.items():
        print(f"{name:<42} {micro(work):6.2f} us")
    look(made, facts, signals, pupil)


def look(made: Any, facts: Facts, signals: Signals, subject: Subject) -> None:
    verdict = decide(made, facts, signals, subject, NOON)
    force = SimpleNamespace(snapshot=made, base=None)
    judge = Filter(
        force=cast(Any, force),
        recorder=cast(Any, None),
        metrics=None,
        tickets=cast(Any, None),
        destinations=cast(Any, None),
        background=load_background(),
        clock=lambda: NOON.timestamp,
    )
    outcome = Outcome(Deed.PASS, verdict, signals)
    cast(Any, judge).judge = lambda *_: outcome
    connections = []
    for _ in range(TUNNELS):
        exchange = Exchange(facts, outcome)
        client = SimpleNamespace(
            subject=subject, flowing=lambda e=exchange: [e], moved=0, sockets={}, spliced=None
        )
        connections.append(SimpleNamespace(edge=client))
    recheck = Recheck(judge, lambda: cast(Any, connections))
    for name in ("first look, all judged again", "every other look"):
        begun = time.perf_counter()
        asyncio.run(recheck.round())
        took = (time.perf_counter() - begun) * 1e3
        print(f"{TUNNELS} tunnels, {name:<28} {took:6.1f} ms (judging itself not included)")


if __name__ == "__main__":
    main()
