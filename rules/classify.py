"""Facts → Signals: asks every recogniser and unites what they say. Pure.

The common case, one name and nothing else, hands the remembered value on unchanged.
Several names of one exchange are judged together, the strictest way: a help host in
one of them never covers what the others are (a forged SNI or Host would open any door).
"""

from __future__ import annotations

from rules.base import RuleBase
from rules.model import Facts, Signal, Signals


def classify(facts: Facts, base: RuleBase) -> Signals:
    """All recognitions of one exchange. `uncategorised` only where nothing matched."""
    first = base.url(facts.host, facts.path) if facts.path else base.host(facts.host)
    if not facts.names and not facts.labels and not facts.address and not facts.seen:
        return first
    found = [first]
    for name in facts.names:
        if name != facts.host:
            found.append(base.url(name, facts.path) if facts.path else base.host(name))
    helped = all(one.mask & base.help for one in found)
    if helped and len(found) == 1:
        return first
    if not helped:
        if facts.address and facts.address != facts.host:
            found.append(base.host(facts.address))
        if facts.labels:
            found.append(_labelled(facts.labels, base))
        if facts.seen:
            found.append(_seen(facts.seen, base))
    return _united(found, base, helped)


def by_name(host: str, names: tuple[str, ...], path: str, base: RuleBase) -> int:
    """The categories of an exchange of which only names and path are known; as `classify`."""
    first = base.url(host, path) if path else base.host(host)
    if not names:
        return first.mask
    found = [first, *(base.url(n, path) if path else base.host(n) for n in names if n != host)]
    helped = all(one.mask & base.help for one in found)
    return _united(found, base, helped).mask


def _labelled(labels: tuple[str, ...], base: RuleBase) -> Signals:
    items = tuple(
        Signal(category=category, recogniser="labels", matched=label)
        for label in labels
        for category in base.labels.get(label, ())
    )
    return Signals(mask=base.bits(item.category for item in items), items=items)


def _seen(seen: tuple[Signal, ...], base: RuleBase) -> Signals:
    """What recognisers saw: the sure ones as bits, the others with their probability.

    A category this RuleBase does not know (an old recording) is left out.
    """
    items = tuple(item for item in seen if item.category in base.index)
    mask = base.bits(item.category for item in items if item.confidence >= 1.0)
    surest: dict[int, float] = {}
    for item in items:
        bit = 1 << base.index[item.category]
        if not mask & bit:
            surest[bit] = max(item.confidence, surest.get(bit, 0.0))
    doubts = tuple(sorted(surest.items(), key=lambda one: (-one[1], one[0])))
    return Signals(mask=mask, items=items, doubts=doubts)


def _united(found: list[Signals], base: RuleBase, helped: bool) -> Signals:
    """The union, without `uncategorised` beside a real one and without undeserved help."""
    keep = ~0 if helped else ~base.help
    real = [one for one in found if one.mask & ~base.unknown & keep or one.doubts]
    if not real:
        return base.nothing
    mask = 0
    for one in real:
        mask |= one.mask
    mask &= keep & ~base.unknown
    if not mask & ~base.clients:  # which program asks says nothing of what it asks for
        mask |= base.unknown
    if len(real) == 1 and real[0].mask == mask and not real[0].doubts:
        return real[0]
    doubts = tuple(
        doubt for one in real for doubt in one.doubts if not doubt[0] & mask and doubt[0] & keep
    )
    told = mask
    for bit, _ in doubts:
        told |= bit
    items = dict.fromkeys(
        item for one in real for item in one.items if told >> base.index[item.category] & 1
    )
    return Signals(mask=mask, items=tuple(items), doubts=doubts)
