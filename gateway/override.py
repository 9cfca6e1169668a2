"""Overrides: a class for 45 minutes, one device for ten. What a teacher asks for → an Order.

`admit` asks of any Order, before it is written down, what the compiler would ask
later: known categories, hosts that can be read, and the district's delegation. A bad
one is refused while somebody is there to mend it. This module is a door: it reads the
policy files and, for one device, the pseudonym key.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from gateway.identity.devices import remember
from gateway.identity.follow import now_known
from gateway.identity.resolve import Resolver, device_text, parse_address
from gateway.identity.seal import NAMES_KEY, Seal, ensure_key
from gateway.node import Node
from policies.check import sound_orders
from policies.load import load_policies
from policies.model import Action, Office, Order, Subject
from policies.policy import PolicySet, Scope
from rules.hosts import canonical
from rules.load import Problem
from rules.model import Basis, Status
from rules.sources import load_categories

PATIENCE = 5.0  # seconds the identity service is waited for
LONGEST = 24 * 60  # minutes of an override; what lasts longer belongs in a policy file
BASIS = Basis(source="区级策略", clause="授权 delegates", status=Status.CONFIRMED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """What somebody asks for, as typed."""

    issuer: str
    reason: str
    minutes: int
    office: Office = Office.TEACHER
    action: Action = Action.REWRITE  # lets pass, and SafeSearch stays on
    school: str = ""
    group: str = ""
    token: str = ""
    hosts: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    approvals: tuple[str, ...] = ()


def override_order(asked: Override, *, order_id: str, now: float) -> Order:
    """The Order for it. Raises ValueError naming what is missing or cannot be read."""
    if not 0 < asked.minutes <= LONGEST:
        raise ValueError(f"--minutes 应为 1 至 {LONGEST} / must be 1 to {LONGEST}")
    if not asked.reason.strip():
        raise ValueError("--reason 不能为空 / a reason is wanted")
    if not asked.hosts and not asked.categories:
        raise ValueError("--host 或 --category 至少一个 / at least one --host or --category")
    return Order(
        id=order_id,
        action=asked.action,
        basis=BASIS,
        issuer=asked.issuer,
        hosts=canonical_hosts(asked.hosts),
        categories=asked.categories,
        school=asked.school,
        group=asked.group,
        token=asked.token,
        approvals=asked.approvals,
        starts=float(int(now)),
        expires=float(int(now)) + asked.minutes * 60,
        note=asked.reason.strip(),
        office=asked.office,
    )


def canonical_hosts(hosts: Sequence[str]) -> tuple[str, ...]:
    """Hosts as they are compared; `=` (this very name) is kept. Raises ValueError."""
    found = []
    for host in hosts:
        exact = "=" if host.startswith("=") else ""
        try:
            found.append(exact + canonical(host.removeprefix("=")))
        except ValueError as error:
            raise ValueError(f"`{host}`: {error}") from error
    return tuple(found)


def admit(node: Node, order: Order) -> list[Problem]:
    """What is wrong with an Order under this node's policies; empty where it may be given.

    Raises DataError where the policies themselves cannot be read.
    """
    given = load_policies(node.policy)
    categories = tuple(load_categories(node.rules).values())
    _, problems = sound_orders(given, categories, (order,))
    return problems + _unknown_scope(given, order)


def _unknown_scope(given: PolicySet, order: Order) -> list[Problem]:
    """A school or class that no policy has ever heard of is most likely a slip of the pen."""
    schools = {p.id for p in given.policies if p.scope is Scope.SCHOOL}
    if not order.school or order.school in schools:
        return []
    return [
        Problem(
            file=f"order {order.id}",
            line=1,
            column=1,
            message=f"unknown school `{order.school}`",
            remedy=f"one of: {', '.join(sorted(schools)[:20])}",
        )
    ]


def device(node: Node, address: str) -> Subject:
    """Who is behind an address now, with the token that an Order may name.

    The running service is asked, for sessions and static hosts; a device's address is
    noted, sealed, so that the Order holds over a rotation of pseudonyms. Raises ValueError
    for what is no address, WorldError without the node's keys.
    """
    parse_address(address)
    given = load_policies(node.policy)
    rows = [(p.prefix, p.subject(policy.id)) for policy in given.policies for p in policy.prefixes]
    default = next(
        (p.default_subject for p in given.policies if p.default_subject is not None), Subject()
    )
    resolver = Resolver(rows, default, b"", now_known(node, PATIENCE))
    found = resolver.subject(address)
    text = device_text(address)
    if found.token == resolver.known.ring.token(found.school, text):
        seal = Seal(ensure_key(node.data / "keys" / NAMES_KEY))
        remember(node.data / "identity", seal, found.school, text, time.time())
    return found
