"""The school's register of education apps (双审查/备案) as a policy source: CSV → clauses.

`DIR/registers/<school or group>.csv` is what an officer keeps in a spreadsheet: 名称,
备案号, hosts, 学段, 有效期, 审批人. Every row becomes a host group and an `allow` clause
that expires with the row and names the filing as its basis; it stands after the file's
own clauses, and what it loosens must be delegated (`sites`) like any other. Errors name
the line. Pure: text in, rows and Problems out; reading is `policies.load`'s.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from policies.entrust import Until
from policies.model import Action
from policies.policy import Clause, Policy, SchoolStage, Scope, When
from rules.hosts import canonical
from rules.load import Problem
from rules.model import Basis, Status, Text

MOST_CELL = 131_072  # characters; an open quotation mark swallows what follows
MOST_ROWS = 2_000
MOST_HOSTS = 50  # of one app
LONGEST = 300  # characters of a cell that is shown to people

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "name": ("名称", "应用名称", "name"),
    "number": ("备案号", "number"),
    "hosts": ("hosts", "域名", "网址"),
    "stages": ("学段", "stages"),
    "expires": ("有效期", "expires"),
    "approver": ("审批人", "approver"),
}
"""What a head line may call each column; case and blanks do not matter."""

STAGES: Mapping[str, tuple[SchoolStage, ...]] = {
    "幼儿园": (SchoolStage.KINDERGARTEN,),
    "小学低段": (SchoolStage.PRIMARY_LOWER,),
    "小学高段": (SchoolStage.PRIMARY_UPPER,),
    "小学": (SchoolStage.PRIMARY_LOWER, SchoolStage.PRIMARY_UPPER),
    "初中": (SchoolStage.JUNIOR,),
    "高中": (SchoolStage.SENIOR,),
    "中学": (SchoolStage.JUNIOR, SchoolStage.SENIOR),
    **{stage.value: (stage,) for stage in SchoolStage},
}
EVERYBODY = frozenset({"", "全部", "全学段", "all", "*"})

_SPLIT = re.compile(r"[;；、,，|\s]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """One row. `line` is where it stands in the file."""

    line: int
    name: str
    number: str
    hosts: tuple[str, ...]
    stages: tuple[SchoolStage, ...]
    expires: Until
    approver: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """The rows that read, and what is wrong with the others."""

    apps: tuple[App, ...] = ()
    problems: tuple[Problem, ...] = ()


def read_register(text: str, file: str) -> Register:
    """A register's rows; every problem with its line. Total."""
    rows = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
    apps: list[App] = []
    problems: list[Problem] = []

    def wrong(line: int, message: str, remedy: str = "") -> None:
        problems.append(Problem(file=file, line=line, column=1, message=message, remedy=remedy))

    try:
        places = _places(next(rows, []))
        missing = [COLUMNS[name][0] for name in COLUMNS if name not in places]
        if missing:
            known = ",".join(names[0] for names in COLUMNS.values())
            wrong(1, f"missing columns: {', '.join(missing)}", f"the first line is {known}")
            return Register(problems=tuple(problems))
        for cells in rows:
            if not any(cell.strip() for cell in cells):
                continue
            if max(map(len, cells)) > MOST_CELL:  # the module's own limit is anybody's to raise
                raise csv.Error(f"field larger than {MOST_CELL}")
            if len(apps) >= MOST_ROWS:
                wrong(rows.line_num, f"more than {MOST_ROWS} rows")
                break
            try:
                apps.append(_app(rows.line_num, cells, places))
            except ValueError as error:
                wrong(rows.line_num, str(error))
    except csv.Error as error:
        wrong(rows.line_num, f"not valid CSV: {error}")
    problems += _twice(apps, file)
    return Register(apps=tuple(apps), problems=tuple(problems))


