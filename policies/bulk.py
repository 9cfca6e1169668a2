"""Many decisions at once: JSON lines of (subject, url, at) in, one JSON line each out.

    {"subject": "stage=junior", "url": "https://…", "at": "2026-09-01T10:00"}

`subject` may also be an object or left out, `address` may stand in its place, `at` may be
left out (now); `carries` is what the message carries, for outflow rules. What does not read
is answered by a line with `error`, in its place. Pure: lines in, lines out; what a host is comes
in as a function.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

from policies.cases import Classify, facts_of
from policies.compile import Snapshot
from policies.decide import decide
from policies.model import Moment, Subject, Verdict
from policies.moment import at
from policies.outflow import carried_of
from policies.subject import NAMES, locate, parse_subject
from rules.load import DataError
from rules.model import Facts, Gap, Signals

MAX_LINE = 65_536  # characters; a URL and a few words
MAX_KNOWN = 65_536
KEYS = frozenset({"subject", "address", "url", "at", "gap", "carries"})


class Answers:
    """Decides line by line; remembers what it has read before, within bounds."""

    def __init__(self, snapshot: Snapshot, classify: Classify, now: Moment) -> None:
        self.wrong = 0
        self._snapshot = snapshot
        self._classify = classify
        self._now = now
        self._subjects: dict[tuple[str, str], Subject] = {}
        self._moments: dict[str, Moment] = {"": now}
        self._seen: dict[tuple[str, str], tuple[Facts, Signals]] = {}
        self._told: dict[tuple[str, int], str] = {}

    def of(self, lines: Iterable[str]) -> Iterator[str]:
        """One line of JSON for each line that is not blank."""
        for number, line in enumerate(lines, 1):
            if line.isspace():
                continue
            try:
                yield f'{{"line":{number},{self._answer(line)}}}\n'
            except (ValueError, RecursionError) as error:
                self.wrong += 1
                told = {"line": number, "error": str(error) or type(error).__name__}
                yield json.dumps(told, ensure_ascii=False) + "\n"

    def _answer(self, line: str) -> str:
        if len(line) > MAX_LINE:
            raise ValueError(f"the line is longer than {MAX_LINE} characters")
        asked = json.loads(line)
        if not isinstance(asked, dict):
            raise ValueError("a line holds one object")
        if not asked.keys() <= KEYS:
            wrong = min(asked.keys() - KEYS)
            raise ValueError(f"`{wrong}` is not one of: {', '.join(sorted(KEYS))}")
        subject = self._subject(asked.get("subject", ""), asked.get("address", ""))
        moment = _known(self._moments, _text(asked.get("at", ""), "at"), at)
        url, gap = _text(asked.get("url", ""), "url"), _text(asked.get("gap", ""), "gap")
        if not url:
            raise ValueError("`url` is missing")
        facts, signals = _known(self._seen, (url, gap), self._look)
        verdict = decide(self._snapshot, facts, signals, subject, moment)
        if "carries" in asked:
            bits = self._carries(asked["carries"])
            seat, book = self._snapshot.seat(subject), self._snapshot.outflow
            verdict = book.leaving(seat, facts, signals, moment, bits, verdict)
        return _known(self._told, (verdict.trace, signals.mask), lambda _: self._tell(verdict))

    def _subject(self, given: Any, address: Any) -> Subject:
        if isinstance(given, dict):
            if not given.keys() <= set(NAMES):
                raise ValueError(f"a subject has: {', '.join(NAMES)}")
            values = {name: _text(value, name) for name, value in given.items()}
            if any("," in value for value in values.values()):
                raise ValueError("no comma may stand in a subject")
            given = ",".join(f"{name}={value}" for name, value in values.items())
        key = (_text(given, "subject"), _text(address, "address"))
        if all(key):
            raise ValueError("give `address` or `subject`, not both")
        return _known(self._subjects, key, self._who)

    def _who(self, key: tuple[str, str]) -> Subject:
        given, address = key
        if address:
            return locate(self._snapshot, address)
        return parse_subject(given, self._snapshot.default_subject)

    def _carries(self, given: Any) -> int:
        """The conditions of outflow rules that a message meets."""
        try:
            return self._snapshot.outflow.bits(carried_of(json.dumps(given)))
        except DataError as error:
            raise ValueError(error.problems[0].message) from None

    def _look(self, key: tuple[str, str]) -> tuple[Facts, Signals]:
        url, gap = key
        facts = facts_of(url)
        if gap:
            facts = replace(facts, gap=Gap(gap))
        return facts, self._classify(facts)

    def _tell(self, verdict: Verdict) -> str:
        """The answer without its braces."""
        told = {
            "action": verdict.action,
            "enforced": verdict.enforced,
            "clause": verdict.clause,
            "profile": verdict.profile,
            "categories": self._snapshot.kinds.ids(verdict.mask),
            "inspect": verdict.inspect,
            "trace": verdict.trace,
            "snapshot": verdict.snapshot,
        }
        return json.dumps(told, ensure_ascii=False, separators=(",", ":"))[1:-1]


def _text(value: Any, name: str) -> str:
    if not isinstance(value, str):
        raise ValueError(f"`{name}` is not text")
    return value


def _known[K, V](table: dict[K, V], key: K, make: Callable[[K], V]) -> V:
    """The value of a key, made on first use; a full table is emptied."""
    found = table.get(key)
    if found is None:
        if len(table) >= MAX_KNOWN:
            table.clear()
        found = table[key] = make(key)
    return found
