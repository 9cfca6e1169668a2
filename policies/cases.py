"""The cases inside policy files: each is decided by the same `decide` as on the wire.

Pure: how a URL is recognised comes in as a function; without one, only marker hosts
(`<category>.test.qinglang.invalid`) and the categories written in the case are known.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from policies.compile import Snapshot
from policies.decide import decide
from policies.kinds import UNCATEGORISED
from policies.model import Usage, Verdict
from policies.moment import at
from policies.policy import Case, Policy
from rules.hosts import split_url
from rules.model import APP, CLIENT, MARKER_ZONE, Facts, Signal, Signals, Stage

type Classify = Callable[[Facts], Signals]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one case; `wrong` lists every difference, empty where it holds."""

    policy: str
    case: Case
    verdict: Verdict | None
    wrong: tuple[str, ...]


def run_case(
    snapshot: Snapshot, policy: Policy, case: Case, classify: Classify | None = None
) -> Outcome:
    """Decide one case and compare."""
    try:
        facts = facts_of(case.url, case)
    except ValueError as error:
        return Outcome(policy=policy.id, case=case, verdict=None, wrong=(f"url: {error}",))
    if case.categories:
        signals = Signals(mask=snapshot.kinds.mask(case.categories))
    else:
        signals = (classify or markers(snapshot))(facts)
    usage = Usage(
        minutes=dict.fromkeys(snapshot.metered, case.used_minutes),
        bytes=dict.fromkeys(snapshot.metered, case.used_megabytes * 1_000_000),
    )
    verdict = decide(snapshot, facts, signals, case.subject, at(case.at), usage)
    if case.carries is not None:
        book, seat = snapshot.outflow, snapshot.seat(case.subject)
        bits = book.bits(case.carries)
        verdict = book.leaving(seat, facts, signals, at(case.at), bits, verdict)
    return Outcome(policy=policy.id, case=case, verdict=verdict, wrong=_compare(case, verdict))


def run_cases(snapshot: Snapshot, classify: Classify | None = None) -> list[Outcome]:
    """Every case of every policy in the snapshot."""
    return [
        run_case(snapshot, policy, case, classify)
        for policy in snapshot.policies
        for case in policy.cases
    ]


def facts_of(url: str, case: Case | None = None) -> Facts:
    """The Facts of a request for a URL (or host). Raises ValueError with a reason."""
    gap = case.gap if case is not None else None
    if not url:
        return Facts(stage=Stage.REQUEST, host="case.invalid", gap=gap)
    host, port, path = split_url(url)
    scheme = url.partition("://")[0].lower() if "://" in url else "http"
    return Facts(
        stage=Stage.REQUEST,
        host=host,
        port=port or 80,
        scheme=scheme,
        method="GET",
        path=path or "/",
        gap=gap,
    )


def markers(snapshot: Snapshot) -> Classify:
    """A recogniser of marker hosts alone."""

    def classify(facts: Facts) -> Signals:
        *above, name = facts.host.removesuffix(f".{MARKER_ZONE}").split(".")
        if above and f"{name}:" in (APP, CLIENT):
            name = f"{name}:{above[-1]}"
        mask = snapshot.kinds.mask([name]) if facts.host.endswith(f".{MARKER_ZONE}") else 0
        if not mask:
            return Signals(mask=snapshot.kinds.mask([UNCATEGORISED]))
        found = Signal(category=name, recogniser="marker", matched=facts.host)
        return Signals(mask=mask, items=(found,))

    return classify


def _compare(case: Case, verdict: Verdict) -> tuple[str, ...]:
    wrong = []
    if verdict.action is not case.expect:
        wrong.append(f"action: expected {case.expect}, got {verdict.action} ({verdict.clause})")
    if case.clause and verdict.clause != case.clause:
        wrong.append(f"clause: expected {case.clause}, got {verdict.clause}")
    if case.inspect is not None and verdict.inspect is not case.inspect:
        wrong.append(f"inspect: expected {case.inspect}, got {verdict.inspect}".lower())
    return tuple(wrong)
