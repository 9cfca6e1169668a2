"""`qinglang appeal list|show|answer`: arguments in, text out."""
# ruff: noqa: T201 - this is a command-line door

from __future__ import annotations

import argparse
import contextlib
import json
import sys
import time
from dataclasses import asdict
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gateway.commands import Commands, command, node_of

if TYPE_CHECKING:
    from gateway.appeals import Appeals, Review
    from policies.answers import AppealAnswer

MEANWHILE = "刚刚有人答复了，请先看过 / somebody has just answered: look at it first"
SHANGHAI = timezone(timedelta(hours=8))


def register_appeals(commands: Commands) -> None:
    """Add the `appeal` commands."""
    appeal = commands.add_parser("appeal", help="申诉复核 / requests for review")
    inner = appeal.add_subparsers(dest="appeal_command", required=True, metavar="COMMAND")
    listed = command(inner, "list", _list, "列出 / list them")
    listed.add_argument("--open", action="store_true", help="只列未答复的 / unanswered only")
    listed.add_argument("--school", default="")
    command(inner, "show", _show, "详情 / one of them").add_argument("code")
    answer = command(inner, "answer", _answer, "答复 / decide")
    answer.add_argument("code")
    which = answer.add_mutually_exclusive_group(required=True)
    which.add_argument("--grant", action="store_true", help="同意：生成指令 / makes an Order")
    which.add_argument("--deny", action="store_true", help="维持 / it stays as it is")
    answer.add_argument("--reason", required=True)
    answer.add_argument("--issuer", required=True)
    answer.add_argument("--approve", action="append", default=[])
    answer.add_argument("--scope", choices=("school", "group", "district"), default="school")
    answer.add_argument("--office", choices=("school", "district"), default="school")
    answer.add_argument("--host", default="", help="改为放行这个域名 / open this name instead")
    answer.add_argument("--days", type=int, default=180, help="有效天数 / for so many days")
    answer.add_argument("--policy", type=Path, metavar="DIR", help="用例写到这里 / for the case")


def _appeals(options: argparse.Namespace) -> Appeals:
    from gateway.appeals import Appeals

    return Appeals(node_of(options.data).data / "appeals.jsonl")


def _list(options: argparse.Namespace) -> int:
    book = _appeals(options).book()
    for problem in book.problems:
        print(problem, file=sys.stderr)
    found = [
        review
        for review in book.reviews.values()
        if not (options.open and review.answers) and options.school in ("", review.appeal.school)
    ]
    if options.json:
        print(json.dumps([asdict(review) for review in found], ensure_ascii=False, indent=1))
        return 0
    for review in found:
        one = review.appeal
        print(f"{one.code}  {_when(one.at)}  {_state(review)}  {one.school or '—'}  {one.host}")
    return 0


def _show(options: argparse.Namespace) -> int:
    review = _appeals(options).book().reviews.get(options.code)
    if review is None:
        return _nobody(options.code)
    if options.json:
        print(json.dumps(asdict(review), ensure_ascii=False, indent=1))
        return 0
    one = review.appeal
    rows = {
        "编码 code": one.code,
        "时间 time": _when(one.at),
        "网站 site": one.host,
        "学校 school": " ".join(filter(None, (one.school, one.stage, one.group))) or "—",
        "裁决 verdict": f"{one.action} · {one.clause}",
        "类别 categories": " ".join(one.categories),
        "理由 words": one.text or "—",
    }
    for name, value in rows.items():
        print(f"{name}: {value}")
    for answer in review.answers:
        said = "同意 granted" if answer.granted else "维持 denied"
        print(f"{_when(answer.at)} {said} · {answer.issuer}: {answer.reason} {answer.order}")
    return 0


def _answer(options: argparse.Namespace) -> int:
    appeals = _appeals(options)
    before = appeals.book().reviews.get(options.code)
    if before is None:
        return _nobody(options.code)
    with appeals.deciding():
        review = appeals.book().reviews[options.code]
        if len(review.answers) > len(before.answers):
            print(f"qinglang: {MEANWHILE}: {review.answers[-1].issuer}", file=sys.stderr)
            return 2
        return _decided(options, appeals, review)


def _decided(options: argparse.Namespace, appeals: Appeals, review: Review) -> int:
    from gateway.appeals import Answer
    from gateway.authority import private_folder
    from gateway.orders import Orders
    from gateway.reload import orders_file
    from gateway.review import Decision, append_case, case_file, decide_appeal
    from policies.model import Office

    node, now = node_of(options.data), time.time()
    try:
        path = case_file([options.policy] if options.policy else node.policy)
        made = Decision(
            granted=options.grant,
            issuer=options.issuer,
            reason=options.reason,
            scope=options.scope,
            host=options.host,
            days=options.days,
            office=Office.DISTRICT if options.scope == "district" else Office(options.office),
            approvals=tuple(options.approve),
        )
        answer = decide_appeal(node, review.appeal, made, now=now)
        append_case(path, answer)
        if answer.order is not None:
            private_folder(node.data)
            Orders(orders_file(node)).add(answer.order)
        for earlier in review.answers if not answer.granted else ():
            with contextlib.suppress(KeyError):  # it has expired, or was revoked before
                Orders(orders_file(node)).revoke(
                    earlier.order, issuer=options.issuer, at=now, note=options.reason
                )
    except ValueError as error:
        print(f"qinglang: {error}", file=sys.stderr)
        return 2
    record = Answer(
        code=options.code,
        granted=answer.granted,
        issuer=answer.issuer,
        reason=answer.reason,
        at=now,
        order=answer.order.id if answer.order is not None else "",
        case=str(path.name),
    )
    appeals.answer(record)
    _tell(options, answer, asdict(record), path)
    return 0


def _tell(
    options: argparse.Namespace, answer: AppealAnswer, record: dict[str, Any], path: Path
) -> None:
    if options.json:
        print(json.dumps(record, ensure_ascii=False, indent=1))
        return
    if answer.order is not None:
        print(f"同意，指令 {answer.order.id} / granted, by this Order")
    else:
        print("维持原裁决 / denied")
    print(f"用例 {path} / its case")


def _state(review: Review) -> str:
    if not review.answers:
        return "待答复 open   "
    return "已同意 granted" if review.answers[-1].granted else "已维持 denied "


def _when(timestamp: float) -> str:
    return f"{datetime.fromtimestamp(timestamp, SHANGHAI):%Y-%m-%d %H:%M}"


def _nobody(code: str) -> int:
    print(f"qinglang: 没有这个申诉 / no such appeal: {code}", file=sys.stderr)
    return 2
