"""The service's whole knowledge: logins, roster, tables, keys → who is behind a name now.

This is where a user name becomes a Subject with a pseudonym, and where the row for the
sealed table of names is made. Pure: the moment is an argument, files and sockets are the
service's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from gateway.identity.known import CONFIDENCE, STATIC, UNKNOWN_USER, Bound, Known, Tables
from gateway.identity.names import Name
from gateway.identity.prefixes import Prefixes
from gateway.identity.pseudonyms import Ring, person
from gateway.identity.resolve import Resolver, placed
from gateway.identity.sessions import Sessions
from gateway.identity.tables import Host, Person, Roster, folded
from policies.model import Role, Subject
from policies.moment import SHANGHAI

type Place = tuple[str, Subject]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Who holds a name now, and the row that tells the person behind the pseudonym."""

    bound: Bound
    name: Name


class Book:
    """One node's identities. `place` and `adopt` replace what it is told; sessions live on."""

    def __init__(self, ring: Ring, sessions: Sessions) -> None:
        self.sessions = sessions
        self.roster = Roster()
        self.hosts: tuple[Host, ...] = ()
        self.rows: list[Place] = []
        self._written: tuple[Place, ...] = ()
        self._known = Known(ring)
        self._resolver = Resolver((), Subject(), b"", self._known)

    @property
    def ring(self) -> Ring:
        return self._known.ring

    @ring.setter
    def ring(self, ring: Ring) -> None:
        self._known.ring = ring

    @property
    def tables(self) -> Tables:
        return self._known.tables

    def place(self, rows: Iterable[Place], default: Subject) -> None:
        """The address plans of the policies in force."""
        self._written = tuple(rows)
        self._resolver = Resolver(self._written, default, b"", self._known)

    @property
    def plan(self) -> tuple[Place, ...]:
        """Every prefix that is known, imported or written, and static hosts."""
        hosts = [(host.address, host.subject) for host in self.hosts]
        return (*self._written, *self.rows, *hosts)

    def adopt(
        self, roster: Roster, hosts: Sequence[Host], prefixes: Iterable[Place], now: float
    ) -> tuple[Name, ...]:
        """The imported tables. Returns the names of persons that static hosts belong to."""
        self.roster, self.hosts = roster, tuple(hosts)
        self.rows = placed(prefixes)
        told = [self._static(host, now) for host in self.hosts]
        self._known.tables = Tables(
            hosts={host.address: subject for host, (subject, _) in zip(hosts, told, strict=True)},
            prefixes=Prefixes(self.rows),
        )
        return tuple(name for _, name in told if name is not None)

    def answer(self, name: str, now: float) -> Answer | None:
        """Who holds this address or prefix; None where nobody is logged in there."""
        session = self.sessions.holder(name)
        if session is None or session.expires <= now:
            return None
        return self.person(
            session.user,
            session.traits,
            *(name.partition("/")[0], session.source, session.expires, now),
            school=session.school,
        )

    def person(
        self,
        user: str,
        traits: Mapping[str, str],
        address: str,
        source: str,
        expires: float,
        now: float,
        *,
        school: str = "",
    ) -> Answer:
        """Somebody who logged in at this address: by the roster, else by what their provider
        said of them (`traits`), else with the place's rights."""
        place = self._resolver.place(address)
        known = self.roster.find(user) or _told(user, traits, school or place.school)
        school = known.school if known is not None else school or place.school
        row = self._named(known, user, school, now)
        subject = replace(
            _attributes(known, place, day(now)),
            school=school,
            token=row.token,
            source=source,
            confidence=CONFIDENCE[source] if known is not None else UNKNOWN_USER,
        )
        return Answer(bound=Bound(subject=subject, expires=expires), name=row)

    def _static(self, host: Host, now: float) -> tuple[Subject, Name | None]:
        said = replace(host.subject, source=STATIC, confidence=CONFIDENCE[STATIC])
        if not host.user:
            return said, None
        known = self.roster.find(host.user)
        row = self._named(known, host.user, said.school, now)
        if known is None:
            return replace(said, token=row.token), row
        mixed = _attributes(known, said, day(now))
        return replace(
            mixed,
            school=said.school,
            token=row.token,
            source=STATIC,
            confidence=CONFIDENCE[STATIC],
        ), row

    def _named(self, known: Person | None, user: str, school: str, now: float) -> Name:
        plain = folded(known.user if known is not None else user)
        return Name(
            token=self.ring.token(school, person(plain)),
            school=school,
            name=known.name if known is not None else "",
            user=plain,
            epoch=self.ring.epoch(school),
            at=now,
        )


def day(now: float) -> date:
    """The day at Asia/Shanghai: tiers change at its midnight."""
    return datetime.fromtimestamp(now, SHANGHAI).date()


def _attributes(known: Person | None, place: Subject, today: date) -> Subject:
    """What the roster says of a person; what it leaves open is the place's, in one school.

    The place's group stands where the roster names none (an exam room binds everybody in
    it), and its segment always.
    """
    if known is None:
        return place
    home = place if place.school == known.school else Subject()
    same = home.role == known.role
    return Subject(
        school=known.school,
        stage=known.stage or (home.stage if same else ""),
        tier=known.tier_on(today) or (home.tier if same and known.birthday is None else ""),
        role=known.role,
        group=known.group or home.group,
        segment=place.segment,
    )


def _told(user: str, traits: Mapping[str, str], school: str) -> Person | None:
    """A person as a directory or provider describes them; None where it says nothing."""
    if not traits:
        return None
    return Person(
        user=user,
        school=traits.get("school", school),
        stage=traits.get("stage", ""),
        role=Role(traits.get("role", Role.PUPIL)),
        group=traits.get("group", ""),
        tier=traits.get("tier", ""),
        name=traits.get("name", ""),
    )
