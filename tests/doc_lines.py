"""Pages of docs/ that are run line by line: their files are written, their commands given out."""

from __future__ import annotations

import re
import shlex
import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path

from audit.lifecycle.acting import account

DOCS = Path(__file__).parent.parent / "docs"
_BLOCK = re.compile(r"^```(\w+)(?: file=(\S+))?\n(.*?)^```", re.MULTILINE | re.DOTALL)


def commands(page: str, words: Mapping[str, str] = {}) -> Iterator[tuple[str, list[str]]]:
    """(line, its words) of every command, in order. `words`: what stands for a word of the page.

    `qinglang` is left out of the words; a file of the page is written before what follows it,
    and `sqlite3 FILE ".read SCRIPT"` is run here.
    """
    text = (DOCS / page).read_text(encoding="utf-8")
    for kind, name, body in _BLOCK.findall(text):
        if kind != "sh":
            Path(name).write_text(body, encoding="utf-8")
            continue
        for line in body.splitlines():
            told = line.replace("$USER", account())
            for word, meant in words.items():
                told = told.replace(word, meant)
            found = shlex.split(told, comments=True)
            if found[0] == "sqlite3":
                with sqlite3.connect(found[1]) as database:
                    database.executescript(Path(found[3]).read_text(encoding="utf-8"))
                database.close()
            else:
                yield line, found[1:] if found[0] == "qinglang" else found
