"""`qinglang audit sql-script|import-sql|collect-sql`: databases and Redis, asked or recorded.

A door: the printed list of read-only queries, its output imported, and live databases of the
inventory asked within the signed scope. Passwords come from the environment variable that the
inventory names, never from a file or the command line. Exit codes: 0 everything was read ·
1 of some targets nothing · 2 bad input · 3 the world failed.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from audit.model import Evidence, Target
from audit.probes import shelf
from audit.probes.sql.plan import PLATFORMS, Plan, load_plan, script, version
from rules.load import DataError, Problem

REDIS = "redis"


def register(commands: Any) -> None:
    """Add the commands of databases to `audit`."""
    one = commands.add_parser(
        "sql-script", help="数据库只读查询清单 / the read-only queries of a database"
    )
    one.add_argument("--platform", required=True, choices=PLATFORMS)
    one.add_argument("--output", type=Path, metavar="FILE")
    one.add_argument("--json", action="store_true")
    one.set_defaults(run=_script)

    one = commands.add_parser("import-sql", help="导入查询结果或 redis.conf / import their output")
    one.add_argument("files", type=Path, nargs="+", metavar="FILE")
    one.add_argument("--platform", default="", choices=("", *PLATFORMS, REDIS), metavar="PLATFORM")
    one.add_argument(
        "--target", default="", metavar="ID", help="对象 / target (default: file name)"
    )
    one.add_argument("--output", type=Path, metavar="DIR", help="证据目录 / folder for evidence")
    one.add_argument("--json", action="store_true")
    one.set_defaults(run=_import)

    one = commands.add_parser(
        "collect-sql", help="查询清单中的数据库 / ask the databases of the inventory"
    )
    one.add_argument("--inventory", type=Path, required=True, metavar="FILE")
    one.add_argument("--scope", type=Path, required=True, metavar="FILE")
    one.add_argument("--signers", type=Path, required=True, metavar="FILE")
    one.add_argument("--target", default="", metavar="ID")
    one.add_argument("--timeout", type=float, default=30.0, metavar="SECONDS")
    one.add_argument("--output", type=Path, metavar="DIR", help="证据目录 / folder for evidence")
    one.add_argument("--json", action="store_true")
    one.set_defaults(run=_collect)


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")


def _bad(place: str, message: str, remedy: str = "") -> DataError:
    return DataError([Problem(file=place, line=1, column=1, message=message, remedy=remedy)])


def _script(options: argparse.Namespace) -> int:
    plan = load_plan(options.platform)
    if options.json:
        _say(json.dumps(described(plan), ensure_ascii=False, indent=1))
    elif options.output:
        options.output.write_text(script(plan), encoding="utf-8")
        _say(f"{options.output}  version {version(plan)}  queries {len(plan.queries)}")
    else:
        sys.stdout.write(script(plan))
    return 0


def described(plan: Plan) -> dict[str, Any]:
    """The closed list as JSON."""
    return {
        "platform": plan.id,
        "version": version(plan),
        "queries": [
            {"id": one.id, "title": one.title.zh, "sql": one.sql, "needs": one.needs,
             "gives": list(one.gives), "flavours": list(one.flavours), "rows": one.rows}
            for one in plan.queries
        ],
    }  # fmt: skip


def _import(options: argparse.Namespace) -> int:
    if options.target and len(options.files) > 1:
        raise _bad("--target", "只能用于一个文件 / is for one file only")
    found = [_recorded(path, options) for path in options.files]
    for one in found:
        if options.output:
            shelf.keep(options.output, one)
    return told(found, as_json=options.json)


def _recorded(path: Path, options: argparse.Namespace) -> Evidence:
    from audit.probes.sql import recorded

    if path.stat().st_size > recorded.MAX_BYTES:
        raise _bad(str(path), "文件过大 / the file is too large")
    data, name, taken = path.read_bytes(), options.target or path.stem, time.time()
    if options.platform == REDIS or (not options.platform and path.name == "redis.conf"):
        from audit.probes import redis

        return redis.read(data, target=name, taken=taken)
    try:
        return recorded.read(data, target=name, taken=taken, platform=options.platform)
    except recorded.NotRecordedError as error:
        raise _bad(str(path), str(error), "qinglang audit sql-script --platform …") from error


def _collect(options: argparse.Namespace) -> int:
    from audit.collect_cli import believed
    from audit.targets import load_inventory

    if options.timeout <= 0:
        raise _bad("--timeout", "必须大于零 / must be above zero")
    scope = believed(options.scope, options.signers)
    wanted = [
        one
        for one in load_inventory(options.inventory).targets
        if one.platform in (*PLATFORMS, REDIS) and options.target in ("", one.id)
    ]
    if not wanted:
        raise _bad(str(options.inventory), "没有可查询的数据库 / no database to ask",
                   f"platform: {', '.join((*PLATFORMS, REDIS))}")  # fmt: skip
    found = []
    for one in asked(wanted, scope, options.timeout):
        found.append(one)
        if options.output:
            shelf.keep(options.output, one)
    return told(found, as_json=options.json)


def asked(targets: list[Target], scope: Any, timeout: float) -> Iterator[Evidence]:
    """One database after another, the scope asked before each."""
    from audit.probes import redis
    from audit.probes.sql import document, live
    from audit.scope import refusal

    for number, target in enumerate(targets):
        if number:
            time.sleep(60.0 / scope.per_minute)
        now = time.time()
        killed = bool(scope.kill_file) and Path(scope.kill_file).exists()
        refused = refusal(scope, target, now, killed=killed)
        if refused:
            said = f"scope: {refused.zh} / {refused.en}"
            yield document.nothing(target.id, target.platform, said, method=live.METHOD, taken=now)
            continue
        name = target.access.get("password-env", "")
        password = os.environ.get(name, "") if name else ""
        if name and not password:
            said = f"password: 环境变量 {name} 未设置 / the variable is not set"
            yield document.nothing(target.id, target.platform, said, method=live.METHOD, taken=now)
        elif target.platform == REDIS:
            yield redis.look(target, now=now, timeout=timeout, password=password)
        else:
            yield live.look(target, now=now, timeout=timeout, password=password)


def told(found: list[Evidence], *, as_json: bool) -> int:
    """Print what was read. 1 where of some target nothing was."""
    failed = sum(bool(one.problem) for one in found)
    if as_json:
        rows = [
            {"target": one.target, "id": one.id, "probe": one.probe, "digest": one.digest,
             "problem": one.problem,
             "gaps": [gap["path"] for gap in (one.document or {}).get("gaps", ())]}
            for one in found
        ]  # fmt: skip
        _say(json.dumps({"evidence": rows, "failed": failed}, ensure_ascii=False, indent=1))
    else:
        for one in found:
            gaps = len((one.document or {}).get("gaps", ()))
            more = f" · {gaps} 处未能查看 / gaps" if gaps else ""
            _say(f"{one.target:24} {one.probe:12} {one.problem or '已读取 read'}{more}")
    return 1 if failed else 0
