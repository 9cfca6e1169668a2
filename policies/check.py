"""What must hold between policies beyond the shape of one file.

Two laws stand above every policy: harmful categories are never loosened by anyone,
and help is never blocked by anyone. They, unknown names, double ids and unhandled
gaps are found here, each with its place. Pure: values in, Problems out.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Sequence
from ipaddress import ip_network

from policies.dates import check_dates
from policies.delegation import delegation_findings, file_findings, order_findings
from policies.model import Action, Order, Role
from policies.outflow_check import outflow_findings
from policies.places import Path, place
from policies.policy import Clause, Policy, PolicySet, Scope, Source, When
from policies.reach import Ground
from policies.rule import STRICT
from rules.hosts import canonical
from rules.load import Problem
from rules.model import APP, Category, Gap, Layer

RESERVED = frozenset({"order", "none"})
NAME = re.compile(r"[a-z0-9][a-z0-9-]*").fullmatch
ORDINARY = frozenset({Gap.NAME_CONFLICT, Gap.OVER_BUDGET})
"""Gaps for which the ordinary clauses are enough: the strictest of all names decides, and
of a page that is too long its beginning has been judged."""


class _Desk:
    """Collects problems of one set, with their places."""

    def __init__(self, given: PolicySet, categories: Sequence[Category]) -> None:
        self.given = given
        self.layer = {category.id: category.layer for category in categories}
        self.of = {category.id: category.of for category in categories}
        self.apps = [name.removeprefix(APP) for name in self.layer if name.startswith(APP)]
        self.ground = Ground.of(given.policies, categories)
        self.problems: list[Problem] = []

    def complain(self, policy: Policy, path: Path, message: str, remedy: str = "") -> None:
        self.problems.append(placed(self.given, policy, path, message, remedy))

    def categories(self, policy: Policy, path: Path, ids: Iterable[str]) -> None:
        for number, name in enumerate(ids):
            if name not in self.layer:
                self.complain(policy, [*path, number], *unknown("category", name, self.layer))

    def touches(self, when: When, layer: Layer) -> bool:
        """Whether a condition names a layer, by itself or by one of its categories."""
        return layer in when.layers or any(self.in_layer(name, layer) for name in when.kinds)

    def in_layer(self, name: str, layer: Layer) -> bool:
        """Whether a category is of a layer, or an app belongs to one that is."""
        return any(self.layer.get(one) is layer for one in (name, *self.of.get(name, ())))


def placed(given: PolicySet, policy: Policy, path: Path, message: str, remedy: str = "") -> Problem:
    """A Problem at a key of a policy's file."""
    source = given.sources.get(policy.id, Source(file=policy.id, text=""))
    number = path[1] if len(path) > 1 and path[0] == "clauses" else 0
    if source.rows and isinstance(number, int) and number >= source.own:
        file, line = source.rows[number - source.own]
        return Problem(file=file, line=line, column=1, message=message, remedy=remedy)
    line, column = place(source.text, path)
    return Problem(file=source.file, line=line, column=column, message=message, remedy=remedy)


def unknown(what: str, name: str, known: Iterable[str]) -> tuple[str, str]:
    """Message and remedy for a name nobody knows."""
    near = difflib.get_close_matches(name, list(known), 1)
    return f"unknown {what} `{name}`", f"did you mean `{near[0]}`?" if near else ""


def check(
    given: PolicySet, categories: Sequence[Category], orders: Sequence[Order] = ()
) -> list[Problem]:
    """Every problem of a set of policies and Orders; empty where they may be compiled."""
    desk = _Desk(given, categories)
    for policy in given.policies:
        for step in _STEPS:
            step(desk, policy)
    _one_district(desk)
    _prefixes_once(desk)
    desk.problems += check_dates(given)
    for order in orders:
        _order(desk, order)
    return desk.problems


def sound_orders(
    given: PolicySet, categories: Sequence[Category], orders: Sequence[Order]
) -> tuple[tuple[Order, ...], list[Problem]]:
    """The Orders that may be compiled, and what is wrong with the others.

    A list or policy that changed must not let one old Order keep everything out of force.
    """
    desk = _Desk(given, categories)
    sound = []
    for order in orders:
        before = len(desk.problems)
        _order(desk, order)
        if len(desk.problems) == before:
            sound.append(order)
    return tuple(sound), desk.problems


