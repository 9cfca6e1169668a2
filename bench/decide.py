"""What deciding costs after recognition: hot, cold, and the size of things.

    .venv/bin/python -O bench/decide.py [--schools N]

Prints µs per decision on one core (best of five): remembered (the wire's common
case), with a new category mask (the clauses are walked), with a new kind of subject,
and the seconds to compile, write and read a snapshot with N schools.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import replace

from policies.compile import Snapshot, compile_policies
from policies.decide import decide
from policies.load import load_policies
from policies.model import Action, Order, Subject
from policies.moment import at
from policies.policy import Prefix, Scope
from rules.model import Basis, Facts, Signals, Stage
from rules.sources import load_categories


def best(run: Callable[[], int], rounds: int = 5) -> float:
    """µs per call: `run` returns how many calls it made."""
    times = []
    for _ in range(rounds):
        begun = time.perf_counter()
        calls = run()
        times.append((time.perf_counter() - begun) / calls * 1e6)
    return min(times)


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--schools", type=int, default=500)
    number = options.parse_args().schools
    given = load_policies()
    categories = tuple(load_categories(()).values())
    example = next(policy for policy in given.policies if policy.scope is Scope.SCHOOL)
    schools = tuple(
        replace(
            example,
            id=f"school-{n}",
            cases=(),
            prefixes=(Prefix(prefix=f"10.{n // 256}.{n % 256}.0/24"),),
        )
        for n in range(number)
    )
    many = replace(given, policies=(*given.policies, *schools))
    orders = [
        Order(
            id=f"o{n}",
            action=Action.BLOCK,
            basis=Basis(source="bench"),
            issuer="bench",
            hosts=(f"host{n}.example",),
        )
        for n in range(1000)
    ]
    shot = compile_policies(given, categories=categories, rulebase="bench")
    begun = time.perf_counter()
    large = compile_policies(many, categories=categories, rulebase="bench", orders=orders)
    compiled = time.perf_counter() - begun
    text = large.to_json()
    begun = time.perf_counter()
    Snapshot.from_json(text)
    read = time.perf_counter() - begun

    noon = at("2026-09-01T12:00")
    facts = Facts(stage=Stage.REQUEST, host="www.example.com", path="/")
    pupil = Subject(school="school-1", stage="junior", token="t")
    some = [Signals(mask=1 << n) for n in range(64)]

    def hot(snapshot: Snapshot, seen: Facts) -> Callable[[], int]:
        def run() -> int:
            for _ in range(1000):
                for signals in some:
                    decide(snapshot, seen, signals, pupil, noon)
            return 64_000

        return run

    def masks() -> int:
        fresh = Snapshot(shot.document)
        fresh.seat(pupil).slot(noon)
        wanted = [Signals(mask=n) for n in range(1, 2000)]
        begun = time.perf_counter()
        for signals in wanted:
            decide(fresh, facts, signals, pupil, noon)
        spent.append((time.perf_counter() - begun) / len(wanted) * 1e6)
        return 1

    def subjects() -> int:
        for n in range(200):
            decide(
                large, facts, some[0], Subject(school=f"school-{n}", group=str(next_group())), noon
            )
        return 200

    groups = iter(range(10**9))
    spent: list[float] = []

    def next_group() -> int:
        return next(groups)

    def moments() -> int:
        for second in range(10_000):
            decide(shot, facts, some[0], pupil, replace(noon, timestamp=noon.timestamp + second))
        return 10_000

    names = replace(facts, names=("www.example.com",), address="192.0.2.1")
    print(f"policies {len(given.policies)}, categories {len(categories)}")
    print(f"decide, remembered                     {best(hot(shot, facts)):8.2f} µs")
    print(f"decide, remembered, names + address    {best(hot(shot, names)):8.2f} µs")
    print(f"decide, remembered, 1,000 Orders       {best(hot(large, facts)):8.2f} µs")
    print(f"decide, a new Moment each time         {best(moments):8.2f} µs")
    best(masks)
    print(f"decide, new mask (walk + trace id)     {min(spent):8.2f} µs")
    print(f"decide, new kind of subject, {number} schools{best(subjects):9.2f} µs")
    print(f"compile {number} schools + 1,000 Orders      {compiled:8.3f} s")
    print(f"read its document ({len(text) / 1e6:.1f} MB)           {read:8.3f} s")


if __name__ == "__main__":
    main()
