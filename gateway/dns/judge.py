"""The one decision, asked by name: (name, client) → what the DNS answer should be, and why.

`Judge` is the adapter between the filter's core and `gateway.pipeline.judge`; it
is made anew for every Snapshot and holds nothing that changes. The clock, the
address book and what has been used of quotas come in as functions.
"""

from __future__ import annotations

from collections.abc import Callable

from gateway.background import Background
from gateway.dns.ruling import Ruling, Treatment
from gateway.dns.wire import Ede
from gateway.pipeline import Deed, Outcome, judge
from policies.compile import Snapshot
from policies.model import NO_USAGE, Depth, Moment, Subject, Usage
from rules.base import RuleBase
from rules.model import Facts, Gap, Layer, Stage

UNKNOWN = "unlisted.invalid"  # a name that no list and no Order can hold

_PLAIN = {
    Deed.PASS: Treatment.PASS,
    Deed.OPEN: Treatment.PASS,
    Deed.REWRITE: Treatment.REWRITE,
    Deed.WARN: Treatment.PAGE,
    Deed.PAGE: Treatment.PAGE,
    Deed.REFUSE: Treatment.PAGE,
}


def treatment(outcome: Outcome) -> Treatment:
    """A warning is the proxy's to show where it reads content; elsewhere it is a block.

    At the depths dns and name nobody could continue past a warning: the name would
    go on resolving to the page.
    """
    if outcome.deed is Deed.WARN and outcome.verdict.depth is Depth.CONTENT:
        return Treatment.PASS
    return _PLAIN[outcome.deed]


class Judge:
    """Decides DNS queries by one RuleBase and Snapshot. Total, no I/O."""

    __slots__ = (
        "_background",
        "_base",
        "_harmful",
        "_help",
        "_moment",
        "_snapshot",
        "_subject",
        "_titles",
        "_usage",
    )

    def __init__(
        self,
        base: RuleBase,
        snapshot: Snapshot,
        subject: Callable[[str], Subject],
        moment: Callable[[], Moment],
        usage: Callable[[str, Moment], Usage] = lambda _token, _moment: NO_USAGE,
        background: Background | None = None,
    ) -> None:
        self._base = base
        self._snapshot = snapshot
        self._subject = subject
        self._moment = moment
        self._usage = usage
        self._background = background or Background()
        self._help = base.bits(c.id for c in base.categories if c.layer is Layer.HELP)
        self._harmful = frozenset(c.id for c in base.categories if c.layer is Layer.HARMFUL)
        self._titles = {c.id: f"{c.title.zh} {c.title.en}" for c in base.categories}

    def __call__(
        self, name: str, client: str, *, targets: tuple[str, ...] = (), gap: Gap | None = None
    ) -> Ruling:
        subject, moment = self._subject(client), self._moment()
        facts = Facts(stage=Stage.DNS, host=name, scheme="dns", gap=gap)
        outcome = self._judged(facts, subject, moment)
        choice = treatment(outcome)
        if targets and choice is not Treatment.PAGE and not outcome.signals.mask & self._help:
            for target in targets:
                below = self._cloaked(target, subject, moment)
                if below is not None:
                    facts = Facts(stage=Stage.DNS, host=name, names=(target,), scheme="dns")
                    outcome, choice = below, Treatment.PAGE
                    break
        if choice is not Treatment.PAGE:
            counters = self._counters(facts, outcome)
            return Ruling(choice, facts, subject, outcome, counters=counters)
        deciding = outcome.verdict.deciding
        ede = Ede.BLOCKED if self._harmful.intersection(deciding) else Ede.FILTERED
        label = " ".join(self._titles.get(c, c) for c in deciding[:2])
        return Ruling(choice, facts, subject, outcome, ede, label)

    def _cloaked(self, target: str, subject: Subject, moment: Moment) -> Outcome | None:
        """Is the alias's target blocked for what it is? Being unknown is not a reason here:

        else a listed name on an unlisted delivery network would be lost in
        allow-list-only mode. So the clause must be another than an unknown name's.
        """
        outcome = self._outcome(target, subject, moment)
        if treatment(outcome) is not Treatment.PAGE:
            return None
        unknown = self._outcome(UNKNOWN, subject, moment)
        return outcome if outcome.verdict.clause != unknown.verdict.clause else None

    def _outcome(self, name: str, subject: Subject, moment: Moment) -> Outcome:
        facts = Facts(stage=Stage.DNS, host=name, scheme="dns")
        return self._judged(facts, subject, moment)

    def _judged(self, facts: Facts, subject: Subject, moment: Moment) -> Outcome:
        """By what has been used, where nothing but DNS can hold a quota.

        At the other depths the proxy counts what is really used, and its page says why.
        """
        outcome = judge(facts, subject, self._base, self._snapshot, moment)
        if outcome.verdict.metered and outcome.verdict.depth is Depth.DNS:
            usage = self._usage(subject.token, moment)
            if usage is not NO_USAGE:
                return judge(facts, subject, self._base, self._snapshot, moment, usage)
        return outcome

    def _counters(self, facts: Facts, outcome: Outcome) -> tuple[str, ...]:
        """The quotas on which asking for this name counts the minute."""
        verdict = outcome.verdict
        if not verdict.metered or verdict.depth is not Depth.DNS:
            return ()
        if self._background.covers(facts, self._snapshot.kinds.ids(verdict.mask)):
            return ()
        return tuple(one.counter for one in verdict.metered)
