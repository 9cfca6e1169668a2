"""Outward answers: their keys are fixed."""

from __future__ import annotations

from collections.abc import Callable

from rules.answers import answers, line
from rules.base import RuleBase


def test_answers(base_of: Callable[[str], RuleBase]) -> None:
    base = base_of("a.com games\nb.com/live live\n")
    first, second, third, fourth = answers(base, ["A.com ", "b.com/live", "x y", "unknown.example"])
    assert first == {
        "input": "A.com ",
        "host": "a.com",
        "categories": ["games"],
        "signals": [
            {
                "category": "games",
                "recogniser": "hosts",
                "matched": "a.com",
                "list": "own",
                "confidence": 1.0,
                "place": "",
            }
        ],
        "rulebase": base.hash,
    }
    assert second["signals"][0]["recogniser"] == "urls"
    assert set(third) == {"input", "error", "rulebase"}
    assert (fourth["categories"], fourth["signals"]) == (["uncategorised"], [])
    assert line(first) == "A.com \tgames\tgames ← a.com (own)"
    assert line(third).startswith("x y\t错误 error: ")
    assert line(fourth) == "unknown.example\tuncategorised\t"
