"""Which live probe looks at which target: a table of names, loaded when one is needed.

A probe that is not installed, refuses or breaks becomes Evidence that says so: the target
stays unknown in each of its items, and is never left out.
"""

from __future__ import annotations

import importlib
import inspect
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from audit.model import Evidence, ObjectClass, Target
from audit.probes import host

METHOD = "在线探测 / a live probe"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One probe: its modules (the first that has `look` counts) and what it is for."""

    probe: str
    modules: tuple[str, ...]
    kinds: tuple[ObjectClass, ...] = ()
    platforms: tuple[str, ...] = ()

    def fits(self, target: Target) -> bool:
        kind = not self.kinds or target.kind in self.kinds
        return kind and (not self.platforms or target.platform in self.platforms)


SQL = ("audit.probes.sql", "audit.probes.sql.live")
DATABASES = ("postgresql", "mysql", "sqlite", "oracle", "sqlserver", "dm", "kingbase")
TABLE = (
    *(Row(probe=one, modules=SQL, kinds=(ObjectClass.DATABASE,), platforms=(one,))
      for one in DATABASES),
    Row(probe="redis", modules=("audit.probes.redis",), platforms=("redis",)),
    Row(probe="tls", modules=("audit.probes.tls",), kinds=(ObjectClass.APPLICATION,),
        platforms=("", "http", "https", "tls")),
    Row(probe="http", modules=("audit.probes.http",), kinds=(ObjectClass.APPLICATION,),
        platforms=("", "http", "https")),
    Row(probe="gateway", modules=("audit.probes.gateway", "audit.probes.gateway.look"),
        platforms=("qinglang",)),
)  # fmt: skip

type Look = Callable[..., Evidence]


def rows(target: Target) -> tuple[Row, ...]:
    """The probes for a target that is looked at live; none for hosts (SSH) and saved files."""
    if target.access.get("via") in ("ssh", "local"):
        return ()
    return tuple(one for one in TABLE if one.fits(target))


def find(row: Row, load: Callable[[str], Any] = importlib.import_module) -> Look | None:
    """The probe's `look`, None where it is not here."""
    for name in row.modules:
        try:
            module = load(name)
        except ModuleNotFoundError:
            continue
        found = getattr(module, "look", None)
        if inspect.ismodule(found):
            found = getattr(found, "look", None)
        if callable(found):
            return found  # type: ignore[no-any-return]
    return None


def look(
    row: Row,
    target: Target,
    *,
    now: float,
    timeout: float = 30.0,
    environment: Mapping[str, str] = os.environ,
    load: Callable[[str], Any] = importlib.import_module,
) -> Evidence:
    """Evidence of one target by one probe. Never raises for the probe or the target."""
    found = find(row, load)
    if found is None:
        return nothing(row.probe, target.id, f"probe: 未安装 {row.probe} / is not installed", now)
    try:
        wanted = _wanted(found, target, environment)
        return found(target, now=now, timeout=timeout, **wanted)
    except Exception as error:
        problem = f"probe: 探测器出错 / the probe broke: {type(error).__name__}"
        return nothing(row.probe, target.id, problem, now)


def nothing(probe: str, target: str, problem: str, now: float) -> Evidence:
    """Evidence that nothing was seen, and why."""
    made = host.nothing(target, problem, method=METHOD, taken=now)
    return replace(
        made, id=f"{target}:{probe}:{made.digest[:16]}", probe=probe, collector="qinglang"
    )


def _wanted(found: Look, target: Target, environment: Mapping[str, str]) -> dict[str, Any]:
    """What the probe takes beside target and time, as the inventory says it."""
    takes = inspect.signature(found).parameters
    said: dict[str, Any] = {}
    for name in ("port", "plain_port", "starttls", "authority"):
        value = target.access.get(name.replace("_", "-"))
        if name in takes and value:
            said[name] = int(value) if name.endswith("port") else value
    variable = target.access.get("password-env", "")
    if "password" in takes and variable:
        said["password"] = environment.get(variable, "")
    return said
