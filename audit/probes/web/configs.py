"""From the configuration of one host to Evidence of each server found there. Pure.

A web server, a container engine or a cluster that is found on a host is a Target of its own,
`HOST/nginx`: its evidence names that target, and `derived_targets` makes it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from hashlib import sha256
from typing import Any

from audit.model import Evidence, ObjectClass, Target
from audit.probes.host import canonical, redact
from audit.probes.web import apache, docker, kubernetes, nginx, tomcat
from audit.probes.web.tree import Tree

READERS: Mapping[str, Callable[[Tree], dict[str, Any] | None]] = {
    "nginx": nginx.document,
    "apache": apache.document,
    "tomcat": tomcat.document,
    "docker": docker.document,
    "kubernetes": kubernetes.document,
}
WORDS: Mapping[str, tuple[str, ...]] = {"apache": ("apache", "httpd"), "kubernetes": ("kube",)}
KINDS: Mapping[str, ObjectClass] = {
    "nginx": ObjectClass.MIDDLEWARE,
    "apache": ObjectClass.MIDDLEWARE,
    "tomcat": ObjectClass.MIDDLEWARE,
    "docker": ObjectClass.MIDDLEWARE,
    "kubernetes": ObjectClass.MANAGEMENT_PLATFORM,
}


def evidence(
    host: str, tree: Tree, *, method: str, taken: float, dated: float, version: str = ""
) -> tuple[Evidence, ...]:
    """Evidence of every server whose configuration is there."""
    found = []
    for probe, read in READERS.items():
        try:
            said = read(tree)
        except (
            ValueError,
            TypeError,
            KeyError,
            IndexError,
            AttributeError,
            RecursionError,
        ) as error:
            said = {
                "platform": probe,
                "gaps": [{"path": "", "why": "error", "detail": type(error).__name__}],
            }
        target = f"{host}/{probe}"
        if said is None:
            if gaps := tree.gaps(*WORDS.get(probe, (probe,))):
                found.append(_nothing(target, probe, gaps[0]["detail"], method, taken))
            continue
        clean = redact(said)
        digest = sha256(canonical(clean)).hexdigest()
        found.append(
            Evidence(
                id=f"{target}:{probe}:{digest[:16]}",
                target=target,
                probe=probe,
                method=method,
                taken=taken,
                dated=dated,
                collector="qinglang-collect",
                version=version or str(said.get("format", "")),
                document=clean,
                digest=digest,
            )
        )
    return tuple(found)


def _nothing(target: str, probe: str, said: str, method: str, taken: float) -> Evidence:
    """There are files, and they could not be read: every check on them is unknown."""
    digest = sha256(canonical([target, said, taken])).hexdigest()
    return Evidence(
        id=f"{target}:{probe}:{digest[:16]}",
        target=target,
        probe=probe,
        method=method,
        taken=taken,
        dated=taken,
        collector="qinglang-collect",
        problem=f"配置不可读 / the configuration cannot be read: {said}"[:500],
        digest=digest,
    )


def derived_targets(
    evidence: Iterable[Evidence], known: Iterable[Target] = ()
) -> tuple[Target, ...]:
    """A Target for each server that was found on a host and is not known yet."""
    listed = {one.id: one for one in known}
    found: dict[str, Target] = {}
    for one in evidence:
        host, slash, name = one.target.rpartition("/")
        if not slash or name != one.probe or name not in KINDS or one.target in listed:
            continue
        above = listed.get(host)
        found[one.target] = Target(
            id=one.target,
            name=f"{above.name if above else host} {name}",
            system=above.system if above else "",
            kind=KINDS[name],
            platform=name,
            address=above.address if above else "",
            exposed=above.exposed if above else False,
        )
    return tuple(found.values())
