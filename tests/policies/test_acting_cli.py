"""What a recognition leads to under the shipped policies, by 学段."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path

import pytest

from policies.acting_cli import STAGES, acting, register_acting
from rules.base import RuleBase
from rules.classify import classify
from rules.compile import build
from rules.model import Facts, Signal, Stage


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> RuleBase:
    data = tmp_path_factory.mktemp("data")
    build(data)
    return RuleBase.open(data / "rulebase")


@pytest.mark.parametrize(
    ("stage", "odds", "action"),
    [
        ("junior", 0.985, "block"),
        ("初中", 0.985, "block"),
        ("初中", 0.6, "allow"),
        ("初中", None, "allow"),
        ("高中", 1.0, "block"),
        ("小学", 0.985, "block"),
    ],
)
def test_actions(base: RuleBase, stage: str, odds: float | None, action: str) -> None:
    seen = ()
    if odds is not None:
        seen = (Signal(category="porn", recogniser="model", matched="x", confidence=odds),)
    facts = Facts(stage=Stage.RESPONSE, host="", seen=seen)
    act = acting(Namespace(policy=[]), base)
    assert act(stage, facts, classify(facts, base)) == action


def test_a_stage_nobody_knows(base: RuleBase) -> None:
    facts = Facts(stage=Stage.RESPONSE, host="")
    with pytest.raises(ValueError, match="大学"):
        acting(Namespace(policy=[]), base)("大学", facts, classify(facts, base))
    assert set(STAGES.values()) <= {
        "kindergarten", "primary-lower", "primary-upper", "junior", "senior"
    }  # fmt: skip


def test_it_is_handed_to_the_command_below() -> None:
    parser = ArgumentParser()
    rooms = parser.add_subparsers()
    rooms.add_parser("classify")
    register_acting(rooms)
    found = parser.parse_args(["classify", "--policy", "x"])
    assert found.act is acting
    assert found.policy == [Path("x")]
    register_acting(None)
