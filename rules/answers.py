"""What `rules lookup` and `rules classify` say of one input. Values in, plain data out.

The keys are the product's outward form of a recognition and do not change:
`input`, `host`, `categories`, `signals`, `rulebase`, or `input`, `error`, `rulebase`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from rules.base import RuleBase
from rules.hosts import split_url
from rules.model import Signals


def answers(base: RuleBase, inputs: Iterable[str]) -> Iterator[dict[str, Any]]:
    """One answer per host or URL, in order; one that is neither gets an `error`."""
    for text in inputs:
        try:
            host, _, path = split_url(text.strip())
        except ValueError as error:
            yield {"input": text, "error": str(error), "rulebase": base.hash}
            continue
        yield said(base, text, host, base.url(host, path) if path else base.host(host))


def said(base: RuleBase, text: str, host: str, signals: Signals) -> dict[str, Any]:
    """The answer for one recognition."""
    return {
        "input": text,
        "host": host,
        "categories": list(base.ids(signals.mask)),
        "signals": [
            {
                "category": one.category,
                "recogniser": one.recogniser,
                "matched": one.matched,
                "list": one.list,
                "confidence": one.confidence,
                "place": one.place,
            }
            for one in signals.items
        ],
        "rulebase": base.hash,
    }


def line(answer: dict[str, Any]) -> str:
    """An answer as one line for people."""
    if "error" in answer:
        return f"{answer['input']}\t错误 error: {answer['error']}"
    why = "; ".join(
        f"{one['category']} ← {one['matched']} ({one['list'] or one['recogniser']})"
        for one in answer["signals"]
    )
    return f"{answer['input']}\t{' '.join(answer['categories'])}\t{why}"
