"""The inventory: whose systems there are, which targets they have, how each is reached.

From our YAML, from CSV, or from an Ansible inventory. Passwords are never taken: in our own
files they are an error, from Ansible they are left behind and counted. Values out; the only
world here is the file that is read.
"""

from __future__ import annotations

import csv
import io
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import yaml

from audit.model import ObjectClass, Organisation, System, Target
from rules.load import DataError, Problem, loads, read_text

ACCESS = frozenset("via user port key jump sudo".split()) | {  # noqa: SIM905
    "database",
    "file",
    "password-env",
    "socket",
    "tls-ca",
}
"""How a target is reached: via ssh, local or file; jump hosts as `user@host:port,…`.

`password-env` is the name of an environment variable, never a password.
"""

_ID = re.compile(r"[\w.@-]{1,128}(/[a-z-]{1,20})?").fullmatch  # host, host/nginx
_ADDRESS = re.compile(r"[A-Za-z0-9_.:-]{1,253}").fullmatch
_USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@-]{0,63}").fullmatch
_JUMP = re.compile(r"([A-Za-z0-9_][\w.-]*@)?[A-Za-z0-9_.-]+(:\d{1,5})?").fullmatch
_SECRET = re.compile(r"pass|secret|token", re.I)
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}").fullmatch


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """What may be looked at. `left_behind` counts passwords that a foreign file held."""

    id: str = "inventory"
    organisations: tuple[Organisation, ...] = ()
    systems: tuple[System, ...] = ()
    targets: tuple[Target, ...] = ()
    left_behind: int = 0


def load_inventory(path: Path, system: str = "") -> Inventory:
    """Read an inventory of any of the known kinds. Raises DataError with every problem."""
    text, file = read_text(path), str(path)
    if path.suffix == ".csv":
        found = from_csv(text, file, system)
    elif path.suffix in (".ini", ".cfg", "") or (path.suffix == ".hosts"):
        found = from_ansible_ini(text, file, system)
    elif _is_ansible(text):
        found = from_ansible_yaml(text, file, system)
    else:
        found = loads(Inventory, text, file)
    return checked(found, file, text)


def checked(inventory: Inventory, file: str, text: str = "") -> Inventory:
    """The same inventory, if it holds together. Raises DataError."""
    lines = text.splitlines()

    def at(name: str) -> int:
        return next((n for n, line in enumerate(lines, 1) if name and name in line), 1)

    problems = [
        Problem(file=file, line=at(place), column=1, message=message, remedy=remedy)
        for place, message, remedy in _wrong(inventory)
    ]
    if problems:
        raise DataError(problems)
    return inventory


def _wrong(inventory: Inventory) -> Iterator[tuple[str, str, str]]:
    units = {one.id for one in inventory.organisations}
    systems = {one.id for one in inventory.systems}
    for unit in inventory.organisations:
        if unit.above and unit.above not in units:
            yield unit.id, f"`{unit.id}`: 上级单位 `{unit.above}` 不存在 / is above it, unknown", ""
    for system in inventory.systems:
        if units and system.organisation not in units:
            yield system.id, f"`{system.id}`: 单位 `{system.organisation}` 不存在 / unknown", ""
    for names in ([t.id for t in inventory.targets], [s.id for s in inventory.systems]):
        for name in sorted({one for one in names if names.count(one) > 1}):
            yield name, f"`{name}` 重复 / stands twice", ""
    for target in inventory.targets:
        yield from ((target.id, *found) for found in _wrong_target(target, systems))