def _names(desk: _Desk, policy: Policy) -> None:
    if not NAME(policy.id) or policy.id in RESERVED:
        desk.complain(policy, ["id"], f"`{policy.id}` cannot be the id of a policy")
    seen: set[str] = set()
    for number, clause in enumerate(policy.clauses):
        if not NAME(clause.id) or clause.id == "otherwise":
            desk.complain(
                policy,
                ["clauses", number, "id"],
                f"`{clause.id}` cannot be the id of a clause",
                "use a-z, 0-9 and -",
            )
        if clause.id in seen:
            desk.complain(policy, ["clauses", number, "id"], f"clause `{clause.id}` stands twice")
        seen.add(clause.id)


def _places_of_keys(desk: _Desk, policy: Policy) -> None:
    """Keys that belong to one scope only."""
    if policy.prefixes and policy.scope is not Scope.SCHOOL:
        desk.complain(policy, ["prefixes"], "only a school's file has prefixes")
    if policy.signatures != 1 and policy.scope is not Scope.DISTRICT:
        desk.complain(policy, ["signatures"], "only the district says how many must sign")
    if not 1 <= policy.signatures <= 16:
        desk.complain(policy, ["signatures"], "`signatures` must be from 1 to 16")
    if policy.default_subject is not None and policy.scope is not Scope.DISTRICT:
        desk.complain(policy, ["default_subject"], "only the district has a default subject")
    for number, clause in enumerate(policy.clauses):
        if clause.locked and policy.scope is not Scope.DISTRICT:
            desk.complain(
                policy,
                ["clauses", number, "locked"],
                "only a clause of the district can be locked",
                "take `locked` away, or move the clause to district.yaml",
            )
        if (clause.quota is not None) != (clause.action is Action.LIMIT):
            desk.complain(
                policy, ["clauses", number, "action"], "`limit` and `quota` belong together"
            )
        named = clause.when.kinds or clause.when.layers or clause.when.hosts
        if clause.quota is not None and not named:
            desk.complain(
                policy,
                ["clauses", number, "quota"],
                "a quota counts categories, apps or hosts: name them in `when`",
            )
    if policy.allow_only and policy.otherwise and policy.otherwise.action is not Action.BLOCK:
        desk.complain(
            policy,
            ["otherwise", "action"],
            "below the district `otherwise` can only be `block` (the allow-list-only mode)",
        )


def _known(desk: _Desk, policy: Policy) -> None:
    """Categories and hosts exist and can be read."""
    desk.categories(policy, ["inspection", "never_open"], policy.inspection.never_open)
    desk.categories(policy, ["inspection", "open"], policy.inspection.open)
    desk.categories(policy, ["inspection", "unread"], policy.inspection.unread)
    desk.categories(policy, ["inspection", "certain"], tuple(policy.inspection.certain))
    for number, clause in enumerate(policy.clauses):
        _when(desk, policy, ["clauses", number, "when"], clause.when)
        if clause.quota is not None:
            path_of_quota: Path = ["clauses", number, "quota", "exempt"]
            desk.categories(policy, path_of_quota, clause.quota.exempt)
    for group, hosts in policy.hosts.items():
        for at, host in enumerate(hosts):
            _host(desk, policy, ["hosts", group, at], host)
    for number, case in enumerate(policy.cases):
        desk.categories(policy, ["cases", number, "categories"], case.categories)


def _host(desk: _Desk, policy: Policy, path: Path, host: str) -> None:
    try:
        canonical(host.removeprefix("="))
    except ValueError as error:
        desk.complain(policy, path, f"`{host}` is not a host: {error}")


