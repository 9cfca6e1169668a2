"""Who is logged in where: RADIUS accounting and portal logins → the holder of an address.

Accounting in schools is broken in known ways: a Start without an address, messages without
a session id, Stops that never come. So a session is found by its id, else by user, NAS and
device; it holds no address until one is told; and it ends by itself when nothing has been
heard of it for a while. Pure: the time is an argument, nothing is opened here.

Whoever logs in at an address takes it; it does not fall back to the one before. An IPv6
prefix that two users claim at once is a shared network and belongs to neither.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from enum import IntEnum
from typing import Any

from gateway.identity.known import PORTAL, RADIUS
from gateway.identity.tables import folded

MOST_SESSIONS = 200_000
MOST_ENDED = 50_000
MOST_NAMES = 16  # of one login: IPv6 devices change addresses all day
ENDED_FOR = 3600.0  # seconds in which a late Start does not revive a stopped session


class Status(IntEnum):
    """Acct-Status-Type (RFC 2866 §5.1)."""

    START = 1
    STOP = 2
    INTERIM = 3
    ON = 7
    OFF = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Accounting:
    """One accounting message; texts are empty and times 0 where it did not say."""

    status: Status
    nas: str
    user: str = ""
    session: str = ""
    mac: str = ""
    names: tuple[str, ...] = ()  # canonical addresses and IPv6 prefixes
    at: float = 0.0  # Event-Timestamp
    school: str = ""  # of the NAS


@dataclass(slots=True, kw_only=True, eq=False)
class Session:
    """One login. `at` is the time of the last message by its sender's clock."""

    user: str
    nas: str
    session: str
    mac: str
    source: str
    school: str
    names: tuple[str, ...]
    begun: float
    seen: float
    expires: float
    at: float = 0.0
    traits: dict[str, str] = field(default_factory=dict)  # what its provider said of the person


