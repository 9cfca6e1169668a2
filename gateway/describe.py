"""What was seen of one exchange → its Event, its Aggregate, its Trace. Pure.

This is where privacy is kept: a path is told only of what was not let through,
its query only where the node's detail says so, and every text is cleaned and
capped before it becomes part of a record. No addresses of clients come in here:
the Subject carries a keyed pseudonym.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from gateway.batch import Aggregate, Event, EventLayer, Kind, Trace, clean
from policies.model import Action
from rules.recognise.personal.carried import OUTFLOW

if TYPE_CHECKING:
    from gateway.pipeline import Outcome
    from policies.model import Subject, Verdict
    from rules.model import Facts, Signals

PASSED = frozenset({Action.ALLOW, Action.REWRITE, Action.LIMIT, Action.MASK})
"""Actions that let an exchange through; `observe` does too, but is recorded in full."""

NAME = 255  # characters of a host or of what a list matched
LABEL = 64  # characters of an id
MOST_NAMES = 8
MOST_SIGNALS = 16

type Sums = list[int]  # exchanges, bytes up, bytes down, ms


class Key(NamedTuple):
    """What exchanges of one aggregate have in common: an Aggregate without its sums."""

    bucket: int
    kind: Kind
    layer: EventLayer
    host: str
    school: str
    stage: str
    tier: str
    role: str
    group: str
    segment: str
    source: str
    profile: str
    action: Action
    enforced: Action
    clause: str
    trace: str
    snapshot: str
    gap: str
    category: str
    signals: tuple[tuple[str, str, str, float], ...]


class Seen(NamedTuple):
    """One exchange as the caller saw it; an Event is made of it later."""

    key: Key
    facts: Facts
    subject: Subject
    outcome: Outcome
    now: float
    seq: int
    code: str
    rulebase: str
    problem: str
    bytes_up: int
    bytes_down: int
    duration_ms: int


class Told(NamedTuple):
    """A verdict whose trace is to be told, with the facts it was decided on."""

    verdict: Verdict
    facts: Facts
    now: int


def event(origin: tuple[str, str, str], seen: Seen, *, query: bool) -> Event:
    """The Event of one exchange; `origin` is (node, worker, boot)."""
    facts, subject, verdict = seen.facts, seen.subject, seen.outcome.verdict
    return Event(
        node=origin[0],
        worker=origin[1],
        boot=origin[2],
        seq=seen.seq,
        code=seen.code,
        ts=int(seen.now * 1_000_000),
        layer=seen.key.layer,
        token=clean(subject.token, 128),
        school=clean(subject.school, LABEL),
        stage=clean(subject.stage, LABEL),
        tier=clean(subject.tier, LABEL),
        role=str(subject.role),
        group=clean(subject.group, LABEL),
        segment=clean(subject.segment, LABEL),
        source=clean(subject.source, LABEL),
        confidence=float(subject.confidence),
        profile=clean(verdict.profile, LABEL),
        host=clean(facts.host, NAME),
        names=tuple([clean(name, NAME) for name in facts.names[:MOST_NAMES]]),
        port=facts.port,
        scheme=clean(facts.scheme, LABEL),
        method=clean(facts.method, LABEL),
        path=_path(facts.path, verdict, query=query),
        media_type=clean(facts.media_type, LABEL),
        status=facts.status,
        categories=_categories(seen.outcome.signals),
        signals=tuple(
            [
                (
                    clean(s.category, LABEL),
                    clean(s.recogniser, LABEL),
                    clean(s.matched, NAME),
                    clean(s.list, NAME),
                    odds(s.confidence),
                )
                for s in seen.outcome.signals.items[:MOST_SIGNALS]
            ]
        ),
        gap=str(facts.gap or ""),
        action=verdict.action,
        enforced=verdict.enforced,
        deed=str(seen.outcome.deed),
        clause=clean(verdict.clause, NAME),
        trace=clean(verdict.trace, NAME),
        snapshot=clean(verdict.snapshot, NAME),
        rulebase=clean(seen.rulebase, NAME),
        bytes_up=seen.bytes_up,
        bytes_down=seen.bytes_down,
        duration_ms=seen.duration_ms,
        problem=clean(seen.problem),
    )


def odds(confidence: float) -> str:
    """How a recognition's probability is recorded: "" where it is sure."""
    return "" if confidence >= 1 else f"{int(max(confidence, 0) * 1000) / 1000:.3f}"