def _wrong_target(target: Target, systems: set[str]) -> Iterator[tuple[str, str]]:
    if not _ID(target.id):
        yield f"`{target.id[:60]}` 不能作为对象编号 / is no target id", "letters, digits, . _ @ -"
    if systems and target.system not in systems:
        yield f"`{target.id}`: 定级对象 `{target.system}` 不存在 / unknown system", ""
    if target.address and not _ADDRESS(target.address):
        yield f"`{target.id}`: 地址不对 / `{target.address[:60]}` is no address", ""
    if target.count < 1:
        yield f"`{target.id}`: `count` 至少为 1 / is at least 1", ""
    for name, value in target.access.items():
        if name == "password-env" and _VARIABLE(value):
            continue
        if _SECRET.search(name):
            yield f"`{target.id}`: 不保存口令 / passwords are never stored", "use an SSH key"
        elif name not in ACCESS:
            yield f"`{target.id}`: access `{name}` 未知 / unknown", ", ".join(sorted(ACCESS))
        elif (name == "user" and not _USER(value)) or (
            name == "port" and not (value.isdigit() and 0 < int(value) < 65536)
        ):
            yield f"`{target.id}`: access {name} `{value[:60]}` 不对 / is wrong", ""
        elif name == "jump" and not all(_JUMP(hop) for hop in value.split(",")):
            yield f"`{target.id}`: 跳板机 `{value[:60]}` 不对 / wrong jump host", "user@host:port"
        elif name == "via" and value not in ("ssh", "local", "file"):
            yield f"`{target.id}`: via `{value[:30]}` 未知 / unknown", "ssh, local, file"


COLUMNS = ("id", "name", "system", "kind", "platform", "address", "count", "exposed")


def from_csv(text: str, file: str, system: str = "") -> Inventory:
    """Columns are Target's fields and those of access. Raises DataError by line and column."""
    rows = csv.DictReader(io.StringIO(text.lstrip("\ufeff")))
    problems: list[Problem] = []
    known = {*COLUMNS, *ACCESS}
    for place, name in enumerate(rows.fieldnames or (), 1):
        if name not in known:
            message = f"列 `{name}` 未知 / unknown column"
            problems.append(_problem(file, 1, place, message, ", ".join(sorted(known))))
    targets = []
    for row in rows:
        try:
            targets.append(_row(row, system))
        except ValueError as error:
            problems.append(_problem(file, rows.line_num, 1, str(error), ""))
    if problems:
        raise DataError(problems)
    return Inventory(id="csv", targets=tuple(targets))


def _problem(file: str, line: int, column: int, message: str, remedy: str) -> Problem:
    return Problem(file=file, line=line, column=column, message=message, remedy=remedy)


def _row(row: Mapping[str, Any], system: str) -> Target:
    if None in row or any(value is None for value in row.values()):
        raise ValueError("列数不对 / more or fewer values than columns")
    said = {name: str(value).strip() for name, value in row.items() if str(value).strip()}
    if "id" not in said:
        raise ValueError("缺少 id / `id` is missing")
    kind = said.get("kind", "server")
    if kind not in set(ObjectClass):
        raise ValueError(f"kind `{kind}` 未知 / unknown; known: {', '.join(ObjectClass)}")
    count = said.get("count", "1")
    if not count.isdigit():
        raise ValueError(f"count `{count}` 不是数 / is no number")
    return Target(
        id=said["id"],
        name=said.get("name", said["id"]),
        system=said.get("system", system),
        kind=ObjectClass(kind),
        platform=said.get("platform", ""),
        address=said.get("address", ""),
        access={name: said[name] for name in sorted(ACCESS) if name in said},
        count=int(count),
        exposed=said.get("exposed", "").lower() in ("1", "yes", "true", "是"),
    )


def _is_ansible(text: str) -> bool:
    try:
        found = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError, ValueError):
        return False
    return isinstance(found, dict) and not {one.name for one in fields(Inventory)} & set(found)


_TAKEN = {"ansible_user": "user", "ansible_ssh_user": "user", "ansible_port": "port",
          "ansible_ssh_port": "port", "ansible_ssh_private_key_file": "key"}  # fmt: skip


def _ansible(name: str, said: Mapping[str, str], system: str) -> tuple[Target, int]:
    access = {"via": "local" if said.get("ansible_connection") == "local" else "ssh"}
    access |= {ours: said[theirs] for theirs, ours in _TAKEN.items() if theirs in said}
    if str(said.get("ansible_become", "")).lower() in ("yes", "true", "1"):
        access["sudo"] = "yes"
    words = shlex.split(said.get("ansible_ssh_common_args", ""))
    for at, word in enumerate(words):
        jump = re.match(r"(?:-J|(?:-o)?ProxyJump=)(.*)", word)
        if jump:
            access["jump"] = jump[1] or (words[at + 1] if at + 1 < len(words) else "")
    kind = said.get("qinglang_kind", "server")
    target = Target(
        id=name,
        name=said.get("qinglang_name", name),
        system=said.get("qinglang_system", system),
        kind=ObjectClass(kind) if kind in set(ObjectClass) else ObjectClass.SERVER,
        platform=said.get("qinglang_platform", ""),
        address=said.get("ansible_host", said.get("ansible_ssh_host", name)),
        access=access,
    )
    return target, sum(bool(re.search(r"_pass(word)?$", one)) for one in said)


