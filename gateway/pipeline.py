"""The heart: (Facts, Subject, Snapshot, moment, usage) → Outcome. Pure; every test's subject.

The engine (gateway/mitm), the DNS filter (gateway/dns), the simulator, the drills
and the policy tests all call `judge`. What is to be done to the wire is a value,
the Enforcement; acting on it is the engine's work.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from policies.compile import Snapshot
from policies.decide import UNOPENABLE, decide
from policies.model import NO_USAGE, Action, Depth, Moment, Subject, Usage, Verdict
from rules.base import RuleBase
from rules.classify import classify
from rules.model import Facts, Gap, Signals, Stage


class Deed(StrEnum):
    """What to do to the wire."""

    PASS = "pass"  # noqa: S105 - let it through (spliced at the TLS stage)
    OPEN = "open"  # TLS stage: decrypt and look further
    REWRITE = "rewrite"  # request stage: change it (SafeSearch), then let through
    WARN = "warn"  # show the warning page first
    PAGE = "page"  # answer with the block page (or a blocked DNS answer)
    REFUSE = "refuse"  # TLS stage without our CA: alert; foreign bytes: close


@dataclass(frozen=True, slots=True)
class Outcome:
    """One judged stage of one exchange: what was recognised, decided and is to be done."""

    deed: Deed
    verdict: Verdict
    signals: Signals


DEED = {
    Action.ALLOW: Deed.PASS,
    Action.OBSERVE: Deed.PASS,
    Action.LIMIT: Deed.PASS,
    Action.MASK: Deed.PASS,
    Action.REWRITE: Deed.REWRITE,
    Action.WARN: Deed.WARN,
    Action.BLOCK: Deed.PAGE,
}


def judge(
    facts: Facts,
    subject: Subject,
    base: RuleBase,
    snapshot: Snapshot,
    moment: Moment,
    usage: Usage = NO_USAGE,
) -> Outcome:
    """Recognise, decide, and say what to do. Total: always an Outcome."""
    signals = classify(facts, base)
    verdict = decide(snapshot, facts, signals, subject, moment, usage)
    if facts.stage is Stage.TLS:
        return Outcome(_tls(verdict, facts.gap), verdict, signals)
    return Outcome(DEED[verdict.enforced], verdict, signals)


def _tls(verdict: Verdict, gap: Gap | None) -> Deed:
    """At the ClientHello: open, splice or refuse.

    A device without our CA (depth name or dns) cannot be shown a page, so a block
    or a warning is a refused handshake. With the CA a page is shown inside TLS. What is
    never opened is not opened to be rewritten either; what cannot be opened and is to be
    rewritten does not pass.
    """
    deed = DEED[verdict.enforced]
    if verdict.depth is not Depth.CONTENT:
        return Deed.REFUSE if deed in (Deed.PAGE, Deed.WARN) else Deed.PASS
    unread = deed is Deed.REWRITE and gap in UNOPENABLE
    if deed in (Deed.PAGE, Deed.WARN) or verdict.inspect or unread:
        return Deed.OPEN
    return Deed.PASS
