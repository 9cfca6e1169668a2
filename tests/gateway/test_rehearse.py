"""Rehearsing on real event files: spans, candidates of their own, what cannot be read."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from gateway.batch import EventLayer, Kind
from gateway.export import Archive, Window
from gateway.node import Node
from gateway.orders import Orders
from gateway.rehearse import Candidate, Replayed, candidate, current, replay, span
from gateway.reload import Publisher, orders_file
from gateway.store import Store
from policies.changes import Change
from policies.model import Action
from policies.moment import at
from rules.load import DataError, WorldError
from tests.gateway.event_samples import NOON, aggregate, batch, event
from tests.policies.samples import order

DAY = 86_400
SCHOOL = """id: s1
title: {zh: 校, en: school}
scope: school
clauses:
  - id: c
    title: {zh: 题, en: t}
    when: {categories: [education]}
    action: block
    reason: {zh: 由, en: r}
"""
LIST = "id: own\ntitle: {zh: 测, en: t}\nformat: starter\nfiles: [h.txt]\nlicence: own\nsource: s\n"


@pytest.mark.parametrize(
    ("text", "since", "until"),
    [
        ("2026-11-22", "2026-11-22T00:00", "2026-11-23T00:00"),
        ("2026-11-01..2026-11-07", "2026-11-01T00:00", "2026-11-08T00:00"),
        ("2026-11-01T08:00..2026-11-01T09:30", "2026-11-01T08:00", "2026-11-01T09:30"),
        ("7d", "2026-11-16T12:00", "2026-11-23T12:00"),
    ],
)
def test_spans(text: str, since: str, until: str) -> None:
    now = at("2026-11-23T12:00").timestamp
    assert span(text, now) == Window(since=at(since).timestamp, until=at(until).timestamp)


@pytest.mark.parametrize(
    "text", ["", "..", "yesterday", "0d", "2026-13-01", "2026-02-02..2026-02-01", "9999-12-31"]
)
def test_no_spans(text: str) -> None:
    with pytest.raises(ValueError, match=r"不是日期|结束早于开始"):
        span(text, 0.0)


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Node:
    """A node with a record of one day: five events, two aggregates, some only counted."""
    data = tmp_path_factory.mktemp("node") / "var"
    made = Node(name="n1", data=data)
    marker = "education.test.qinglang.invalid"
    seen = {"signals": (("education", "marker", marker, "", ""),), "names": (), "path": ""}
    allowed: dict[str, Any] = {"action": Action.ALLOW, "enforced": Action.ALLOW, **seen}
    allowed["clause"] = "district/otherwise"
    events = (
        event(seq=1, host=marker, **allowed),
        event(seq=2, host=marker, school="s2", **allowed),
        event(seq=3, host="gambling.test.qinglang.invalid"),
        event(seq=4, host=marker, layer=EventLayer.DNS, **allowed),
        event(seq=5, host="new.example", **allowed),
    )
    counted = (
        aggregate(
            host=marker,
            signals=(("education", "marker", "", ""),),
            clause="district/otherwise",
            count=40,
        ),
        aggregate(host="", kind=Kind.LOST, count=9),
    )
    with closing(Store("n1", made.events)) as store:
        store.write([_batch(events, counted)])
    return made


def _batch(events: Any, counted: Any) -> Any:
    from dataclasses import replace

    return replace(batch(events=0, counts=0), events=events, aggregates=counted)


def policies(folder: Path, *, lists: bool = False) -> Path:
    (folder / "schools").mkdir(parents=True)
    (folder / "schools" / "s1.yaml").write_text(SCHOOL, encoding="utf-8")
    if lists:
        (folder / "rules" / "own").mkdir(parents=True)
        (folder / "rules" / "own" / "h.txt").write_text("new.example education\n")
        (folder / "rules" / "own" / "source.yaml").write_text(LIST, encoding="utf-8")
    return folder


WINDOW = Window(since=NOON - DAY, until=NOON + DAY)


def silent(_: str) -> None:
    """Nothing is said."""


def run(node: Node, given: Candidate, **options: Any) -> Replayed:
    return replay(Archive(data=node.data), WINDOW, given, **options)


def test_a_candidate(node: Node, tmp_path: Path) -> None:
    given = candidate(node, [policies(tmp_path / "new")], NOON, silent)
    told: list[int] = []
    done = run(node, given, progress=lambda rows, _: told.append(rows))
    report = done.rehearsal.report()
    assert (report.rows, report.exchanges, done.lost) == (6, 45, 9)
    assert told == [6]
    assert report.changes[Change.BLOCK] == 42  # s1's three rows; the aggregate weighs 40
    assert report.changes[Change.ALLOW] == 0  # gambling stays blocked
    assert {group.key: group.blocked_after for group in report.groups} == {("s1",): 43, ("s2",): 0}


def test_a_candidate_with_lists_of_its_own(node: Node, tmp_path: Path) -> None:
    given = candidate(node, [policies(tmp_path / "new", lists=True)], NOON, silent)
    report = run(node, given).rehearsal.report()
    assert report.changes[Change.BLOCK] == 43  # new.example is education now
    assert not (node.snapshot / "current").exists()
    built = current(node, silent)
    assert built.snapshot.rulebase != given.snapshot.rulebase


def test_orders_of_the_time_belong_to_it(node: Node, tmp_path: Path) -> None:
    Orders(orders_file(node)).add(
        order("o1", "block", hosts=("new.example",), token="tok-7f3k", expires=NOON + 10.0)
    )
    try:
        given = candidate(node, [policies(tmp_path / "new")], NOON - DAY, silent)
        assert run(node, given).rehearsal.report().clauses["order/o1"] == 1
    finally:
        orders_file(node).unlink()


def test_what_is_in_force(tmp_path: Path) -> None:
    made = Node(name="n1", data=tmp_path / "var")
    made.data.mkdir()
    publication = Publisher(made).publish(NOON)
    assert current(made, silent).snapshot.hash == publication.snapshot
    given = candidate(made, [policies(tmp_path / "new")], NOON, silent)
    assert given.snapshot.rulebase == publication.rulebase


def test_bad_candidates(node: Node, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="does not exist"):
        candidate(node, [tmp_path / "none"], NOON, silent)


def test_no_data(tmp_path: Path, node: Node) -> None:
    with pytest.raises(WorldError, match="no data folder"):
        replay(Archive(data=tmp_path / "none"), WINDOW, current(node, silent))


def test_a_damaged_day_is_named(node: Node, tmp_path: Path) -> None:
    (tmp_path / "events").mkdir()
    (tmp_path / "events" / "n1-2026-03-01.sqlite").write_bytes(b"not a database" * 100)
    archive = Archive(data=tmp_path)
    done = replay(archive, WINDOW, current(node, silent))
    assert done.rehearsal.rows == 0
    assert "n1-2026-03-01.sqlite" in archive.problems[0]
