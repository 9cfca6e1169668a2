"""The closed list of queries of each platform, as data beside this file; printed for people.

Only what stands in a list is ever sent to a database. A list is refused as a whole when one of
its queries could do more than read: several statements, a writing or locking word, a function
that sleeps, reads files or talks to other hosts. No query selects a password or its hash: what
kind it is, is asked of the server itself, so a hash never travels.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from rules.load import DataError, Problem, load, read_text
from rules.model import Text

FOLDER = Path(__file__).parent
PLATFORMS = ("postgresql", "mysql", "sqlite", "oracle", "sqlserver", "dm", "kingbase")
MAX_ROWS = 2000

_BEGINS = re.compile(r"(select|show|with|pragma)\b", re.I)
_FORBIDDEN = re.compile(
    r";|--|/\*|\\"
    r"|\b(insert|update|delete|merge|replace\s+into|create|alter|drop|truncate|grant|revoke"
    r"|into|exec|execute\s+immediate|call|do|copy|load|lock|set|reset|attach|detach|vacuum"
    r"|handler|kill|shutdown|flush|declare|begin|commit)\b(?!['\"_])"
    r"|\b(pg_sleep|pg_read_\w*|pg_ls_\w*|lo_\w+|dblink\w*|load_file|sleep|benchmark|get_lock"
    r"|load_extension|writefile|readfile|waitfor|openrowset|opendatasource|xp_\w+|utl_\w+"
    r"|dbms_\w+|nextval|setval|pg_terminate_\w*|pg_cancel_\w*|pg_reload_\w*|pg_rotate_\w*)(\.\w+)*\s*\(",
    re.I,
)
_LITERAL = re.compile(r"'(?:[^']|'')*'")
_PRAGMA = re.compile(r"pragma \w+(\(\d+\))?", re.I)


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """One question. `gives`: the places of the document that are a gap where it fails."""

    id: str
    title: Text
    sql: str
    needs: str = ""  # the privilege it takes; empty: any login
    gives: tuple[str, ...]
    flavours: tuple[str, ...] = ()  # only for these; empty: all
    rows: int = MAX_ROWS


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All that is asked of one platform. `account`: how a read-only account is made (by you)."""

    id: str
    title: Text
    client: Text
    preamble: tuple[str, ...] = ()  # what makes a printed script read-only and its output CSV
    mark: str = "-- #query {id}"
    account: tuple[str, ...] = ()
    queries: tuple[Query, ...]


def load_plan(platform: str, folder: Path = FOLDER) -> Plan:
    """One platform's list. Raises DataError."""
    path = folder / f"{platform}.yaml"
    if platform not in PLATFORMS or not path.is_file():
        raise DataError(
            [
                Problem(
                    file=f"{platform[:40]}.yaml",
                    line=1,
                    column=1,
                    message="没有这个数据库平台 / no such platform",
                    remedy=", ".join(PLATFORMS),
                )
            ]
        )
    plan = load(Plan, path)
    wrong = list(faults(plan))
    if wrong:
        lines = read_text(path).splitlines()
        raise DataError(
            [
                Problem(
                    file=str(path),
                    line=next((n for n, line in enumerate(lines, 1) if f"id: {name}" in line), 1),
                    column=1,
                    message=message,
                )
                for name, message in wrong
            ]
        )
    return plan


def faults(plan: Plan) -> Iterator[tuple[str, str]]:
    """Why a list is not closed and read-only: (query, message)."""
    names = [one.id for one in plan.queries]
    for one in plan.queries:
        if names.count(one.id) > 1:
            yield one.id, f"`{one.id}` stands twice"
        if why := refused(one.sql):
            yield one.id, f"`{one.id}`: {why}"
        if not 1 <= one.rows <= MAX_ROWS:
            yield one.id, f"`{one.id}`: rows is 1 to {MAX_ROWS}"


def refused(sql: str) -> str:
    """Why this statement is not taken for a mere reading one; "" where it is."""
    plain = _LITERAL.sub("''", sql.strip())
    if not _BEGINS.match(plain):
        return "only SELECT, SHOW, WITH and PRAGMA are asked"
    found = _FORBIDDEN.search(plain)
    if found:
        return f"`{found[0].strip()}` may do more than read"
    if plain.lower().startswith("pragma") and not _PRAGMA.fullmatch(plain):
        return "a PRAGMA that sets something"
    return ""


def version(plan: Plan) -> str:
    """A digest of the statements: the probe's version in each evidence."""
    joined = "\n".join(f"{one.id}\0{one.sql}" for one in plan.queries)
    return sha256(joined.encode()).hexdigest()[:12]


def script(plan: Plan) -> str:
    """The list as a script that a database's own client runs, its output importable."""
    lines = [
        f"-- 清朗只读查询清单 Qinglang, the read-only queries: {plan.title.zh} / {plan.title.en}",
        f"-- 版本 version {version(plan)}; 共 {len(plan.queries)} 条; 不含口令 no passwords",
        f"-- 运行 run: {plan.client.zh}",
        f"--          {plan.client.en}",
        "-- 导入 import: qinglang audit import-sql FILE",
    ]
    lines += [f"-- 只读账户 read-only account: {one}" for one in plan.account]
    lines += plan.preamble
    for one in plan.queries:
        needs = f" [needs {one.needs}]" if one.needs else ""
        only = f" [only {', '.join(one.flavours)}]" if one.flavours else ""
        lines += [
            "",
            f"-- {one.title.zh} / {one.title.en}{needs}{only}",
            plan.mark.replace("{id}", one.id),
            " ".join(one.sql.split()) + ";",
        ]
    return "\n".join(lines) + "\n"