_RANGE = re.compile(r"\[(\d{1,6}):(\d{1,6})\]")


def _names(pattern: str) -> list[str]:
    """`web[01:12]` → its names (at most 5,000)."""
    hit = _RANGE.search(pattern)
    if not hit:
        return [pattern]
    first, last, width = int(hit[1]), int(hit[2]), len(hit[1])
    return [
        f"{pattern[: hit.start()]}{n:0{width}d}{pattern[hit.end() :]}"
        for n in range(first, min(last, first + 4999) + 1)
    ]


def from_ansible_ini(text: str, file: str, system: str = "") -> Inventory:
    """Hosts and `[group:vars]` of an INI inventory."""
    hosts: dict[str, dict[str, str]] = {}
    groups: dict[str, set[str]] = {}
    group_vars: dict[str, dict[str, str]] = {}
    section, kind = "ungrouped", ""
    problems = []
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        if not line or line[0] in "#;":
            continue
        head = re.fullmatch(r"\[([^:\]]+)(?::(vars|children))?\]", line)
        if head:
            section, kind = head[1], head[2] or ""
            continue
        try:
            words = shlex.split(line, comments=True)
        except ValueError as error:
            problems.append(_problem(file, number, 1, f"{error}", ""))
            continue
        if kind == "vars":
            name, _, value = line.partition("=")
            group_vars.setdefault(section, {})[name.strip()] = value.strip().strip("\"'")
        elif kind == "" and words:
            said = dict(word.partition("=")[::2] for word in words[1:])
            for name in _names(words[0]):
                hosts.setdefault(name, {}).update(said)
                groups.setdefault(section, set()).add(name)
    if problems:
        raise DataError(problems)
    merged = {}
    for name, said in hosts.items():
        given = dict(group_vars.get("all", {}))
        for group in sorted(groups):
            given |= group_vars.get(group, {}) if name in groups[group] else {}
        merged[name] = given | said
    return _gathered(merged, system)


def _gathered(hosts: Mapping[str, Mapping[str, str]], system: str) -> Inventory:
    found = [_ansible(name, said, system) for name, said in hosts.items()]
    return Inventory(
        id="ansible",
        targets=tuple(target for target, _ in found),
        left_behind=sum(secrets for _, secrets in found),
    )


def from_ansible_yaml(text: str, file: str, system: str = "") -> Inventory:
    """Hosts and vars of a YAML inventory, groups within groups."""
    hosts: dict[str, dict[str, str]] = {}

    def walk(group: Any, given: Mapping[str, str], depth: int) -> None:
        if not isinstance(group, dict) or depth > 20:
            return
        said = {**given, **_plain(group.get("vars"))}
        for name, own in (
            (group.get("hosts") or {}).items() if isinstance(group.get("hosts"), dict) else ()
        ):
            for one in _names(str(name)):
                hosts[one] = {**said, **hosts.get(one, {}), **_plain(own)}
        children = group.get("children")
        for child in children.values() if isinstance(children, dict) else ():
            walk(child, said, depth + 1)

    try:
        top = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise DataError([_problem(file, 1, 1, f"not valid YAML: {error}", "")]) from error
    for group in top.values() if isinstance(top, dict) else ():
        walk(group, {}, 0)
    return _gathered(hosts, system)


def _plain(values: Any) -> dict[str, str]:
    return {str(k): str(v) for k, v in values.items()} if isinstance(values, dict) else {}


def within(inventory: Inventory, ids: tuple[str, ...]) -> Inventory:
    """The inventory of these targets only."""
    return replace(inventory, targets=tuple(one for one in inventory.targets if one.id in ids))
