"""What knowing apps costs: a look-up with and without them, a User-Agent, a JA4.

    .venv/bin/python -O -m bench.apps

Prints µs on one core (median of nine runs).
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from gateway.ja4 import ja4
from gateway.mitm.hello import parse
from policies.compile import compile_policies
from policies.decide import decide
from policies.load import load_policies
from policies.model import Subject
from policies.moment import at
from rules.app_files import load_apps, open_apps
from rules.base import RuleBase
from rules.classify import classify
from rules.compile import build
from rules.model import APP, CLIENT, Facts, Stage

HELLOS = Path(__file__).parent.parent / "tests" / "gateway" / "hellos.txt"
BROWSER = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36"


def median(run: Callable[[int], object], calls: int = 20_000) -> float:
    """µs per call."""
    times = []
    for _ in range(9):
        begun = time.process_time()
        for number in range(calls):
            run(number)
        times.append((time.process_time() - begun) / calls * 1e6)
    return statistics.median(times)


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        build(Path(name))
        folder = Path(name) / "rulebase"
        base, book = RuleBase.open(folder), open_apps(folder)
        hosts = [f"www.{host}" for app in load_apps().values() for host in app.hosts[:1]]
        plain = tuple(c for c in base.categories if not c.id.startswith((APP, CLIENT)))
        given = load_policies()
        pupil, noon = Subject(stage="junior", token="t"), at("2026-09-01T12:00")
        facts = Facts(stage=Stage.REQUEST, host="www.douyin.com", path="/")
        seen = replace(facts, seen=book.request("Aweme 1.0"))
        print(f"apps {len(load_apps())}, categories {len(base.categories)} ({len(plain)} of them)")
        print(
            f"look a name up anew            {median(lambda n: base.mask(hosts[n % 300])):7.2f} µs"
        )
        print(f"User-Agent seen before         {median(lambda _: book.request(BROWSER)):7.2f} µs")
        fresh = median(lambda n: book.request(f"{BROWSER} {n}"))
        print(f"User-Agent not seen before     {fresh:7.2f} µs")
        print(f"ALPN of a hello                {median(lambda _: book.tls(('h2',), '')):7.2f} µs")
        for line in HELLOS.read_text("ascii").splitlines()[2:]:
            program, _, data = line.split()
            hello = parse(bytes.fromhex(data))
            if hello is not None:
                cost = median(lambda _, m=hello.message: ja4(m), 3_000)  # type: ignore[misc]
                print(f"JA4 of {program:24}{cost:7.2f} µs")
        for title, categories in (("with apps", base.categories), ("without", plain)):
            shot = compile_policies(given, categories=categories, rulebase="b")
            mask = shot.kinds.mask(["short-video", "live", "app:douyin"])
            signals = replace(classify(facts, base), mask=mask)
            cost = median(lambda _, s=shot, g=signals: decide(s, facts, g, pupil, noon))  # type: ignore[misc]
            print(f"decide, remembered, {title:11}{cost:7.2f} µs")
        print(f"classify, nothing seen         {median(lambda _: classify(facts, base)):7.2f} µs")
        print(f"classify, a program seen       {median(lambda _: classify(seen, base)):7.2f} µs")
        base.close()


if __name__ == "__main__":
    main()