def _laws(desk: _Desk, policy: Policy) -> None:
    """Harmful is never loosened, help is never blocked."""
    for number, clause in enumerate(policy.clauses):
        path: Path = ["clauses", number, "when"]
        if clause.action is not Action.BLOCK and desk.touches(clause.when, Layer.HARMFUL):
            desk.complain(
                policy,
                path,
                f"clause `{clause.id}` loosens harmful categories; nobody may (条例 art. 22)",
                "take the harmful categories out; a wrong entry is mended in its list",
            )
        if (
            (clause.action in STRICT or clause.action is Action.LIMIT)
            and desk.touches(clause.when, Layer.HELP)
            and not clause.when.gaps
        ):
            desk.complain(
                policy,
                path,
                f"clause `{clause.id}` keeps people from help; nobody may",
                "take the help categories out",
            )


def _care(desk: _Desk, policy: Policy) -> None:
    """Care signals are for schools; whoever seeks help is left in peace."""
    if policy.care is None:
        return
    if policy.scope not in (Scope.DISTRICT, Scope.SCHOOL):
        desk.complain(policy, ["care"], "only the district and schools have `care`")
    desk.categories(policy, ["care", "categories"], policy.care.categories)
    for number, name in enumerate(policy.care.categories):
        if desk.layer.get(name) is Layer.HELP:
            desk.complain(
                policy,
                ["care", "categories", number],
                f"`{name}` is help: visits to it are private and never reported",
                "take it out",
            )


def _learning(desk: _Desk, policy: Policy) -> None:
    """Learning is the district's; only harm is learned."""
    if policy.learning is None:
        return
    if policy.scope is not Scope.DISTRICT:
        desk.complain(policy, ["learning"], "only the district has `learning`")
    desk.categories(policy, ["learning", "categories"], tuple(policy.learning.categories))
    for name in policy.learning.categories:
        if desk.layer.get(name, Layer.HARMFUL) is not Layer.HARMFUL:
            desk.complain(
                policy,
                ["learning", "categories", name],
                f"`{name}` is not harmful by law: it is not learned",
                "take it out",
            )


def _delegated(desk: _Desk, policy: Policy) -> None:
    """What a school or group loosens is the district's to delegate."""
    for number, delegation in enumerate(policy.delegates):
        desk.categories(policy, ["delegates", number, "categories"], delegation.categories)
    for found in (*delegation_findings(desk.ground, policy), *file_findings(desk.ground, policy)):
        desk.complain(policy, found.path, found.message, found.remedy)


def _outflow(desk: _Desk, policy: Policy) -> None:
    """Names are known, only the district approves, actions are closed."""
    told = policy.outflow.approved
    approved = When(hosts=told.hosts, categories=told.categories, apps=told.apps)
    _when(desk, policy, ["outflow", "approved"], approved)
    if desk.touches(approved, Layer.HARMFUL):
        desk.complain(policy, ["outflow", "approved"], "harmful categories are never approved")
    for number, rule in enumerate(policy.outflow.rules):
        _when(desk, policy, ["outflow", "rules", number, "when"], rule.when)
    for path, message, remedy in outflow_findings(policy):
        desk.complain(policy, path, message, remedy)


def _when(desk: _Desk, policy: Policy, path: Path, when: When) -> None:
    """Categories, apps and hosts of a condition are known."""
    desk.categories(policy, [*path, "categories"], when.categories)
    for at, name in enumerate(when.apps):
        if name not in desk.apps:
            desk.complain(policy, [*path, "apps", at], *unknown("app", name, desk.apps))
    for at, name in enumerate(when.hosts):
        if name not in policy.hosts and "." not in name:
            found = unknown("host group", name, policy.hosts)
            desk.complain(policy, [*path, "hosts", at], *found)
        elif name not in policy.hosts:
            _host(desk, policy, [*path, "hosts", at], name)


_STEPS: tuple[Callable[[_Desk, Policy], None], ...] = (
    _names,
    _places_of_keys,
    _known,
    _laws,
    _care,
    _learning,
    _delegated,
    _outflow,
)