def coarse(confidence: float) -> float:
    """A probability in steps of 0.01, rounded down, so that few counters tell it."""
    return confidence if confidence >= 1 else int(confidence * 100) / 100


def _path(path: str, verdict: Verdict, *, query: bool) -> str:
    """The path of what was not let through; its query only at detail `requests`."""
    if verdict.action in PASSED:
        return ""
    return clean(path if query else path.partition("?")[0])


def _categories(signals: Signals) -> tuple[str, ...]:
    found = dict.fromkeys(
        clean(signal.category, LABEL) for signal in signals.items if signal.category != OUTFLOW
    )
    return tuple(found)[:MOST_SIGNALS]


def aggregate(key: Key, sums: Sums) -> Aggregate:
    """The Aggregate of these sums."""
    return Aggregate(
        bucket=key.bucket,
        kind=key.kind,
        layer=key.layer,
        host=clean(key.host, NAME),
        school=clean(key.school, LABEL),
        stage=clean(key.stage, LABEL),
        tier=clean(key.tier, LABEL),
        role=clean(key.role, LABEL),
        group=clean(key.group, LABEL),
        segment=clean(key.segment, LABEL),
        source=clean(key.source, LABEL),
        profile=clean(key.profile, LABEL),
        action=key.action,
        enforced=key.enforced,
        clause=clean(key.clause, NAME),
        trace=clean(key.trace, NAME),
        snapshot=clean(key.snapshot, NAME),
        gap=key.gap,
        category=clean(key.category, LABEL),
        signals=tuple(
            [
                (
                    clean(category, LABEL),
                    clean(recogniser, LABEL),
                    clean(listed, NAME),
                    odds(confidence),
                )
                for category, recogniser, listed, confidence in key.signals[:MOST_SIGNALS]
            ]
        ),
        count=sums[0],
        bytes_up=sums[1],
        bytes_down=sums[2],
        duration_ms=sums[3],
    )


def lost(key: Key) -> Key:
    """What is still counted of an exchange when its details cannot be kept."""
    return Key(
        bucket=key.bucket,
        kind=Kind.LOST,
        layer=key.layer,
        host="",
        school=key.school,
        stage="",
        tier="",
        role="",
        group="",
        segment="",
        source="",
        profile="",
        action=key.action,
        enforced=key.enforced,
        clause="",
        trace="",
        snapshot="",
        gap="",
        category=key.category,
        signals=(),
    )


def trace(told: Told) -> Trace:
    """The inputs of a decision, from which its full trace can be computed again.

    The mask is written in hexadecimal: it is wider than the numbers of JSON.
    """
    verdict, facts = told.verdict, told.facts
    inputs = {
        "profile": verdict.profile,
        "depth": verdict.depth,
        "stage": facts.stage,
        "gap": facts.gap or "",
        "mask": f"{verdict.mask:x}",
        "labels": [clean(label, LABEL) for label in facts.labels[:MOST_SIGNALS]],
        "action": verdict.action,
        "enforced": verdict.enforced,
        "clause": verdict.clause,
        "deciding": list(verdict.deciding),
        "carried": f"{verdict.carried:x}",
        "spent": "" if verdict.spent is None else verdict.spent.key,
    }
    return Trace(
        id=clean(verdict.trace, NAME),
        snapshot=clean(verdict.snapshot, NAME),
        seen=told.now,
        document=json.dumps(inputs, ensure_ascii=True, sort_keys=True),
    )
