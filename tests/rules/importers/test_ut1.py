"""The UT1 layout."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import PurePosixPath
from typing import Any

import pytest

from rules.importers.streams import Lines, Member, RefusedError
from rules.importers.ut1 import ut1


def read(catch: Callable, files: dict[str, bytes], links: tuple[Member, ...] = ()) -> Any:
    caught = catch()
    members = [
        Member(PurePosixPath("blacklists") / name, Lines(name, io.BytesIO(body)))
        for name, body in files.items()
    ]
    ut1([*members, *links], caught.rows)
    return caught


def test_layout(catch: Callable) -> None:
    link = Member(PurePosixPath("blacklists/proxy"), None, "redirector")
    files = {
        "games/domains": b"a.com\n192.0.2.1\n\n# x\n",
        "games/urls": b"b.com/Play/\n",
        "games/usage": b"black\n",
        "bank/domains": b"c.com\r\n",
        "bank/usage": b"white\nblack\n",
        "global_usage": b"NAME: games\n",
    }
    caught = read(catch, files, (link,))
    assert caught.found == [
        ("a.com", "games"),
        ("192.0.2.1", "games"),
        ("b.com/play", "games"),
        ("c.com", "bank"),
    ]
    assert caught.rows.tally.notes == {
        "games: black": 1,
        "bank: white and black": 1,
        "alias proxy → redirector": 1,
    }


def test_bad_lines_name_their_file(catch: Callable) -> None:
    caught = read(catch, {"games/domains": b"a.com\nnot a host\n", "games/urls": b"\xff/x\n"})
    told = [(one.file, one.line) for one in caught.rows.tally.samples]
    assert told == [("games/domains", 2), ("games/urls", 1)]


def test_another_tree_is_refused(catch: Callable) -> None:
    with pytest.raises(RefusedError, match="UT1"):
        read(catch, {"readme": b"hello\n"})
