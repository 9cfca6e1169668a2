"""Catalogues of rights → Rights in effect: what each account can do, and through which role. Pure.

A role has what is granted to it, what is granted to the roles it is a member of (they can be
taken on), and what everybody has. What everybody has is told once, for PUBLIC. Roles that can
not log in are told for what was granted to them alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from audit.lifecycle.reality import PUBLIC, Right, Rights
from audit.lifecycle.rules import Privilege

type Above = Callable[[str], Mapping[str, tuple[str, ...]]]

WORDS: Mapping[str, Privilege] = {
    "SELECT": Privilege.SELECT,
    "INSERT": Privilege.INSERT,
    "UPDATE": Privilege.UPDATE,
    "DELETE": Privilege.DELETE,
    "DELETE HISTORY": Privilege.DELETE,
    "TRUNCATE": Privilege.TRUNCATE,
    "REFERENCES": Privilege.REFERENCES,
    "TRIGGER": Privilege.TRIGGER,
    "ALTER": Privilege.DDL,
    "DROP": Privilege.DDL,
    "INDEX": Privilege.DDL,
    "CREATE": Privilege.DDL,
    "CREATE VIEW": Privilege.SELECT,
    "MAINTAIN": Privilege.DDL,
    "GRANT": Privilege.GRANT,
}
"""What servers call rights on tables; others (SHOW VIEW, EVENT …) do not reach rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Granted:
    """One entry of a catalogue. `column` empty: the whole table."""

    role: str
    word: str
    schema: str
    table: str
    column: str = ""
    grantable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """What a server says of roles and rights."""

    logins: frozenset[str] = frozenset()
    members: Iterable[tuple[str, str]] = ()  # (role, its member)
    granted: Iterable[Granted] = ()
    owners: Mapping[tuple[str, str], str] = field(default_factory=dict)
    mighty: Mapping[str, str] = field(default_factory=dict)  # by itself


def effective(catalogue: Catalogue) -> Rights:
    """What each role can do, with the way it got there."""
    above = _above(catalogue.members)
    mighty = dict(catalogue.mighty)
    for login in sorted(catalogue.logins - set(mighty)):
        for role, path in above(login).items():
            if role in catalogue.mighty:
                mighty[login] = f"{catalogue.mighty[role]}, via {' → '.join(path)}"
                break
    direct: dict[str, set[tuple[Privilege, str, str, str]]] = defaultdict(set)
    for one in catalogue.granted:
        owner = catalogue.owners.get((one.schema, one.table))
        for privilege in _privileges(one):
            if one.role != owner:
                direct[one.role].add((privilege, one.schema, one.table, one.column))
    logins = sorted(catalogue.logins - set(mighty))
    return Rights(
        entries=(
            *_entries(direct, logins, above, mighty),
            *_as_owners(catalogue.owners, logins, above),
        ),
        owners=catalogue.owners,
        mighty={role: why for role, why in mighty.items() if role in catalogue.logins},
    )


def _privileges(one: Granted) -> Iterator[Privilege]:
    privilege = WORDS.get(one.word.upper())
    if privilege is not None:
        yield privilege
        if one.grantable:
            yield Privilege.GRANT


def _above(members: Iterable[tuple[str, str]]) -> Above:
    """role → the roles it can be, each with the path to it; circles end."""
    upwards: dict[str, set[str]] = defaultdict(set)
    for role, member in members:
        upwards[member].add(role)
    known: dict[str, dict[str, tuple[str, ...]]] = {}

    def above(role: str) -> dict[str, tuple[str, ...]]:
        if role not in known:
            found: dict[str, tuple[str, ...]] = {}
            front: list[tuple[str, tuple[str, ...]]] = [
                (one, (one,)) for one in sorted(upwards[role])
            ]
            while front:
                one, path = front.pop(0)
                if one in found or one == role:
                    continue
                found[one] = path
                front += [(other, (*path, other)) for other in sorted(upwards[one])]
            known[role] = found
        return known[role]

    return above


def _entries(
    direct: Mapping[str, set[tuple[Privilege, str, str, str]]],
    logins: Iterable[str],
    above: Above,
    mighty: Mapping[str, str],
) -> Iterator[Right]:
    def rights(role: str, of: str, via: tuple[str, ...]) -> Iterator[Right]:
        for privilege, schema, table, column in sorted(direct[of]):
            columns = (column,) if column else ()
            yield Right(
                role=role, privilege=privilege, schema=schema, table=table,
                columns=columns, via=via,
            )  # fmt: skip

    for role in sorted(direct):
        if role == PUBLIC or role not in mighty:
            yield from rights(role, role, ())
    for login in logins:
        for role, path in sorted(above(login).items()):
            if role in direct:
                yield from rights(login, role, path)


def _as_owners(
    owners: Mapping[tuple[str, str], str], logins: Iterable[str], above: Above
) -> Iterator[Right]:
    """Members of a table's owner can do with it what they like."""
    for login in logins:
        for (schema, table), owner in sorted(owners.items()):
            if owner != login and owner in above(login):
                yield Right(
                    role=login, privilege=Privilege.DDL, schema=schema, table=table,
                    via=above(login)[owner],
                )  # fmt: skip
