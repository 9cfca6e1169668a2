"""Reading back: order, windows, formats; what cannot be read is said, not left out silently."""

from __future__ import annotations

import csv
import json
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.batch import Event, clean
from gateway.export import Archive, Window, as_csv, as_json_lines, document
from gateway.store import Store
from rules.load import WorldError
from tests.gateway.event_samples import NOON, aggregate, batch, event

SECOND = 1_000_000
GOLDEN_LINE = (
    '{"time": "2026-03-01T12:00:00.000+08:00", "node": "n1", "worker": "proxy-0", "boot": "b1", '
    '"seq": 1, "code": "1RZJ-WMJF-6XSW", "ts": 1772337600000000, "layer": "request", '
    '"token": "tok-7f3k", "school": "s1", "stage": "junior", "tier": "12-16", "role": "pupil", '
    '"group": "g7", "segment": "wifi", "source": "radius", "confidence": 0.9, '
    '"profile": "junior", "host": "bet.example", "names": ["bet.example", "赌.例"], "port": 443, '
    '"scheme": "https", "method": "GET", "path": "/wheel", "media_type": "text/html", '
    '"status": 403, "categories": ["gambling"], '
    '"signals": [["gambling", "hosts", "bet.example", "own", ""]], "gap": "", "action": "block", '
    '"enforced": "block", "deed": "page", "clause": "district/block", "trace": "trace-block", '
    f'"snapshot": "{"5" * 64}", "rulebase": "{"b" * 64}", "bytes_up": 300, "bytes_down": 4000, '
    '"duration_ms": 7, "problem": ""}\n'
)
GOLDEN_CSV = (
    "time,node,worker,boot,seq,code,ts,layer,token,school,stage,tier,role,group,segment,source,"
    "confidence,profile,host,names,port,scheme,method,path,media_type,status,categories,signals,"
    "gap,action,enforced,deed,clause,trace,snapshot,rulebase,bytes_up,bytes_down,duration_ms,"
    "problem\r\n"
    "2026-03-01T12:00:00.000+08:00,n1,proxy-0,b1,1,1RZJ-WMJF-6XSW,1772337600000000,request,"
    "tok-7f3k,s1,junior,12-16,pupil,g7,wifi,radius,0.9,junior,bet.example,"
    '"[""bet.example"", ""赌.例""]",443,https,GET,/wheel,text/html,403,"[""gambling""]",'
    '"[[""gambling"", ""hosts"", ""bet.example"", ""own"", """"]]",,'
    "block,block,page,district/block,"
    f"trace-block,{'5' * 64},{'b' * 64},300,4000,7,\r\n"
)


def keep(tmp_path: Path, *events: Event, node: str = "n1", seq: int = 1) -> None:
    with closing(Store(node, tmp_path / "events")) as store:
        store.write([replace(batch(seq, events=0, counts=0, node=node), events=events)])


def test_golden_json_line() -> None:
    assert "".join(as_json_lines([event()])) == GOLDEN_LINE


def test_golden_csv() -> None:
    assert "".join(as_csv([event()], Event)) == GOLDEN_CSV


def test_an_aggregate_as_a_document() -> None:
    found = document(aggregate())
    assert (found["time"], found["count"]) == ("2026-03-01T12:00:00.000+08:00", 3)


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@sum", "\tx"])
def test_no_cell_is_a_formula(text: str) -> None:
    rows = list(csv.DictReader("".join(as_csv([event(host=text)], Event)).splitlines()))
    assert rows[0]["host"] == "'" + text


@settings(max_examples=40, deadline=None)
@given(st.text().map(clean), st.text().map(clean))
def test_any_text_survives_both_formats(host: str, name: str) -> None:
    odd = event(host=host, names=(name,))
    (line,) = as_json_lines([odd])
    assert line.count("\n") == 1
    assert json.loads(line)["host"] == host
    (row,) = csv.DictReader(iter("".join(as_csv([odd], Event)).splitlines(keepends=True)))
    assert row["host"] in (host, "'" + host)
    assert json.loads(row["names"]) == [name]


def test_events_of_nodes_and_days_come_in_order_of_time(tmp_path: Path) -> None:
    ts = [(NOON + hours * 3600) * SECOND for hours in (0, 5, 10, 15, 40)]
    keep(tmp_path, event(ts=ts[2]), event(ts=ts[0]), event(ts=ts[4]))
    keep(tmp_path, event(ts=ts[3]), event(ts=ts[1]), node="n2")
    archive = Archive(data=tmp_path)
    assert [found.ts for found in archive.events()] == ts
    assert [found.ts for found in archive.newest(3)] == ts[2:]
    assert archive.newest(0) == []
    assert len(archive.newest(99)) == 5


@pytest.mark.parametrize(
    ("since", "until", "found"),
    [
        (0, 2.0**33, [0, 1, 2]),
        (NOON, NOON + 2, [0, 1]),
        (NOON + 0.5, NOON + 86400, [1]),
        (NOON + 86400, NOON + 86401, [2]),
        (NOON + 1, NOON + 1, []),
        (NOON + 5 * 86400, 2.0**33, []),
    ],
)
def test_windows(tmp_path: Path, since: float, until: float, found: list[int]) -> None:
    ts = [NOON * SECOND, (NOON + 1) * SECOND, (NOON + 86400) * SECOND]
    keep(tmp_path, *(event(ts=each) for each in ts))
    window = Window(since=since, until=until)
    archive = Archive(data=tmp_path)
    assert [ts.index(each.ts) for each in archive.events(window)] == found
    assert archive.count(window)["exchanges"] == len(found)


def test_followers_see_each_event_once(tmp_path: Path) -> None:
    keep(tmp_path, event(seq=1))
    archive = Archive(data=tmp_path)
    marks = archive.now()
    assert archive.since(marks) == []
    keep(tmp_path, event(seq=2), seq=2)
    assert [each.seq for each in archive.since(marks)] == [2]
    tomorrow = (NOON + 86400) * SECOND
    keep(tmp_path, event(seq=3), event(seq=4, ts=tomorrow), seq=3)
    assert [each.seq for each in archive.since(marks)] == [3, 4]
    assert archive.since(marks) == []
    assert len(archive.since({})) == 4


def test_an_unreadable_file_is_a_problem_and_the_rest_is_read(tmp_path: Path) -> None:
    keep(tmp_path, event())
    (tmp_path / "events" / "n2-2026-03-01.sqlite").write_bytes(b"garbage" * 1000)
    (tmp_path / "events" / "n3-2026-03-01.sqlite").touch()  # a writer begins just now
    (tmp_path / "events" / "notes.sqlite").write_text("not a day file")
    archive = Archive(data=tmp_path)
    assert len(list(archive.events())) == 1
    assert [problem.split(":")[0] for problem in archive.problems] == ["n2-2026-03-01.sqlite"]


def test_no_folder_is_trouble_and_an_empty_one_is_not(tmp_path: Path) -> None:
    with pytest.raises(WorldError, match="no data folder"):
        Archive(data=tmp_path / "none").count()
    assert Archive(data=tmp_path).count()["exchanges"] == 0
    assert list(Archive(data=tmp_path).events()) == []
