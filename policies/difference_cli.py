"""`qinglang policy diff OLD NEW`: the command-line door of `policies.difference`.

OLD and NEW are policy folders or snapshot documents. Exit codes: 0 no outcome changes ·
1 some do · 2 the data is wrong.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from policies.compile import Snapshot
    from policies.difference import Difference, Turn

KINDS = {"added": "新增", "removed": "删除", "changed": "修改", "moved": "换序"}
MANY = 4  # profiles named in one line


def register_diff(subs: Any) -> None:
    """Add `diff`."""
    diff = subs.add_parser("diff", help="比较两份策略 / compare two sets of policies")
    diff.add_argument("old", type=Path, metavar="OLD", help="目录或快照 / folder or snapshot")
    diff.add_argument("new", type=Path, metavar="NEW")
    diff.add_argument("--rules", action="append", type=Path, default=[], metavar="DIR")
    diff.add_argument("--json", action="store_true")
    diff.set_defaults(run=run_diff)


def run_diff(options: argparse.Namespace) -> int:
    """Tell every outcome that changes, then every clause whose words change."""
    from policies.difference import difference

    found = difference(opened(options.old, options.rules), opened(options.new, options.rules))
    if options.json:
        sys.stdout.write(json.dumps(asdict(found), ensure_ascii=False, indent=1) + "\n")
    else:
        sys.stdout.writelines(f"{line}\n" for line in lines(found))
    return 1 if found.turns else 0


def opened(path: Path, rules: list[Path]) -> Snapshot:
    """The Snapshot of a policy folder or of a published document. Raises DataError."""
    from policies.compile import Snapshot, compile_policies
    from policies.load import load_policies
    from rules.load import read_text
    from rules.sources import load_categories

    if path.is_file():
        return Snapshot.from_json(read_text(path), str(path))
    categories = tuple(load_categories(rules).values())
    return compile_policies(load_policies([path]), categories=categories, rulebase="")


def lines(found: Difference) -> list[str]:
    """The difference for a person."""
    told = [f"结果变化 / outcomes that change: {len(found.turns)}"]
    told += [_turn(turn) for turn in found.turns]
    if found.hosts_left_out:
        told.append(f"  另有 {found.hosts_left_out} 个网站未逐一比较 / more hosts not asked")
    told.append(f"条款文字变化 / words that change: {len(found.edits)}")
    for edit in found.edits:
        told.append(f"  {KINDS[edit.kind]} {edit.kind}  {edit.policy}/{edit.part}".rstrip("/"))
        for name, before, after in edit.fields:
            told += [f"    - {name}: {before}"] if before else []
            told += [f"    + {name}: {after}"] if after else []
    return told


def _turn(turn: Turn) -> str:
    who = " | ".join(turn.who[:MANY])
    more = f" +{len(turn.who) - MANY}" if len(turn.who) > MANY else ""
    when = ", ".join((*turn.days, *turn.hours)) or "总是 always"
    look = ""
    if turn.inspect_before is not turn.inspect_after:
        look = "  解密 opened" if turn.inspect_after else "  不再解密 no longer opened"
    return (
        f"  {turn.what}: {turn.before} → {turn.after}{look}  [{when}]  {who}{more}\n"
        f"      {turn.clause_before} → {turn.clause_after}"
    )
