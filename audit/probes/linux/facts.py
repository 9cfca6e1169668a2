"""All rooms of a Linux host become one document: facts, where they come from, and what is missing.

`facts.yaml` says for each place of the document what it means and which sections it is drawn
from; `a|b` is one of two, `a?` one whose absence is itself a fact. A section that could not be
read makes each of its places a gap, so a check on it comes out unknown and never passes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from audit.probes.collected import Collection, Seen, SeenSection
from audit.probes.linux import (
    accounts,
    files,
    logs,
    packages,
    pam,
    protection,
    services,
    sshd,
    system,
)
from audit.probes.linux.lines import key
from rules.load import load

FORMAT = "qinglang-facts-linux/1"

ROOMS: Mapping[str, Callable[[Collection], Any]] = {
    "os": system.os,
    "kernel": system.kernel,
    "boot": system.boot,
    "sysctl": system.sysctl,
    "sysctl_configured": system.sysctl_configured,
    "mounts": system.mounts,
    "disks": system.disks,
    "network": system.network,
    "usb": system.usb,
    "accounts": accounts.accounts,
    "login_defs": accounts.login_defs,
    "homes": accounts.homes,
    "sudo": accounts.sudo,
    "pam": pam.pam,
    "limits": pam.limits,
    "access": pam.access,
    "sshd": sshd.sshd,
    "services": services.services,
    "listening": services.listening,
    "firewall": services.firewall,
    "shares": services.shares,
    "audit": logs.audit,
    "syslog": logs.syslog,
    "log_files": logs.log_files,
    "logrotate": logs.logrotate,
    "time": logs.time,
    "packages": packages.packages,
    "files": files.files,
    "programs": files.programs,
    "exposure": files.exposure,
    "mandatory": protection.mandatory,
    "session": protection.session,
    "banners": protection.banners,
    "jobs": protection.jobs,
    "tools": protection.tools,
    "containers": protection.containers,
    "directory": protection.directory,
    "certificates": protection.certificates,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A place of the document (a prefix of paths), its meaning, its sections."""

    path: str
    sections: tuple[str, ...]
    zh: str
    en: str
    each: str = ""  # what is unread makes a gap of its own key: the path without this head


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    id: str
    places: tuple[Place, ...]


@cache
def places() -> tuple[Place, ...]:
    """The table of places. Raises DataError."""
    return load(Places, Path(__file__).with_name("facts.yaml")).places


def document(seen: Collection) -> dict[str, Any]:
    """The facts of one host. Total: a hostile output makes gaps, never an error."""
    found: dict[str, Any] = {"format": FORMAT}
    broken = []
    for name, room in ROOMS.items():
        try:
            found[name] = room(seen)
        except (
            ValueError,
            TypeError,
            KeyError,
            IndexError,
            ArithmeticError,
            RecursionError,
        ) as error:
            found[name] = None
            broken.append(
                {"path": name, "why": "error", "section": "", "detail": type(error).__name__}
            )
    found["gaps"] = [*broken, *gaps(seen)]
    found["sources"] = {place.path: list(place.sections) for place in places()}
    found["collection"] = {
        "version": seen.version,
        "whole": seen.whole,
        "output_sha256": seen.digest,
        "root": "uid=0(" in seen.text("identity"),
        "account": seen.text("identity").partition(" ")[0] or None,
        "sections": {name: str(one.state) for name, one in seen.sections.items()},
    }
    return found


def gaps(seen: Collection) -> list[dict[str, str]]:
    """What could not be looked at: the place, why, which section. `*` stands for any item."""
    found = []
    for place in places():
        section = seen.section(place.sections[0])
        if place.each and section.state is Seen.DENIED:
            found += [
                {"path": f"{place.path}.{key(one.path.removeprefix(place.each))}", "why": "denied",
                 "section": section.id, "detail": one.path}
                for one in section.files
                if one.state is Seen.DENIED
            ]  # fmt: skip
            continue
        for source in place.sections:
            gap = _gap(seen, source)
            if gap:
                why, section = gap
                found.append(
                    {
                        "path": place.path,
                        "why": why,
                        "section": section.id,
                        "detail": section.detail,
                    }
                )
                break
    return found


def _gap(seen: Collection, source: str) -> tuple[str, SeenSection] | None:
    """Why none of the alternatives of a source could be read; None where one could."""
    worst: tuple[str, SeenSection] | None = None
    for name in source.rstrip("?").split("|"):
        section = seen.section(name)
        if section.state is Seen.OK:
            return ("cut", section) if section.cut else None
        if section.state is Seen.ABSENT and source.endswith("?"):
            return None
        worst = worst or (str(section.state), section)
    return worst


def gap_at(facts: Mapping[str, Any], path: str) -> Mapping[str, str] | None:
    """The gap that covers a path of the document, if there is one (for judging)."""
    words = path.split(".")
    for gap in facts.get("gaps", ()):
        prefix = str(gap["path"]).split(".")
        shared = zip(prefix, words, strict=False)
        if all(a == b or "*" in (a, b) for a, b in shared):
            return dict(gap)  # a path above a gap is touched by it too
    return None


def count(facts: Any) -> int:
    """How many single values the document holds (lists of plain values count once)."""
    if isinstance(facts, Mapping):
        return sum(count(value) for value in facts.values())
    if isinstance(facts, list) and any(isinstance(one, Mapping) for one in facts):
        return sum(count(one) for one in facts)
    return int(facts is not None)
