"""The checks as data: one file each below `audit/checks/`, read, proved and counted.

A check that is read is whole: its operators exist and fit their values, its examples (one that
passes, one that fails, one that stays unknown) come to what they say. `verify` holds the checks
against the catalog as well; `coverage` counts which items of a level something looks at.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from audit.catalog import Catalog, reach
from audit.judge import decide
from audit.model import Check, Expectation, Link, Part, State
from audit.operators import OPERATORS, OVER, PRESENCE, misfit
from rules.load import DataError, Problem, load

CHECKS = Path(__file__).parent / "checks"
PROBES = (
    "linux",
    "gateway",
    "register",
    "drill",
    "dataset",
    "data-access",
    "postgresql",
    "mysql",
    "sqlite",
    "oracle",
    "sqlserver",
    "dm",
    "kingbase",
    "redis",
    "tls",
    "http",
    "nginx",
    "apache",
    "tomcat",
    "docker",
    "kubernetes",
    "network-device",
    "windows",
)
"""Probes that exist; a check for another is refused."""
PLATFORMS = (
    "linux", "debian", "ubuntu", "rhel", "centos", "rocky", "almalinux", "fedora", "anolis",
    "openeuler", "kylin", "uos", "deepin", "suse",
    "qinglang",
    "register",
    "drill",
    "dataset",
    "data-access",
    "postgresql", "mysql", "sqlite", "oracle", "sqlserver", "dm", "kingbase",
    "redis",
    "tls",
    "http",
    "nginx",
    "apache",
    "tomcat",
    "docker",
    "kubernetes",
    "vrp", "comware", "ios", "ruijie",
    "windows", "windows-server", "windows-client",
)  # fmt: skip
EXAMPLE_TIME = 1_800_000_000.0
NEEDED = (State.PASS, State.FAIL, State.UNKNOWN)


def load_checks(folder: Path = CHECKS) -> Mapping[str, Check]:
    """Every check below a folder, by id. Raises one DataError with all problems."""
    found: dict[str, Check] = {}
    problems: list[Problem] = []
    for path in sorted(folder.rglob("*.yaml")):
        try:
            check = load(Check, path)
        except DataError as error:
            problems += error.problems
            continue
        wrong = list(faults(check))
        if check.id != path.stem:
            wrong.insert(0, f"id `{check.id}` is not the file name; write `id: {path.stem}`")
        if check.id in found:
            wrong.append(f"`{check.id}` stands in another folder too")
        problems += [Problem(file=str(path), line=1, column=1, message=one) for one in wrong]
        found[check.id] = check
    if problems:
        raise DataError(problems)
    return dict(sorted(found.items()))


def faults(check: Check) -> Iterator[str]:
    """What is wrong with a check by itself. Its examples are run."""
    if check.probe not in PROBES:
        yield f"no probe `{check.probe}` (known: {', '.join(PROBES)})"
    yield from (f"no platform `{one}`" for one in check.platforms if one not in PLATFORMS)
    if not check.serves:
        yield "it serves no control"
    for link in check.serves:
        if link.link is Link.CONTRIBUTES and link.remains is None:
            yield f"{link.control}: it only contributes; say under `remains` what is to be asked"
    broken = [*_ill(check.expect, top=True), *(_ill(check.partial) if check.partial else ())]
    yield from broken
    if broken:
        return
    missing = {*NEEDED} - {one.state for one in check.examples}
    yield from (f"no example comes to `{state}`" for state in sorted(missing))
    if check.partial and not any(one.state is State.PARTIAL for one in check.examples):
        yield "no example comes to `partial`"
    for sample in check.examples:
        state, reason, _, seen = decide(check, sample.document, EXAMPLE_TIME)
        if state is not sample.state:
            yield f"example `{sample.title}` comes to {state} ({reason.en}; {seen})"


def _ill(wish: Expectation, *, top: bool = False) -> Iterator[str]:
    combined = (*wish.all, *wish.any, *wish.none)
    if wish.when and not top:
        yield "`when` stands at the top of `expect` only"
    if not wish.op and not combined:
        yield "an expectation without `op` and without all, any, none"
    if wish.op in OVER and not combined:
        yield f"`{wish.op}` says nothing of the items: add all, any or none"
    if wish.op in PRESENCE and wish.value is not None:
        yield f"`{wish.op}` takes no value"
    if wish.op in OPERATORS and (why := misfit(wish.op, wish.value)):
        yield why
    if wish.op and wish.op not in (*OPERATORS, *OVER, *PRESENCE):
        known = ", ".join(sorted((*OPERATORS, *OVER, *PRESENCE)))
        yield f"no operator `{wish.op}` (known: {known})"
    for one in (*combined, *wish.when):
        yield from _ill(one)


def verify(checks: Mapping[str, Check], catalog: Catalog) -> Iterator[str]:
    """Links that name no control of the catalog, or one twice."""
    for check in checks.values():
        named = [catalog.get(link.control) for link in check.serves]
        for link, control in zip(check.serves, named, strict=True):
            if control is None:
                yield f"{check.id}: no control `{link.control}`"
        ids = [one.id for one in named if one is not None]
        if len(ids) != len(set(ids)):
            yield f"{check.id}: it names one control twice"


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """Which items of a standard and level some check looks at."""

    standard: str
    level: int
    items: int
    decided: tuple[str, ...]
    contributed: tuple[str, ...]  # and not decided
    checks: int

    @property
    def either(self) -> int:
        return len(self.decided) + len(self.contributed)


def coverage(
    checks: Iterable[Check],
    catalog: Catalog,
    *,
    standard: str = "GBT22239-2019",
    level: int = 3,
    part: Part | None = Part.GENERAL,
) -> Coverage:
    """Both counts: items that a check decides, and items that checks only contribute to."""
    chosen = tuple(checks)
    wanted = catalog.select(standard=standard, level=level, part=part)
    best: dict[str, Link] = {}
    for check in chosen:
        for name, link in reach(catalog, check.serves).items():
            if best.get(name) is not Link.DECIDES:
                best[name] = link
    return Coverage(
        standard=standard,
        level=level,
        items=len(wanted),
        decided=tuple(one.id for one in wanted if best.get(one.id) is Link.DECIDES),
        contributed=tuple(one.id for one in wanted if best.get(one.id) is Link.CONTRIBUTES),
        checks=len(chosen),
    )