class Sessions:
    """The logins of one node. Changes return the names whose holder may have changed."""

    def __init__(self, timeout: float) -> None:
        self.timeout = timeout
        self._by_id: dict[tuple[str, str], Session] = {}
        self._by_user: dict[tuple[str, str], list[Session]] = {}
        self._holders: dict[str, list[Session]] = {}
        self._ended: dict[tuple[str, str], float] = {}
        self.count = 0

    def __iter__(self) -> Iterator[Session]:
        for sessions in self._by_user.values():
            yield from sessions

    def names(self) -> tuple[str, ...]:
        """Every address and prefix that somebody claims."""
        return tuple(self._holders)

    def holder(self, name: str) -> Session | None:
        """Whose it is: a RADIUS session before a portal's; nobody's if users differ."""
        claims = self._holders.get(name, ())
        for source in (RADIUS, PORTAL):
            found = [one for one in claims if one.source == source]
            if found and len({folded(one.user) for one in found}) == 1:
                return max(found, key=lambda one: one.expires)
        return None

    def hear(self, said: Accounting, now: float) -> frozenset[str] | None:
        """Take in one accounting message; None where it says nothing that could count."""
        if said.status in (Status.ON, Status.OFF):
            return self._restarted(said.nas)
        if not said.user:
            return None
        found = self._find(said)
        if found is not None and said.at and said.at < found.at:
            return None  # overtaken by a later message
        if said.status is Status.STOP:
            return self._stop(said, found, now)
        if found is None:
            if self.count >= MOST_SESSIONS or self._has_ended(said, now):
                return None
            found = self._add(
                Session(
                    user=said.user,
                    nas=said.nas,
                    session=said.session,
                    mac=said.mac,
                    source=RADIUS,
                    school=said.school,
                    names=(),
                    begun=now,
                    seen=now,
                    expires=now + self.timeout,
                )
            )
        return self._heard(found, said, now)

    def login(
        self,
        name: str,
        user: str,
        *,
        school: str,
        seconds: float,
        now: float,
        traits: Mapping[str, str] | None = None,
    ) -> frozenset[str] | None:
        """A portal's login: its user has this address now. None where there is no room."""
        changed = self.logout(name)
        if self.count >= MOST_SESSIONS:
            return changed or None
        fresh = Session(
            user=user,
            nas="",
            session=name,
            mac="",
            source=PORTAL,
            school=school,
            names=(),
            begun=now,
            seen=now,
            expires=now + seconds,
            traits=dict(traits or {}),
        )
        self._claim(self._add(fresh), (name,))
        return frozenset({name})

    def logout(self, name: str) -> frozenset[str]:
        """A portal's logout."""
        found = self._by_id.get(("", name))
        return self._end(found) if found is not None else frozenset()

    def expire(self, now: float) -> frozenset[str]:
        """End what nobody has spoken of for too long."""
        late = [one for one in self if one.expires <= now]
        self._ended = {key: end for key, end in self._ended.items() if end > now}
        return frozenset().union(*map(self._end, late))

    # -- kept over a restart -------------------------------------------------

    def dump(self) -> dict[str, Any]:
        """All of it, as plain values for `restore`."""
        ended = [[nas, session, end] for (nas, session), end in self._ended.items()]
        return {"sessions": [asdict(one) for one in self], "ended": ended}

    def restore(self, kept: dict[str, Any], now: float) -> None:
        """Take back what `dump` gave, but for what is over. Raises ValueError if it is damaged."""
        try:
            for row in kept["sessions"]:
                one = Session(**{**row, "names": tuple(row["names"])})
                one.expires = min(float(one.expires), now + max(self.timeout, 86_400.0))
                if one.expires > now and self.count < MOST_SESSIONS:
                    names, one.names = one.names, ()
                    self._claim(self._add(one), names)
            self._ended = {(nas, session): end for nas, session, end in kept["ended"]}
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"not sessions: {error}") from error

    # -- one session ---------------------------------------------------------

    def _find(self, said: Accounting) -> Session | None:
        """Which login a message speaks of."""
        mine = [
            one
            for one in self._by_user.get((said.nas, folded(said.user)), ())
            if one.source == RADIUS and not (said.mac and one.mac and said.mac != one.mac)
        ]
        if said.session:
            exact = self._by_id.get((said.nas, said.session))
            if exact is not None and exact in mine:
                return exact
            mine = [one for one in mine if not one.session]
        elif len(mine) > 1:
            here = [one for one in mine if set(one.names) & set(said.names)]
            same = [one for one in mine if said.mac and one.mac == said.mac]
            mine = here or same
        return max(mine, key=lambda one: one.seen, default=None)

    def _heard(self, one: Session, said: Accounting, now: float) -> frozenset[str]:
        """A Start or Interim: it lives, and may have learnt its address or its id."""
        if said.session and not one.session:
            one.session = said.session
            self._identify(one)
        one.mac = one.mac or said.mac
        one.school = one.school or said.school
        one.seen, one.at = now, max(one.at, said.at)
        one.expires = now + self.timeout
        fresh = tuple(name for name in said.names if name not in one.names)
        if not fresh:
            return frozenset(one.names)  # their expiry moved
        gone = _left(one.names, said.names, fresh)
        self._release(one, gone)
        return self._claim(one, fresh) | frozenset((*one.names, *gone))

    def _stop(self, said: Accounting, found: Session | None, now: float) -> frozenset[str] | None:
        if said.session and len(self._ended) < MOST_ENDED:
            self._ended[said.nas, said.session] = now + ENDED_FOR
        return self._end(found) if found is not None else None

    def _has_ended(self, said: Accounting, now: float) -> bool:
        return bool(said.session) and self._ended.get((said.nas, said.session), 0.0) > now

    def _restarted(self, nas: str) -> frozenset[str]:
        """Accounting-On and -Off: all logins of this NAS are over, and its ids begin anew."""
        self._ended = {key: end for key, end in self._ended.items() if key[0] != nas}
        gone = [one for one in self if one.source == RADIUS and one.nas == nas]
        return frozenset().union(*map(self._end, gone))

    # -- the indexes ---------------------------------------------------------

    def _add(self, one: Session) -> Session:
        self._by_user.setdefault((one.nas, folded(one.user)), []).append(one)
        self.count += 1
        self._identify(one)
        return one

    def _identify(self, one: Session) -> None:
        if one.session:
            before = self._by_id.get((one.nas, one.session))
            if before is not None and before is not one:
                self._end(before)  # the id was given to somebody else
            self._by_id[one.nas, one.session] = one

    def _claim(self, one: Session, names: Iterable[str]) -> frozenset[str]:
        """Give these names to a session; an address leaves whoever had it."""
        taken = tuple(names)
        for name in taken:
            claims = self._holders.setdefault(name, [])
            if "/" not in name:
                for other in tuple(claims):
                    if one.source in (other.source, RADIUS):
                        self._release(other, [name])
                claims = self._holders.setdefault(name, [])
            claims.append(one)
        one.names = (*one.names, *taken)
        return frozenset(taken)

    def _release(self, one: Session, names: Iterable[str]) -> None:
        gone = set(names)
        one.names = tuple(name for name in one.names if name not in gone)
        for name in gone:
            claims = [other for other in self._holders.get(name, ()) if other is not one]
            if claims:
                self._holders[name] = claims
            else:
                self._holders.pop(name, None)

    def _end(self, one: Session) -> frozenset[str]:
        names = frozenset(one.names)
        self._release(one, names)
        if self._by_id.get((one.nas, one.session)) is one:
            del self._by_id[one.nas, one.session]
        key = (one.nas, folded(one.user))
        left = [other for other in self._by_user.get(key, ()) if other is not one]
        self.count -= len(self._by_user.get(key, ())) - len(left)
        if left:
            self._by_user[key] = left
        else:
            self._by_user.pop(key, None)
        return names


def _left(had: tuple[str, ...], said: tuple[str, ...], fresh: tuple[str, ...]) -> tuple[str, ...]:
    """Which names a login gives up for fresh ones: an old IPv4 lease, the oldest beyond a cap."""
    leases = any("." in name for name in fresh)
    gone = [name for name in had if leases and "." in name and name not in said]
    kept = [name for name in had if name not in gone]
    return (*gone, *kept[: max(0, len(kept) + len(fresh) - MOST_NAMES)])
