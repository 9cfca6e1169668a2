"""Rehearsal at its worst: every row names a host never met before.

    python -O bench/strangers.py [--rows 300000] [--rounds 3]

The shipped rules and policies; rows of three kinds of subject, spread over a day. Hosts are
made: unlisted names of three and four labels, and fresh names below listed ones (a tenth).
`known` are as many rows of 200 hosts, in the same run, for the ratio. The rows are made
beforehand: neither reading nor making them is timed. Seconds are CPU. Prints one JSON document.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from policies.changes import What  # noqa: E402
from policies.compile import Snapshot, compile_policies  # noqa: E402
from policies.load import load_policies  # noqa: E402
from policies.simulate import Rehearsal  # noqa: E402
from rules.base import RuleBase  # noqa: E402
from rules.classify import by_name  # noqa: E402
from rules.compile import build  # noqa: E402

DAY = 1_788_192_000  # 2026-09-01T00:00 in Shanghai
STAGES = ("junior", "senior", "primary-upper")
BELOW = ("bilibili.com", "qq.com", "douyin.com", "wikipedia.org", "github.com", "163.com")
ENDS = ("com", "cn", "com.cn", "net", "org", "example")


def main() -> None:
    """Build, rehearse, tell."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rows", type=int, default=300_000)
    options.add_argument("--rounds", type=int, default=3)
    asked = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        build(Path(folder), (), say=lambda _: None)
        base = RuleBase.open(Path(folder) / "rulebase")
        shot = compile_policies(load_policies(()), categories=base.categories, rulebase=base.hash)
        names = list(strangers(asked.rows))
        kinds = {"strangers": names, "known": [names[n % 200] for n in range(asked.rows)]}
        rows = {kind: list(rows_of(hosts)) for kind, hosts in kinds.items()}
        told: dict[str, list[int]] = {kind: [] for kind in kinds}
        for _ in range(asked.rounds):
            for kind in kinds:
                told[kind].append(rate(shot, base, rows[kind]))
        begun = time.process_time()
        for name in strangers(50_000, seed=2):
            base.host(name)
        fresh = (time.process_time() - begun) / 50_000
        print(json.dumps({"rows_per_second": told, "first_look_up_us": round(fresh * 1e6, 1)}))


def strangers(count: int, seed: int = 1) -> Iterator[str]:
    """Names of which none came before."""
    source = random.Random(seed)
    for n in range(count):
        word = "".join(source.choices("abcdefghijklmnopqrstuvwxyz", k=source.randint(4, 12)))
        if n % 10 == 0:
            yield f"{word}{n}.{source.choice(BELOW)}"
        else:
            front = source.choice(("www.", "cdn.", "img1.a.", "m."))
            yield f"{front}{word}{n}.{source.choice(ENDS)}"


def rows_of(hosts: list[str]) -> Iterator[tuple[Any, ...]]:
    """Recorded rows of these hosts, in order of time."""
    step = 86_400 / len(hosts)
    for n, host in enumerate(hosts):
        yield (
            int(DAY + n * step),
            1,
            *What(
                layer="request",
                host=host,
                names=f'["{host}"]',
                path=f"/page{n % 50}",
                school="no-1",
                stage=STAGES[n % 3],
                tier="",
                role="pupil",
                group="",
                segment="",
                token="",
                gap="",
                signals='[["uncategorised", "hosts", ""]]' if n % 3 else "[]",
                enforced="allow" if n % 4 else "block",
                clause="district/otherwise",
            ),
        )


def rate(shot: Snapshot, base: RuleBase, rows: list[tuple[Any, ...]]) -> int:
    """Rows a second of CPU, the report included."""
    rehearsal = Rehearsal(shot, partial(by_name, base=base))
    begun = time.process_time()
    rehearsal.add(rows)
    rehearsal.report()
    return round(len(rows) / (time.process_time() - begun))


if __name__ == "__main__":
    main()
