"""(Snapshot, Facts, Signals, Subject, moment, usage) → Verdict. Total and pure.

The hot path is four look-ups: the subject's seat, its slot at this moment, the masks
of the exchange, and the verdict given before for the same masks. Only a new
combination walks the clauses, and only then are trace ids made.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

from policies import document
from policies.model import (
    NO_USAGE,
    Action,
    Depth,
    Metered,
    Moment,
    Reason,
    Subject,
    Usage,
    Verdict,
)
from policies.policy import Within
from policies.rule import STRICT, Rule
from policies.seat import Key, Seat, Slot
from rules.model import Facts, Gap, Signals, Stage, Text

if TYPE_CHECKING:
    from policies.compile import Snapshot

UNOPENABLE = frozenset({Gap.TLCP, Gap.CLIENT_CERT, Gap.NOT_HTTP, Gap.ENCRYPTED_HELLO})
"""What cannot be decrypted: if it passes, it passes unopened."""


_NOTHING = Reason(
    clause="none",
    title=Text(zh="没有适用的条款", en="No clause applies"),
    text=Text(
        zh="没有任何条款适用,按从严处理。", en="No clause applies; the strict answer is given."
    ),
)


def decide(
    snapshot: Snapshot,
    facts: Facts,
    signals: Signals,
    subject: Subject,
    moment: Moment,
    usage: Usage = NO_USAGE,
) -> Verdict:
    """What should happen. Always a Verdict with its reason.

    `signals.mask` is the union over all names. Where claimed names differ from the
    real host, names only tighten: help, host groups, privacy classes and allow-lists
    then need every name to agree.
    """
    seat = snapshot.seat(subject)
    slot = seat.slot(moment)
    key = key_of(seat, slot, facts, signals, usage)
    verdict = slot.memo.get(key)
    return answer(seat, slot, key) if verdict is None else verdict


def answer(seat: Seat, slot: Slot, key: Key) -> Verdict:
    """The Verdict on a key, remembered."""
    verdict = slot.memo.get(key)
    if verdict is None:
        verdict = _verdict(seat, slot, key)
        seat.snapshot.remember(slot, key, verdict)
    return verdict


def key_of(seat: Seat, slot: Slot, facts: Facts, signals: Signals, usage: Usage) -> Key:
    """All of an exchange that a Verdict depends on."""
    mask = signals.mask
    if signals.doubts:
        mask = seat.certainly(mask, signals.doubts)
    mask, conflict = grouped(seat.snapshot, mask, facts.host, facts.names, facts.address)
    spent = _spent(slot, usage) if slot.metered and usage is not NO_USAGE else 0
    return (mask, facts.stage, facts.gap, conflict, spent)


def grouped(
    snapshot: Snapshot, mask: int, host: str, names: tuple[str, ...] = (), address: str = ""
) -> tuple[int, bool]:
    """The categories with the bits of host groups, and whether the names conflict."""
    mask &= snapshot.kinds.all
    conflict = False
    for name in names:
        if name != host:
            conflict = True
            break
    if snapshot.overlay:
        if conflict or (address and snapshot.overlay.addresses):
            mask |= snapshot.overlay.exchange(host, names, address)
        else:
            mask |= snapshot.overlay.host(host)
    return mask, conflict


def trusted(snapshot: Snapshot, key: Key) -> int:
    """The mask with which clauses are asked.

    Where names conflict, help counts only if it is all there is.
    """
    mask, _, _, conflict, _ = key
    if conflict and mask & snapshot.kinds.all & ~snapshot.help:
        return mask & ~snapshot.help
    return mask


def walk(seat: Seat, slot: Slot, key: Key) -> tuple[int | None, tuple[Metered, ...]]:
    """The place of the rule that decides, and the quotas on which the exchange counts.

    A quota that only tightens is passed by until it is used up.
    """
    _, _, gap, conflict, spent = key
    mask = trusted(seat.snapshot, key)
    wary = conflict and seat.allow_only
    counted: list[Metered] = []
    for categories, hosts, gaps, place in slot.rules:
        if not (mask & categories or categories == -1):
            continue
        if not (mask & hosts or hosts == -1):
            continue
        if gaps is not None and gap not in gaps:
            continue
        rule = seat.rules[place]
        if wary and hosts == -1 and not rule.tightens:
            continue
        if rule.metered is not None:
            if exempt(rule, mask, conflict):
                continue
            counted.append(rule.metered)
            if rule.within is Within.NEXT and not _is_spent(slot, place, spent):
                continue
        return place, tuple(counted)
    return None, tuple(counted)


def exempt(rule: Rule, mask: int, conflict: bool) -> bool:
    """Whether a quota leaves this exchange alone. Where names conflict nothing is exempt."""
    return bool(mask & rule.exempt) and not conflict


def _spent(slot: Slot, usage: Usage) -> int:
    """Bit per metered rule whose quota is used up."""
    spent = 0
    for bit, (_, metered) in enumerate(slot.metered):
        if metered.spent(usage):
            spent |= 1 << bit
    return spent


def _verdict(seat: Seat, slot: Slot, key: Key) -> Verdict:
    snapshot = seat.snapshot
    _, stage, _, conflict, spent = key
    mask = trusted(snapshot, key)
    place, counted = walk(seat, slot, key)
    rule = None if place is None else seat.rules[place]
    reason = _NOTHING if rule is None else rule.reason
    action = enforced = Action.BLOCK
    used_up: Metered | None = None
    if rule is not None and place is not None:
        action, enforced = rule.action, seat.enforced[place]
        if spent and _is_spent(slot, place, spent):
            action, used_up = Action.BLOCK, rule.metered
            enforced = action if enforced is Action.LIMIT else enforced
    opened = _inspect(seat, slot, key, enforced)
    return Verdict(
        action=action,
        enforced=enforced,
        clause=reason.clause,
        reason=reason,
        trace=_trace_id(seat, slot, key),
        snapshot=snapshot.hash,
        profile=seat.profile,
        depth=seat.depth,
        inspect=opened,
        settled=enforced is Action.BLOCK or stage is Stage.RESPONSE or not opened,
        mask=mask & snapshot.kinds.all,
        deciding=snapshot.kinds.ids(mask & ((rule and rule.mask) or 0)),
        metered=counted,
        spent=used_up,
        read=opened and (conflict or not mask & seat.unread or bool(mask & snapshot.harmful)),
    )


def _is_spent(slot: Slot, place: int, spent: int) -> bool:
    return any(spent >> bit & 1 and row[0] == place for bit, row in enumerate(slot.metered))


def _inspect(seat: Seat, slot: Slot, key: Key, enforced: Action) -> bool:
    """May this exchange be opened? What is blocked or warned is opened for its page.

    What is to be rewritten is opened where nothing says never, for else it cannot be done.
    """
    mask, _, gap, conflict, _ = key
    if seat.depth is not Depth.CONTENT:
        return False
    if enforced in STRICT:
        return True
    if gap in UNOPENABLE or mask & slot.pins:
        return False
    if conflict:
        return True
    if mask & seat.never_open:
        return False
    return enforced is Action.REWRITE or bool(seat.only_open == -1 or mask & seat.only_open)


def _trace_id(seat: Seat, slot: Slot, key: Key) -> str:
    """Equal inputs give the same 64-bit id, in every worker."""
    text = document.canonical((seat.snapshot.hash, seat.key, slot.key, key))
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
