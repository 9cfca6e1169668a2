"""What `rules classify` would lead to: the action of the policy of a 学段, for what was seen.

The command stands on the floor below, which knows no policies; this floor hands it the
function. It answers for a pupil of that 学段 on a host nobody knows, now.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rules.base import RuleBase
    from rules.model import Facts, Signals

STAGES = {
    "幼儿园": "kindergarten",
    "小学低年级": "primary-lower",
    "小学": "primary-upper",
    "小学高年级": "primary-upper",
    "初中": "junior",
    "高中": "senior",
}


def register_acting(rules: Any) -> None:
    """Give `rules classify` its actions; nothing where that command is not installed."""
    classify = rules.choices.get("classify") if rules is not None else None
    if classify is not None:
        classify.add_argument("--policy", action="append", type=Path, default=[], metavar="DIR")
        classify.set_defaults(act=acting)


def acting(options: argparse.Namespace, base: RuleBase) -> Callable[[str, Facts, Signals], str]:
    """(学段, facts, signals) → the action; the 学段 by its id or by its name."""
    from policies.compile import compile_policies
    from policies.decide import decide
    from policies.load import load_policies
    from policies.model import Subject
    from policies.moment import moment
    from policies.policy import SchoolStage

    given = load_policies(options.policy)
    snapshot = compile_policies(given, categories=base.categories, rulebase=base.hash)
    now = moment(time.time())
    subjects = {stage.value: Subject(stage=stage.value) for stage in SchoolStage}

    def act(stage: str, facts: Facts, signals: Signals) -> str:
        subject = subjects.get(STAGES.get(stage, stage))
        if subject is None:
            known = ", ".join([*subjects, *STAGES])
            raise ValueError(f"学段未知 unknown stage `{stage}`; one of {known}")
        return decide(snapshot, facts, signals, subject, now).enforced.value

    return act