def _places(head: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for place, cell in enumerate(head):
        for name, known in COLUMNS.items():
            if cell.strip().lower() in known:
                found.setdefault(name, place)
    return found


def _app(line: int, cells: Sequence[str], places: Mapping[str, int]) -> App:
    """One row → App. Raises ValueError with everything that is wrong with it."""
    value = {
        name: _CONTROL.sub(" ", cells[place]).strip()[:LONGEST] if place < len(cells) else ""
        for name, place in places.items()
    }
    whole = cells[places["hosts"]] if places["hosts"] < len(cells) else ""
    wrong = [
        f"`{COLUMNS[name][0]}` is empty"
        for name in ("name", "number", "approver", "expires", "hosts")
        if not value[name]
    ]
    hosts: list[str] = []
    stages: list[SchoolStage] = []
    for part in filter(None, _SPLIT.split(whole)):
        try:
            hosts.append(_host(part))
        except ValueError as error:
            wrong.append(f"`{part[:LONGEST]}`: {error}")
    if len(hosts) > MOST_HOSTS:
        wrong.append(f"more than {MOST_HOSTS} hosts")
    for part in _SPLIT.split(value["stages"]):
        if part in STAGES:
            stages += STAGES[part]
        elif part not in EVERYBODY:
            wrong.append(f"unknown 学段 `{part}` (one of: {'、'.join(STAGES)})")
    expires = Until("")
    if value["expires"]:
        try:
            expires = Until.parse(value["expires"].replace("/", "-"))
        except ValueError as error:
            wrong.append(f"有效期 {error}")
    if wrong:
        raise ValueError("; ".join(wrong))
    return App(
        line=line,
        name=value["name"],
        number=value["number"],
        hosts=tuple(dict.fromkeys(hosts)),
        stages=tuple(dict.fromkeys(stages)),
        expires=expires,
        approver=value["approver"],
    )


def _host(text: str) -> str:
    """A host, with `=` for this very name; an address of a page is cut to its host."""
    exact = "=" if text.startswith("=") else ""
    bare = text.removeprefix("=")
    if "://" in bare:
        bare = bare.partition("://")[2].partition("/")[0]
    return exact + canonical(bare)


def _twice(apps: Sequence[App], file: str) -> Iterator[Problem]:
    first: dict[str, int] = {}
    for app in apps:
        before = first.setdefault(app.number, app.line)
        if before != app.line:
            message = f"备案号 `{app.number}` stands twice (first on line {before})"
            yield Problem(file=file, line=app.line, column=1, message=message)


def with_register(policy: Policy, apps: Sequence[App]) -> Policy:
    """The policy with a host group and a clause for every app, after its own clauses."""
    hosts = dict(policy.hosts)
    clauses = list(policy.clauses)
    for number, app in enumerate(apps, 1):
        name = f"register-{number}"
        hosts[name] = app.hosts
        clauses.append(_clause(name, app))
    return replace(policy, hosts=hosts, clauses=tuple(clauses))


def _clause(name: str, app: App) -> Clause:
    return Clause(
        id=name,
        title=Text(zh=app.name, en=app.name),
        action=Action.ALLOW,
        reason=Text(
            zh=f"学校登记的教育应用“{app.name}”。",
            en=f"{app.name}: an education app on the school's register.",
        ),
        when=When(hosts=(name,), stages=app.stages),
        basis=(
            Basis(
                source="教育移动应用备案（双审查）",
                clause=f"备案号 {app.number}",
                status=Status.SECONDARY,
                note=f"审批人 {app.approver}，有效期 {app.expires}",
            ),
        ),
        expires=app.expires,
    )


def empty_policy(name: str) -> Policy:
    """A school that has a register and no file of its own."""
    return Policy(id=name, title=Text(zh=name, en=name), scope=Scope.SCHOOL)


def decoded(data: bytes) -> str:
    """The text of a spreadsheet's CSV: UTF-8, or the GB 18030 that Chinese Excel writes.

    Raises ValueError where it is neither.
    """
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise ValueError("neither UTF-8 nor GB 18030")
