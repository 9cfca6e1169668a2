"""`qinglang policy register check|import`: the command-line door of registers."""
# ruff: noqa: T201 - this is a command-line door

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from policies.register import App, Register


def register_registers(commands: Any) -> None:
    """Add `register` and its sub-commands."""
    room = commands.add_parser("register", help="教育应用备案名单 / education apps")
    subs = room.add_subparsers(dest="register_command", required=True, metavar="COMMAND")
    check = subs.add_parser("check", help="检查名单 / check a register")
    check.add_argument("file", type=Path, metavar="FILE.csv")
    check.set_defaults(run=_check)
    take = subs.add_parser("import", help="检查并放入策略目录 / check it and put it in place")
    take.add_argument("file", type=Path, metavar="FILE.csv")
    take.add_argument("--to", type=Path, required=True, metavar="DIR", help="策略目录 / folder")
    take.add_argument("--school", required=True, help="学校或分组编号 / id of the school or group")
    take.set_defaults(run=_import)
    for sub in (check, take):
        sub.add_argument("--json", action="store_true")


def _check(options: argparse.Namespace) -> int:
    """0 good (expired rows are remarks), 2 bad rows."""
    found = _read(options.file)
    _tell(options, found)
    return 2 if found.problems else 0


def _import(options: argparse.Namespace) -> int:
    """Put the checked file in place, whole or not at all."""
    from policies.load import REGISTERS, load_policies
    from rules.load import WorldError

    found = _read(options.file)
    _tell(options, found)
    if found.problems:
        return 2
    folder: Path = options.to / REGISTERS
    path = folder / f"{options.school}.csv"
    before = path.read_bytes() if path.exists() else None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _write(path, options.file.read_bytes())
    except OSError as error:
        raise WorldError(f"{path}: cannot be written: {error.strerror}") from error
    try:
        load_policies([options.to])
    except Exception:
        if before is None:
            path.unlink()
        else:
            _write(path, before)
        raise
    if not options.json:
        print(f"已放入 {path} / in place")
    return 0


def _read(path: Path) -> Register:
    from policies.load import read_csv
    from policies.register import read_register

    return read_register(read_csv(path), str(path))


def _write(path: Path, data: bytes) -> None:
    fresh = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    fresh.write_bytes(data)
    fresh.replace(path)


def _tell(options: argparse.Namespace, found: Register) -> None:
    now = time.time()
    late = [app for app in found.apps if app.expires.timestamp <= now]
    if options.json:
        print(
            json.dumps(
                {
                    "apps": [asdict(app) for app in found.apps],
                    "expired": [app.number for app in late],
                    "problems": [asdict(problem) for problem in found.problems],
                },
                ensure_ascii=False,
                indent=1,
            )
        )
        return
    for problem in found.problems:
        print(problem, file=sys.stderr)
    for app in late:
        print(_expired(options.file, app))
    print(
        f"应用 {len(found.apps)}，过期 {len(late)}，有误 {len(found.problems)} 行 / "
        f"apps {len(found.apps)}, expired {len(late)}, bad rows {len(found.problems)}"
    )


def _expired(path: Path, app: App) -> str:
    return f"{path}:{app.line}:1: 提示 note: {app.name} 已于 {app.expires} 过期 / expired"
