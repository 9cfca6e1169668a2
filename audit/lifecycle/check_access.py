"""访问权限: rights in effect beyond those the rules give. Pure.

Rights come with the way a role has them (itself, through roles it is a member of, as everybody).
Owners and administrators must be named; a share's or a contractor's role loses its rights when
the share or the contract ends.
"""

from __future__ import annotations

import datetime as dt
import fnmatch
from collections import defaultdict
from collections.abc import Iterator, Mapping

from audit.lifecycle.breaches import breach, unknown
from audit.lifecycle.check_scope import NOT_GIVEN
from audit.lifecycle.model import Address, Breach
from audit.lifecycle.reality import PUBLIC, Reality, Right, Rights
from audit.lifecycle.rules import Dataset, Entrusted, Grant, Privilege, RuleBook, Use
from rules.model import Text

READS = Privilege.SELECT


def accessed(book: RuleBook, seen: Mapping[str, Reality], at: dt.date) -> Iterator[Breach]:
    """Every right on every table of every dataset."""
    for dataset in book.datasets:
        for source in sorted({held.source for held in dataset.holds}):
            reality = seen.get(source)
            rights: Rights | Text | None = (
                NOT_GIVEN if reality is None else reality.problem or reality.rights
            )
            where = Address(source=source)
            if rights is None:
                continue
            if isinstance(rights, Text):
                yield from (
                    unknown(code, dataset.id, where, rights) for code in _asked(dataset, at)
                )
                continue
            yield from _source(dataset, source, rights, at)
    yield from _mighty(book, seen)


def _asked(dataset: Dataset, at: dt.date) -> Iterator[str]:
    """The codes that stay unknown where rights can not be read."""
    yield from ("administrator", "grant", "owner", "public")
    if any(one.until < at and one.roles for one in dataset.sharing):
        yield "share-ended"


def named(role: str, names: tuple[str, ...]) -> bool:
    """Whether a role is one of the names: `user` stands for `user@host` as well."""
    return any(
        fnmatch.fnmatchcase(role, name) or ("@" in role and fnmatch.fnmatchcase(_user(role), name))
        for name in names
    )


def _user(role: str) -> str:
    return role.rpartition("@")[0]


def _mighty(book: RuleBook, seen: Mapping[str, Reality]) -> Iterator[Breach]:
    """Who may do everything, once for a source."""
    for source in book.sources:
        reality = seen.get(source.name)
        rights = reality.rights if reality is not None else None
        concerned = [
            one for one in book.datasets if any(held.source == source.name for held in one.holds)
        ]
        if not isinstance(rights, Rights) or not concerned or source.use is Use.TEST:
            continue
        for role, why in sorted(rights.mighty.items()):
            for dataset in concerned:
                if not named(role, dataset.access.administrators):
                    yield breach(
                        "administrator", dataset.id, Address(source=source.name, column=role),
                        f"账号 {role} 可读写一切（{why}），规则未列为管理员",
                        f"{role} may do everything ({why}) and is no administrator of the rule",
                        basis=dataset.access.basis,
                    )  # fmt: skip


def _source(dataset: Dataset, source: str, rights: Rights, at: dt.date) -> Iterator[Breach]:
    access = dataset.access
    ours = {place for place in rights.owners if dataset.has(source, *place)}
    for place in sorted(ours):
        owner = rights.owners[place]
        if not named(owner, (*access.owners, *access.administrators)):
            yield breach(
                "owner", dataset.id, Address(source=source, schema=place[0], table=place[1]),
                f"表的所有者是 {owner}，规则未列", f"owned by {owner}, not named by the rule",
                basis=access.basis,
            )  # fmt: skip
    beyond: dict[tuple[str, str, str], list[Right]] = defaultdict(list)
    for one in rights.entries:
        if dataset.has(source, one.schema, one.table) and not _allowed(dataset, source, one, at):
            beyond[one.role, one.schema, one.table].append(one)
    ended = _ended(dataset, at)
    for (role, schema, table), found in sorted(beyond.items()):
        where = Address(source=source, schema=schema, table=table, column=role)
        what, how = _what(found), _how(found)
        paper = next((code for roles, code in ended if named(role, roles)), "")
        code = paper or ("public" if role == PUBLIC else "grant")
        if code == "contract-ended":
            continue  # told with the contract
        yield breach(
            code, dataset.id, where,
            f"{role} 的权限超出规则：{what}{how}",
            f"{role} has more than the rule says: {what}{how}",
            count=len(found), basis=access.basis,
        )  # fmt: skip


def _ended(dataset: Dataset, at: dt.date) -> list[tuple[tuple[str, ...], str]]:
    shares = [(one.roles, "share-ended") for one in dataset.sharing if one.until < at]
    contracts = [(one.roles, "contract-ended") for one in dataset.entrusted if over(one, at)]
    return [*shares, *contracts]


def over(one: Entrusted, at: dt.date) -> bool:
    """Whether a contract's last day has passed."""
    return one.contract.until is not None and one.contract.until < at


def still(dataset: Dataset, roles: tuple[str, ...], seen: Mapping[str, Reality]) -> int | None:
    """How many rights some roles have on the dataset; None: could not be looked at."""
    found = 0
    for source in {held.source for held in dataset.holds}:
        reality = seen.get(source)
        rights = reality.rights if reality is not None else None
        if reality is None or reality.problem or isinstance(rights, Text):
            return None
        for one in rights.entries if rights is not None else ():
            found += named(one.role, roles) and dataset.has(source, one.schema, one.table)
    return found


def _allowed(dataset: Dataset, source: str, right: Right, at: dt.date) -> bool:
    access = dataset.access
    if named(right.role, (*access.owners, *access.administrators)):
        return True
    if any(named(right.role, roles) for roles, _ in _ended(dataset, at)):
        return False
    grants = (*access.grants, *_shared(dataset, at))
    return any(_covers(one, dataset, source, right) for one in grants)


def _shared(dataset: Dataset, at: dt.date) -> Iterator[Grant]:
    """What a share that lasts gives its recipient's roles: reading its fields, where unmasked."""
    for one in dataset.sharing:
        if one.until >= at and one.masked == "none":
            for role in one.roles:
                yield Grant(role=role, privileges=(READS,), columns=one.fields)


def _covers(one: Grant, dataset: Dataset, source: str, right: Right) -> bool:
    if one.source and one.source != source:
        return False
    if one.tables and not any(
        dataset.source_of(table) == source and table.covers(right.schema, right.table)
        for table in one.tables
    ):
        return False
    if right.privilege not in one.privileges:
        return False
    if one.columns and not (right.columns and set(right.columns) <= set(one.columns)):
        return False
    if named(right.role, (one.role,)):
        return True
    through = any(named(role, (one.role,)) for role in right.via)
    return through and named(right.role, one.members)


def _what(found: list[Right]) -> str:
    said: dict[str, set[str]] = defaultdict(set)
    for one in found:
        said[one.privilege].update(one.columns)
    return ", ".join(
        f"{privilege}({', '.join(sorted(columns)[:8])})" if columns else privilege
        for privilege, columns in sorted(said.items())
    )


def _how(found: list[Right]) -> str:
    ways = sorted({" → ".join(one.via) for one in found if one.via})
    return f"（经 via {'; '.join(ways[:3])}）" if ways else ""
