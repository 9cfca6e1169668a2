"""`qinglang policy check|test|explain`: the command-line door of this floor.

Heavy modules are imported in the handlers. Exit codes: 0 holds · 1 a case fails ·
2 the data is wrong (every problem printed with its place).
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rules.cli
from policies.acting_cli import register_acting
from policies.difference_cli import register_diff
from policies.register_cli import register_registers

if TYPE_CHECKING:
    from policies.cases import Classify
    from policies.compile import Snapshot


def register(commands: Any) -> None:
    """Add `policy` and its sub-commands."""
    room = commands.add_parser("policy", help="策略 / policies")
    subs = room.add_subparsers(dest="policy_command", required=True, metavar="COMMAND")
    check = subs.add_parser("check", help="检查策略文件 / check the policy files")
    test = subs.add_parser("test", help="运行策略文件中的用例 / run the cases in the policy files")
    explain = subs.add_parser("explain", help="解释一次裁决 / explain one decision")
    register_registers(subs)
    for sub in (check, test):
        sub.add_argument("folders", nargs="*", type=Path, metavar="DIR")
    for sub in (check, test, explain):
        sub.add_argument("--policy", action="append", type=Path, default=[], metavar="DIR")
        sub.add_argument("--rules", action="append", type=Path, default=[], metavar="DIR")
        sub.add_argument("--json", action="store_true")
    for sub in (test, explain):
        sub.add_argument("--data", type=Path, default=Path("var"), metavar="DIR")
    test.add_argument("--junit", type=Path, metavar="FILE")
    _explain_options(explain)
    check.set_defaults(run=run_check)
    test.set_defaults(run=run_test)
    explain.set_defaults(run=run_explain)
    register_diff(subs)
    register_acting(rules.cli.subcommands(commands))


def subcommands(commands: Any, room_name: str = "policy") -> Any:
    """The sub-commands of a room, to which higher floors add theirs; None where absent."""
    room = commands.choices.get(room_name)
    found = room._subparsers._group_actions if room is not None else ()
    return found[0] if found else None


def _explain_options(explain: argparse.ArgumentParser) -> None:
    explain.add_argument("address", nargs="?", default="", help="终端地址 / address of the device")
    explain.add_argument("--subject", default="", help="stage=junior,role=pupil,school=example,…")
    explain.add_argument("--url", default="")
    explain.add_argument(
        "--stdin", action="store_true", help="逐行 JSON / JSON lines of subject, url, at"
    )
    explain.add_argument("--at", default="", help="2026-09-01T10:00 (默认现在 / default: now)")
    explain.add_argument(
        "--carries",
        default="",
        metavar="{verified: {id_card: 3}, people: 3}",
        help="外发内容带有什么 / what the message carries",
    )
    explain.add_argument("--gap", default="", help="未能观察到的方面 / what could not be observed")
    explain.add_argument(
        "--snapshot", type=Path, metavar="FILE", help="已发布的快照 / a published snapshot"
    )


def run_check(options: argparse.Namespace) -> int:
    """Load and check; remarks do not fail."""
    from policies.advice import advice
    from policies.check import check
    from policies.load import load_policies
    from policies.moment import moment
    from rules.load import DataError
    from rules.sources import load_categories

    categories = tuple(load_categories(options.rules).values())
    try:
        given = load_policies((*options.policy, *options.folders))
        problems = check(given, categories)
    except DataError as error:
        given, problems = None, list(error.problems)
    remarks = advice(given, moment(time.time()).day) if given else []
    if options.json:
        counts = {
            "problems": [asdict(problem) for problem in problems],
            "remarks": [asdict(remark) for remark in remarks],
            "policies": len(given.policies) if given else 0,
        }
        _print_json(counts)
        return 2 if problems else 0
    for problem in problems:
        _say(str(problem), sys.stderr)
    for remark in remarks:
        _say(f"提示 note: {remark}")
    if problems or given is None:
        _say(f"策略有 {len(problems)} 处错误 / {len(problems)} problems", sys.stderr)
        return 2
    clauses = sum(len(policy.clauses) for policy in given.policies)
    _say(
        f"策略无误:{len(given.policies)} 份策略,{clauses} 条条款 / "
        f"OK: {len(given.policies)} policies, {clauses} clauses"
    )
    return 0


def run_test(options: argparse.Namespace) -> int:
    """Run every case with the RuleBase in force."""
    from policies.answers import run_answers
    from policies.cases import run_cases
    from policies.load import load_policies
    from policies.render import junit

    folders = (*options.policy, *options.folders)
    snapshot, classify = in_force(options, folders)
    outcomes = run_cases(snapshot, classify)
    outcomes += run_answers(load_policies(folders).answers, snapshot, classify)
    failed = [outcome for outcome in outcomes if outcome.wrong]
    if options.junit:
        options.junit.write_bytes(junit(outcomes))
    if options.json:
        _print_json(
            {
                "cases": len(outcomes),
                "failed": [
                    {"policy": o.policy, "case": o.case.title, "wrong": list(o.wrong)}
                    for o in failed
                ],
                "snapshot": snapshot.hash,
            }
        )
        return 1 if failed else 0
    for outcome in failed:
        _say(f"✗ {outcome.policy} · {outcome.case.title}: {'; '.join(outcome.wrong)}")
    passed = len(outcomes) - len(failed)
    _say(f"用例 {len(outcomes)},通过 {passed} / cases {len(outcomes)}, hold {passed}")
    return 1 if failed else 0


def run_explain(options: argparse.Namespace) -> int:
    """One decision, every clause tried, and the basis."""
    from policies.cases import facts_of
    from policies.explain import explain
    from policies.moment import at, moment
    from policies.outflow import carried_of
    from policies.render import explanation_json, explanation_lines
    from policies.subject import locate, parse_subject
    from rules.load import DataError, Problem
    from rules.model import Gap

    snapshot, classify = in_force(options, options.policy)
    if options.stdin:
        return _explain_lines(snapshot, classify)
    try:
        if not options.url:
            raise ValueError("give --url, or --stdin")
        if options.address and options.subject:
            raise ValueError("give an address or --subject, not both")
        if options.address:
            subject = locate(snapshot, options.address)
        else:
            subject = parse_subject(options.subject, snapshot.default_subject)
        when = at(options.at) if options.at else moment(time.time())
        facts = facts_of(options.url)
        facts = replace(facts, gap=Gap(options.gap)) if options.gap else facts
    except ValueError as error:
        problem = Problem(file="command line", line=1, column=1, message=str(error))
        raise DataError([problem]) from error
    signals = classify(facts)
    bits = snapshot.outflow.bits(carried_of(options.carries, "--carries")) if options.carries else 0
    found = explain(snapshot.seat(subject), facts, signals, subject, when, carried=bits)
    if options.json:
        _print_json(explanation_json(found, signals, snapshot))
    else:
        for line in explanation_lines(found, signals, snapshot):
            _say(line)
    return 0


def _explain_lines(snapshot: Snapshot, classify: Classify) -> int:
    """Exit code 2 where a line does not read; all others are answered."""
    from policies.bulk import Answers
    from policies.moment import moment

    answers = Answers(snapshot, classify, moment(time.time()))
    sys.stdout.writelines(answers.of(sys.stdin))
    sys.stdout.flush()
    if answers.wrong:
        _say(f"{answers.wrong} 行无法读取 / lines do not read", sys.stderr)
    return 2 if answers.wrong else 0


def in_force(options: argparse.Namespace, folders: Sequence[Path]) -> tuple[Snapshot, Classify]:
    """The snapshot of these folders (or the published one) and a recogniser for it."""
    from policies.compile import Snapshot, compile_policies
    from policies.load import load_policies
    from rules.base import RuleBase
    from rules.classify import classify
    from rules.compile import build
    from rules.load import DataError, Problem, read_text

    build(options.data, options.rules, say=lambda line: _say(line, sys.stderr))
    base = RuleBase.open(options.data / "rulebase")
    published: Path | None = getattr(options, "snapshot", None)
    if published is None:
        given = load_policies(folders)
        snapshot = compile_policies(given, categories=base.categories, rulebase=base.hash)
    else:
        snapshot = Snapshot.from_json(read_text(published), str(published))
        if snapshot.rulebase != base.hash:
            message = "the snapshot was made for another rule base"
            problem = Problem(file=str(published), line=1, column=1, message=message)
            raise DataError([problem])
    return snapshot, lambda facts: classify(facts, base)


def _print_json(value: object) -> None:
    _say(json.dumps(value, ensure_ascii=False, indent=1))


def _say(line: str, stream: Any = None) -> None:
    print(line, file=stream or sys.stdout)
