"""`qinglang data views POLICY --db URL --role R`: masked views that one role reads.

Shows the plan, prints the statements (`--sql`), or makes the views (`--apply`). Exit codes: 0
planned or made · 2 bad input, or a way around the views is left · 3 the world failed.
"""
# ruff: noqa: T201 - this is a command-line door

from __future__ import annotations

import argparse
import json
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from audit.lifecycle.mask_views_db import Made


def register(commands: Any) -> None:
    """Add `views` below `data`."""
    one = commands.add_parser("views", help="按角色的脱敏视图 / masked views for a role")
    one.add_argument("policy", metavar="POLICY", help="test-copy, sharing, FILE")
    one.add_argument("--db", required=True, metavar="URL", help="…?password-env=NAME")
    one.add_argument("--role", required=True, metavar="ROLE", help="MariaDB: name@host")
    one.add_argument("--in-schema", default="", help="原表所在模式 schema of the tables")
    one.add_argument("--schema", default="", help="视图所在模式 schema of the views")
    one.add_argument("--tables", default="", metavar="TABLE,…")
    one.add_argument(
        "--keyed",
        choices=("refuse", "redact", "pairs"),
        default="refuse",
        help="需要密钥的列：拒绝、遮盖、预算对照表 columns whose mask needs a key",
    )
    one.add_argument("--key-file", type=Path)
    one.add_argument("--roster", type=Path, metavar="FILE")
    one.add_argument("--inventory", type=Path, metavar="JSON")
    what = one.add_mutually_exclusive_group()
    what.add_argument("--apply", action="store_true", help="建立视图并收回原表权限 make them")
    what.add_argument("--sql", action="store_true", help="只打印语句 print the statements")
    one.add_argument("--json", action="store_true")
    one.set_defaults(run=run_views)


def run_views(options: argparse.Namespace) -> int:
    """Plan, print, or make."""
    from audit.lifecycle import key_files
    from audit.lifecycle.databases import parse
    from audit.lifecycle.mask_cli import inventory_of
    from audit.lifecycle.mask_db import Place
    from audit.lifecycle.mask_inventory import Known
    from audit.lifecycle.mask_job import Job
    from audit.lifecycle.mask_views import Keyed
    from audit.lifecycle.mask_views_db import make_views
    from policies.masks_files import load_headers, load_mask
    from rules.personal_files import load_finder

    url, _ = parse(options.db)
    policy, digest = load_mask(options.policy)
    job = Job(
        policy=policy,
        digest=digest,
        keys=key_files.read(options.key_file) if options.key_file else key_files.once(),
        finder=load_finder(options.roster),
        headers=load_headers(),
        today=date.today(),  # noqa: DTZ011 - ages are of the day here
        known=inventory_of(options.inventory, options.in_schema) if options.inventory else Known(),
    )
    made = make_views(
        job,
        Place(url=url.render_as_string(hide_password=False), schema=options.in_schema),
        schema=options.schema or f"{policy.id.replace('-', '_')}_views",
        role=options.role,
        keyed=Keyed(options.keyed),
        tables=tuple(one for one in options.tables.split(",") if one),
        apply=options.apply,
    )
    _said(made, options)
    return 0


def _said(made: Made, options: argparse.Namespace) -> None:
    views = made.views
    if options.json:
        told = {
            "schema": views.schema,
            "role": views.role,
            "applied": bool(options.apply),
            "taken": list(made.before),
            "pairs": made.pairs,
            "unknown": list(made.unknown),
            "views": [
                {
                    "view": view.name,
                    "columns": [
                        {"column": one.name, "algorithm": one.algorithm,
                         **({"note": {"zh": one.note.zh, "en": one.note.en}} if one.note else {})}
                        for one in view.columns
                    ],
                }
                for view in views.views
            ],
        }  # fmt: skip
        print(json.dumps(told, ensure_ascii=False))
        return
    if options.sql:
        print(f"-- 角色 role {views.role}；对照表由 --apply 填 pairs are filled by --apply only")
        for statement in (*made.before, *(view.sql for view in views.views)):
            print(f"{statement};")
        return
    for view in views.views:
        for one in view.columns:
            note = f"  {one.note.zh} {one.note.en}" if one.note else ""
            print(f"{view.name}.{one.name}: {one.algorithm}{note}")
    if options.apply:
        print(f"✓ {len(views.views)} 个视图 views → {views.schema}，角色 role {views.role}")
        for one_ in made.unknown:
            print(f"未知 unknown: {one_} 请核对它读什么 see what it reads")
