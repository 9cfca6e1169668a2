"""Why an exchange was decided as it was, from the record itself: no policy need run any more.

The Event tells who asked for what and when, the trace tells what was seen, the
snapshot kept beside it tells what held. The decision is computed again; equal trace
ids prove that every input is the same. Pure.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from gateway.batch import Event
from policies.compile import Snapshot
from policies.explain import Explanation, explain
from policies.model import Role, Subject
from policies.moment import moment
from policies.render import explanation_json, explanation_lines
from rules.load import DataError
from rules.model import Facts, Gap, Signal, Signals, Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """An explanation, and whether it is proven to be the very decision of the record."""

    event: Event
    recorded: dict[str, Any]
    explanation: Explanation | None
    signals: Signals
    snapshot: Snapshot | None
    same: bool
    problem: str = ""


def why(event: Event, trace: str, document: str) -> Why:
    """Explain an Event by its trace (JSON) and its snapshot's document; either may be missing."""
    recorded = _recorded(trace)
    signals = _signals(event, recorded)
    if not document:
        text = "记录中没有策略快照 / the record holds no policy snapshot"
        return _without(event, recorded, signals, text)
    try:
        snapshot = Snapshot.from_json(document, f"{event.snapshot}.json")
    except DataError as error:
        return _without(event, recorded, signals, str(error))
    if snapshot.hash != event.snapshot:
        text = "快照与记录不符 / the snapshot kept is not the one recorded"
        return _without(event, recorded, signals, text)
    subject, facts = subject_of(event), facts_of(event, recorded)
    now, carried = moment(event.ts / 1e6), _mask(recorded, "carried")
    seat = snapshot.seat(subject)
    found = explain(seat, facts, signals, subject, now, carried=carried)
    return Why(
        event=event,
        recorded=recorded,
        explanation=found,
        signals=signals,
        snapshot=snapshot,
        same=found.verdict.trace == event.trace,
    )


def _without(event: Event, recorded: dict[str, Any], signals: Signals, text: str) -> Why:
    return Why(
        event=event,
        recorded=recorded,
        explanation=None,
        signals=signals,
        snapshot=None,
        same=False,
        problem=text,
    )


def _recorded(trace: str) -> dict[str, Any]:
    try:
        found = json.loads(trace)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def subject_of(event: Event) -> Subject:
    """Who asked, as far as policies know."""
    return Subject(
        school=event.school,
        stage=event.stage,
        tier=event.tier,
        role=Role(event.role) if event.role in set(Role) else Role.PUPIL,
        group=event.group,
        segment=event.segment,
        token=event.token,
        source=event.source,
        confidence=event.confidence,
    )


def facts_of(event: Event, recorded: dict[str, Any]) -> Facts:
    """What was observed. The stage and gap are the trace's: an Event knows only its layer."""
    stage = str(recorded.get("stage") or event.layer)
    gap = str(recorded.get("gap") or event.gap)
    return Facts(
        stage=Stage(stage) if stage in set(Stage) else Stage.REQUEST,
        host=event.host,
        names=event.names,
        port=event.port,
        scheme=event.scheme,
        method=event.method,
        path=event.path,
        media_type=event.media_type,
        status=event.status,
        gap=Gap(gap) if gap in set(Gap) else None,
    )


def _signals(event: Event, recorded: dict[str, Any]) -> Signals:
    items = tuple(
        Signal(
            category=category,
            recogniser=recogniser,
            matched=matched,
            list=listed,
            confidence=float(odds[0]) if odds and odds[0] else 1.0,
        )
        for category, recogniser, matched, listed, *odds in event.signals
    )
    return Signals(mask=_mask(recorded, "mask"), items=items)


def _mask(recorded: dict[str, Any], name: str) -> int:
    """A number in hexadecimal of the trace; 0 where there is none."""
    try:
        return max(0, int(str(recorded.get(name, "0")), 16))
    except ValueError:
        return 0


def why_json(found: Why, document: dict[str, Any]) -> dict[str, Any]:
    """One document with stable keys; `document` is the Event's own."""
    told: dict[str, Any] = {
        "event": document,
        "recorded": found.recorded,
        "same_decision": found.same,
        "problem": found.problem,
        "explanation": None,
    }
    if found.explanation is not None and found.snapshot is not None:
        told["explanation"] = explanation_json(found.explanation, found.signals, found.snapshot)
    return told


def why_lines(found: Why) -> list[str]:
    """The explanation for a person."""
    event = found.event
    lines = [
        f"事件 event     {event.code}  {moment(event.ts / 1e6).day}  {event.layer}",
        f"目的 target    {event.host}{event.path}",
        f"记录的裁决 recorded  {event.action} → {event.enforced}  {event.clause}",
    ]
    if found.explanation is None or found.snapshot is None:
        seen = ", ".join(event.categories) or "-"
        return [*lines, f"类别 category  {seen}", f"! {found.problem}"]
    lines += explanation_lines(found.explanation, found.signals, found.snapshot)
    lines.append(
        "✓ 重算与记录一致(轨迹号相同) / computed again: the same decision (equal trace id)"
        if found.same
        else "! 重算的输入与记录不尽相同(用量、地址不在记录中) / some inputs are not in the "
        "record (quota used, address): the steps may differ"
    )
    return lines
