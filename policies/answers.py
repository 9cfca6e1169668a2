"""Answered appeals as cases: a decision that people made is kept by every later policy.

`DIR/cases/appeals.yaml` is a list to which a line is appended with every answer. A
grant's line carries its Order, so that `policy test` can put it in force and see that
the site is still let through (a later lock or a wrong edit would show); a denial's line
demands that the site stays as it was. Pure; reading is `policies.load`'s, appending
the gateway's.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from policies.cases import Classify, Outcome, run_case
from policies.compile import Snapshot
from policies.document import encode
from policies.model import Order
from policies.policy import At, Case, Policy, Scope
from rules.model import Text

FILE = "appeals.yaml"
TITLE = Text(zh="申诉复核决定", en="Answered appeals")
_UNPRINTABLE = re.compile(r"[\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")
HEAD = """\
# 申诉复核决定：由 `qinglang appeal answer` 逐行追加，`qinglang policy test` 逐条检验。
# Answered appeals: appended by `qinglang appeal answer`, tested by `qinglang policy test`.
id: appeals
title: {zh: "申诉复核决定", en: "Answered appeals"}
answers:
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class AppealAnswer:
    """A decision on an appeal and the case that holds later policies to it."""

    code: str
    decided: At
    granted: bool
    issuer: str
    reason: str
    case: Case
    order: Order | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """A file of `cases/`: the answered appeals of one place."""

    id: str
    title: Text
    answers: tuple[AppealAnswer, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """One answer's case under the policies of today."""

    answer: AppealAnswer
    outcome: Outcome


def line(answer: AppealAnswer) -> str:
    """The answer as one line of YAML, to be appended to the list.

    JSON is YAML's flow style, but for characters that YAML takes for breaks or refuses.
    """
    text = json.dumps(encode(answer), ensure_ascii=False, sort_keys=True)
    return f"  - {_UNPRINTABLE.sub(_escaped, text)}\n"


def _escaped(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"


def run_answers(
    files: Sequence[Answers], snapshot: Snapshot, classify: Classify | None = None
) -> list[Outcome]:
    """The case of every answer: grants with their Orders in force, denials without."""
    return [
        tried.outcome
        for file in files
        for tried in try_answers(file.answers, snapshot, classify, f"cases/{file.id}")
    ]


def try_answers(
    answers: Sequence[AppealAnswer],
    snapshot: Snapshot,
    classify: Classify | None = None,
    name: str = "cases/appeals",
) -> list[Tried]:
    """Each answer's case, as it comes out."""
    given = [answer.order for answer in answers if answer.order is not None]
    granted = with_orders(snapshot, given) if given else snapshot
    policy = Policy(id=name, title=TITLE, scope=Scope.DISTRICT)
    return [
        Tried(
            answer=answer,
            outcome=run_case(
                granted if answer.order is not None else snapshot, policy, answer.case, classify
            ),
        )
        for answer in answers
    ]


def with_orders(snapshot: Snapshot, orders: Sequence[Order]) -> Snapshot:
    """The same policies with these Orders beside its own.

    An Order of a category that is gone is left out: its case then says so.
    """
    known = {kind.id for kind in snapshot.document.categories}
    fresh = {order.id: order for order in orders if known.issuperset(order.categories)}
    kept = tuple(order for order in snapshot.orders if order.id not in fresh)
    return Snapshot(replace(snapshot.document, orders=(*kept, *fresh.values())))
