"""`qinglang data roster key|seal`: a key file, and a roster of names sealed with it. A door."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from audit.lifecycle.recording import add_record, recording
from gateway.rosters import make_key, read_key, sealed, write_new
from rules.personal_files import MAX_ROSTER, roster_of


def register(commands: Any) -> None:
    """Add `roster` below `data`."""
    room = commands.add_parser("roster", help="加密的姓名名册 / sealed rosters of names")
    subs = room.add_subparsers(dest="roster_command", required=True, metavar="COMMAND")
    key = subs.add_parser("key", help="生成密钥文件 / make a key file")
    key.add_argument("--output", type=Path, required=True, metavar="KEYFILE")
    key.set_defaults(run=run_key)
    seal = subs.add_parser("seal", help="加密名册 / seal a roster")
    seal.add_argument("file", type=Path, metavar="FILE")
    seal.add_argument("--key", type=Path, required=True, metavar="KEYFILE")
    seal.add_argument("--output", type=Path, required=True, metavar="FILE")
    add_record(seal)
    seal.set_defaults(run=run_seal)


def run_key(options: argparse.Namespace) -> int:
    """Never overwrites."""
    make_key(options.output)
    print(f"已生成密钥 key written: {options.output}")  # noqa: T201
    return 0


def run_seal(options: argparse.Namespace) -> int:
    """Reads the roster first, so that nothing useless is sealed."""
    key = read_key(options.key)
    with recording(options, "roster seal", [str(options.file)], fields=["name"]) as use:
        with options.file.open("rb") as stream:
            data = stream.read(MAX_ROSTER + 1)
        count = use.subjects = roster_of(data, str(options.file)).size
        write_new(options.output, sealed(data, key))
    print(f"已加密 sealed: {count} 个姓名 names → {options.output}")  # noqa: T201
    print("明文名册请另行安全删除 destroy the plain roster yourself")  # noqa: T201
    return 0