def _one_district(desk: _Desk) -> None:
    districts = [p for p in desk.given.policies if p.scope is Scope.DISTRICT]
    if len(districts) != 1:
        desk.problems.append(
            Problem(
                file="district.yaml",
                line=1,
                column=1,
                message=f"there must be exactly one district policy, not {len(districts)}",
            )
        )
        return
    district = districts[0]
    if district.otherwise is None:
        desk.complain(district, [], "the district has no `otherwise`", "add `otherwise: …`")
    if district.default_subject is None:
        desk.complain(district, [], "the district has no `default_subject`", "add it")
    _locked_order(desk, district)
    _gaps_handled(desk, district)


def _locked_order(desk: _Desk, district: Policy) -> None:
    """Locked clauses: gaps and blocks, help for all, harmful for all, then the rest."""
    helped = harmful = False
    for number, clause in enumerate(district.clauses):
        if not clause.locked:
            continue
        when = clause.when
        if clause.action is Action.ALLOW and when == When(layers=(Layer.HELP,)):
            helped = True
        elif clause.action is Action.BLOCK and when == When(layers=(Layer.HARMFUL,)):
            harmful = True
        elif when.gaps and clause.action is Action.BLOCK:
            continue
        elif not helped or (not harmful and clause.action is not Action.BLOCK):
            desk.complain(
                district,
                ["clauses", number],
                f"locked clause `{clause.id}` stands before help and harmful",
                "put it after the clauses `layers: [help]` → allow and `layers: [harmful]` → block",
            )
    for done, layer, action in (
        (helped, Layer.HELP, Action.ALLOW),
        (harmful, Layer.HARMFUL, Action.BLOCK),
    ):
        if not done:
            desk.complain(
                district,
                ["clauses"],
                f"there is no locked clause for everybody: layers [{layer}] → {action}",
                f"add `locked: true`, `when: {{layers: [{layer}]}}`, `action: {action}`",
            )


def _gaps_handled(desk: _Desk, district: Policy) -> None:
    handled = {
        gap for clause in district.clauses if _for_any_pupil(clause) for gap in clause.when.gaps
    }
    for gap in Gap:
        if gap not in handled and gap not in ORDINARY:
            desk.complain(
                district,
                ["clauses"],
                f"no locked clause says what happens to pupils at the gap `{gap}`",
                f"add a locked clause `when: {{gaps: [{gap}]}}`",
            )


def _for_any_pupil(clause: Clause) -> bool:
    when = clause.when
    roles = not when.roles or Role.PUPIL in when.roles
    others = (*when.schools, *when.stages, *when.tiers, *when.groups, *when.segments)
    timed = bool(when.hours or when.days)
    return clause.locked and roles and not others and not timed


def _prefixes_once(desk: _Desk) -> None:
    seen: dict[object, str] = {}
    for policy in desk.given.policies:
        for number, prefix in enumerate(policy.prefixes):
            network = ip_network(prefix.prefix)
            if network in seen:
                desk.complain(
                    policy,
                    ["prefixes", number, "prefix"],
                    f"{network} is already given to `{seen[network]}`",
                )
            seen[network] = policy.id


def _order(desk: _Desk, order: Order) -> None:
    def wrong(message: str, remedy: str = "") -> None:
        desk.problems.append(
            Problem(file=f"order {order.id}", line=1, column=1, message=message, remedy=remedy)
        )

    for name in order.categories:
        if name not in desk.layer:
            wrong(*unknown("category", name, desk.layer))
    for host in order.hosts:
        try:
            canonical(host.removeprefix("="))
        except ValueError as error:
            wrong(f"`{host}` is not a host: {error}")
    if order.action in STRICT and any(desk.layer.get(c) is Layer.HELP for c in order.categories):
        wrong("an Order cannot keep people from help")
    if order.pass_through and order.action in STRICT:
        wrong("a pinned pass-through cannot block or warn", "use action `allow`")
    if order.action is Action.LIMIT:
        wrong("an Order cannot limit: it has no quota", "use allow, warn or block")
    if order.action is not Action.BLOCK and not order.pass_through:
        for name in order.categories:
            if desk.in_layer(name, Layer.HARMFUL):
                wrong(f"`{name}` is harmful: nobody may loosen it (条例 art. 22)", "take it out")
    for message in order_findings(desk.ground, order):
        wrong(message)
