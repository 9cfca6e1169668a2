"""Phrases → the files of a RuleBase folder that `rules.recognise.words` opens.

`words.json` is the same for the same lexicons, whatever machine wrote it; `words.hs` is a cache
for this kind of processor, made where hyperscan is installed, and no part of the RuleBase's hash.
A door: it writes two files.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rules.phrases import Condition, Phrases
from rules.recognise.engines import AhoCorasick, have_hyperscan, hyperscan_bytes
from rules.recognise.scoring import Curves
from rules.recognise.words import DATABASE, FORMAT, WORDS, Words


def document(found: Phrases, curves: Curves) -> dict[str, Any]:
    """What `words.json` holds: plain values, the same for the same lexicons."""
    conditions: dict[Condition | None, int] = {None: 0}
    sayings: dict[tuple[Any, ...], int] = {}
    rows = []
    for said in found.sayings.values():
        numbers = []
        for one in said:
            place = conditions.setdefault(one.condition, len(conditions))
            key = (one.part.value, one.category, one.weight, one.lexicon, place)
            numbers.append(sayings.setdefault(key, len(sayings)))
        rows.append(numbers)
    return {
        "format": FORMAT,
        "written": found.written,
        "phrases": list(found.sayings),
        "says": rows,
        "sayings": [list(key) for key in sayings],
        "conditions": [asdict(one) if one else None for one in conditions],
        "curves": asdict(curves),
    }


def write(folder: Path, found: Phrases, curves: Curves) -> tuple[str, ...]:
    """Write the files of a RuleBase folder; the names of those whose content is its hash's.

    `words.hs` is a cache for this kind of processor and no part of the RuleBase's identity.
    """
    content = json.dumps(document(found, curves), ensure_ascii=False, separators=(",", ":"))
    (folder / WORDS).write_text(content, encoding="utf-8")
    if have_hyperscan() and found.sayings:
        stored = hyperscan_bytes([text.encode() for text in found.sayings])
        (folder / DATABASE).write_bytes(stored)
    return (WORDS,)


def made(found: Phrases, curves: Curves) -> Words:
    """The recogniser straight from phrases, without a folder and without hyperscan."""
    content = document(found, curves)
    return Words(content, AhoCorasick([text.encode() for text in content["phrases"]]))
