"""The learner: sits in the writer, hears every stored batch, and lets evidence have its effect.

A candidate is noted once; where policy says `block` it stands in `<data>/lists/learned/` at
once, which the supervisor watches and compiles like any list. Trouble here never touches the
events: it is said and counted. This module is a door to the file system; the clock is a
parameter.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from pathlib import Path

import yaml

from gateway.batch import Batch
from gateway.learned import Learned, Standing, State
from gateway.node import Node
from gateway.reload import CURRENT, LEARNED, write_text
from gateway.rows import day_of
from gateway.votes import Bounds, Ground, Vote, load_bounds, votes
from policies import document
from policies.compile import Document
from policies.learning import Learning, Then, judge
from policies.policy import Scope
from rules.hosts import normal_path
from rules.suffixes import load_suffixes

ISSUER = "自动学习 learned"
KEEP = 10.0  # seconds for which counts of clean pages may wait for a vote
TIDY = 3600.0  # seconds between looks for what has expired
OFFICIAL = (".gov.cn", ".edu.cn", ".mil.cn", ".gov", ".edu")
DAY = 86_400


class Learner:
    """`hear` takes batches that were stored; everything else follows."""

    def __init__(self, node: Node, clock: Callable[[], float]) -> None:
        self.node = node
        self._clock = clock
        self._bounds: Bounds | None = None
        self._ground: Ground | None = None
        self._learning: Learning | None = None
        self._seen = ""
        self._learned: Learned | None = None
        self._tidy_at = 0.0
        self._keep_at = 0.0
        self._clean: Counter[tuple[str, str]] = Counter()

    def close(self) -> None:
        """Keep what was counted, and end. Raises WorldError where it cannot be kept."""
        learned, self._learned = self._learned, None
        if learned is not None:
            try:
                learned.take((), self._counted())
            finally:
                learned.close()

    def hear(self, batches: Sequence[Batch]) -> None:
        """Learn of these batches. Raises WorldError, OSError, DataError."""
        events = [event for batch in batches for event in batch.events]
        pages = [page for batch in batches for page in batch.pages]
        if not pages and not any(event.signals for event in events):
            return
        self._follow()
        if self._learning is None or self._ground is None:
            return
        if self._learned is None:
            self._learned = Learned(learned_file(self.node))
        learned, ground = self._learned, self._ground
        cast = [vote for event in events for vote in votes(event, ground, learned.key)]
        for day, host, count in pages:
            self._clean[host, day_of(day * DAY)] += count
        now = self._clock()
        if cast or now >= self._keep_at:
            self._keep_at = now + KEEP
            learned.take(cast, self._counted())
        changed = self._judge(learned, self._learning, cast, now)
        if changed or now >= self._tidy_at:
            self._tidy_at = now + TIDY
            age = timedelta(days=self._learning.expires.days)
            learned.forget((date.fromisoformat(day_of(now)) - age).isoformat())
            publish(self.node, learned.standing(now))

    def _counted(self) -> list[tuple[str, str, int]]:
        """The clean pages since last time."""
        found, self._clean = self._clean, Counter()
        return [(host, day, count) for (host, day), count in found.items()]

    def _follow(self) -> None:
        """The policies in force, when they changed."""
        link = self.node.snapshot / CURRENT
        try:
            name = os.readlink(link)
        except OSError:
            return
        if name == self._seen:
            return
        found = document.decode(Document, (link.parent / name).read_text(encoding="utf-8"), name)
        self._bounds = self._bounds or load_bounds()
        self._ground = Ground.of(self._bounds, ((kind.id, kind.layer) for kind in found.categories))
        district = (p.learning for p in found.policies if p.scope is Scope.DISTRICT)
        self._learning = next(district, None)
        self._seen = name

    def _judge(
        self, learned: Learned, learning: Learning, cast: Iterable[Vote], now: float
    ) -> bool:
        """Note what these votes have made a candidate; whether the list changes."""
        changed = False
        for host, path, category in dict.fromkeys((v.host, v.path, v.category) for v in cast):
            before = learned.state(host, path, category, now)
            if before is not None and before.state is not State.CANDIDATE:
                continue
            then = judge(learned.evidence(host, path, category), learning)
            if then is Then.BLOCK and not singular(host):
                then = Then.PROPOSE
            state = State.BLOCKED if then is Then.BLOCK else State.CANDIDATE
            if then is Then.IGNORE or (before is not None and before.state is state):
                continue
            learned.decide(
                Standing(
                    host=host,
                    path=path,
                    category=category,
                    state=state,
                    at=now,
                    issuer=ISSUER,
                    until=now + learning.expires.days * DAY,
                )
            )
            changed = changed or state is State.BLOCKED
        return changed


def learned_file(node: Node) -> Path:
    return node.data / "learned" / "learned.sqlite"


def singular(host: str) -> bool:
    """Is this one site's own name: no public suffix, no authority's or university's?"""
    suffixes, key = load_suffixes(), host.encode("ascii", "replace")
    official = f".{host}".endswith(OFFICIAL)
    return not official and not suffixes.covers(key) and key not in suffixes.private


def publish(node: Node, standing: Iterable[Standing]) -> bool:
    """Write the learned list if it changed, or take it away where it is empty."""
    folder = node.data / "lists" / LEARNED
    lines = sorted(set(filter(None, map(list_line, standing))))
    hosts = folder / "hosts.txt"
    text = "".join(f"{line}\n" for line in lines)
    if (hosts.read_text(encoding="utf-8") if hosts.exists() else "") == text:
        return False
    if not lines:
        for path in (folder / "source.yaml", hosts):
            path.unlink(missing_ok=True)
        return True
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_text(hosts, text)
    write_text(folder / "source.yaml", sidecar())
    return True


def list_line(one: Standing) -> str:
    """The line of the list for what is blocked or confirmed; "" for the rest."""
    if one.state not in (State.BLOCKED, State.CONFIRMED):
        return ""
    path = normal_path(one.path) if one.path else ""
    entry = f"{one.host}{path}" if path else f"={one.host}"
    return "" if set(" \t#") & set(entry) else f"{entry} {one.category}"


def sidecar() -> str:
    """source.yaml of the learned list."""
    fields = {
        "id": LEARNED,
        "title": {"zh": "本节点学到的网站", "en": "Hosts learned on this node"},
        "format": "starter",
        "files": ["hosts.txt"],
        "licence": "own",
        "source": "qinglang rules learned",
        "note": "自动生成，勿改；用 rules learned confirm|reject。 Written by the gateway.",
    }
    return yaml.safe_dump(fields, allow_unicode=True, sort_keys=False)
