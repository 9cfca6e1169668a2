"""What is missing is said once, with its numbers; what is rightly not there is not missed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.gaps import Missing, Session, gaps

PLAIN = Session(node="n1", worker="proxy-0", boot="b1", spans=((1, 9),), seen=1000, ended=True)


@pytest.mark.parametrize(
    ("sessions", "found"),
    [
        ([], []),
        ([PLAIN], []),
        ([replace(PLAIN, spans=((1, 3), (7, 9)))], [(Missing.BATCHES, 4, 6, 3)]),
        ([replace(PLAIN, spans=((3, 9),))], [(Missing.BATCHES, 1, 2, 2)]),
        ([replace(PLAIN, spans=((4, 9),)), replace(PLAIN, spans=((1, 3),))], []),  # two days
        ([replace(PLAIN, spans=((1, 9), (2, 3)))], []),
        ([replace(PLAIN, events=(1, 20, 20))], []),
        ([replace(PLAIN, events=(1, 20, 17))], [(Missing.EVENTS, 1, 20, 3)]),
        (
            [replace(PLAIN, events=(1, 10, 10)), replace(PLAIN, events=(12, 20, 9))],
            [(Missing.EVENTS, 1, 20, 1)],
        ),
        ([replace(PLAIN, ended=False)], []),  # it may be running
        (
            [replace(PLAIN, ended=False), replace(PLAIN, boot="b2", seen=1060)],
            [],  # a successor serves before the old one is told to finish
        ),
        (
            [replace(PLAIN, ended=False), replace(PLAIN, boot="b2", seen=2000)],
            [(Missing.FAREWELL, 0, 9, 0)],
        ),
        ([replace(PLAIN, ended=False), replace(PLAIN, worker="dns-0", seen=2000)], []),
    ],
)
def test_table(sessions: list[Session], found: list[tuple[Missing, int, int, int]]) -> None:
    assert [(one.missing, one.first, one.last, one.count) for one in gaps(sessions)] == found


def test_what_was_deleted_is_not_missed_at_the_beginning() -> None:
    late = replace(PLAIN, spans=((5, 6), (9, 9)))
    assert [one.first for one in gaps([late], whole=False)] == [7]
