"""Web servers, containers and clusters within a Linux host's collection. Pure.

The collector reads their files (never `nginx -t`); here they become a Tree, and with the host's
own evidence all the evidence one collection holds.
"""

from __future__ import annotations

import re

from audit.model import Evidence
from audit.probes import host
from audit.probes.collected import Collection, NotCollectedError, Seen, parse
from audit.probes.web.configs import evidence
from audit.probes.web.tree import Mode, Tree

FILES = ("docker", "web_nginx", "web_apache", "web_tomcat", "web_docker", "web_kubernetes")
MODES = ("docker_modes", "web_modes")


def tree(seen: Collection) -> Tree:
    """The configuration files of a collection."""
    texts: dict[str, str] = {}
    unread: dict[str, str] = {}
    for name in FILES:
        for one in seen.section(name).files:
            if one.state is Seen.OK:
                texts[one.path] = one.text
                if one.cut:
                    unread[one.path] = "cut"
            elif one.state is Seen.DENIED:
                unread[one.path] = "denied"
    return Tree(texts=texts, modes=_modes(seen), unread=unread, cleared=True)


def _modes(seen: Collection) -> dict[str, Mode]:
    found = {}
    for name in MODES:
        for line in seen.lines(name):
            said, bar, path = line.partition("|")
            words = said.split(" ")
            octal = re.fullmatch(r"[0-7]{1,5}", words[0])
            if bar and octal and len(words) >= 8 and words[7] != "directory":
                mode = f"{int(words[0], 8):04o}"
                found[path] = Mode(mode=mode, owner=words[3], group=words[4])
    return found


def all_evidence(
    target: str, raw: bytes, *, method: str, taken: float, live: bool, problem: str = ""
) -> tuple[Evidence, ...]:
    """The evidence of a host, then that of each server whose configuration was collected."""
    first = host.evidence(target, raw, method=method, taken=taken, live=live, problem=problem)
    try:
        seen = parse(raw)
    except NotCollectedError:
        return (first,)
    more = evidence(
        target, tree(seen), method=method, taken=taken, dated=first.dated, version=first.version
    )
    return (first, *more)
