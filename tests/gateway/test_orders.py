"""The orders file: what stands, what is reported, and that nothing is ever lost or fatal."""

from __future__ import annotations

import json
import stat
import threading
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.orders import MAX_LINE, Orders, parse_order
from policies.model import Action, Office, Order
from rules.load import WorldError
from rules.model import Basis

ORDER = Order(
    id="order-1",
    action=Action.BLOCK,
    basis=Basis(source="区教育局通知 2026-12", clause="第三条"),
    issuer="officer",
    hosts=("bad.example",),
)


@pytest.fixture
def orders(tmp_path: Path) -> Orders:
    return Orders(tmp_path / "orders.jsonl")


def test_no_file_is_no_orders(orders: Orders) -> None:
    assert orders.load(0.0) == ()


def test_an_order_reads_back_as_given(orders: Orders) -> None:
    full = replace(
        ORDER,
        categories=("games", "live"),
        school="s",
        group="七年级（2）班",
        token="😀",
        pass_through=True,
        approvals=("甲", "乙"),
        starts=1.5,
        expires=9e9,
        note="line\nbreak\x00\u2028",
        office=Office.TEACHER,
    )
    orders.add(full)
    assert orders.load(0.0) == (full,)
    assert stat.S_IMODE(orders.path.stat().st_mode) == 0o600
    assert orders.path.read_bytes().count(b"\n") == 1


@pytest.mark.parametrize(
    ("starts", "expires", "now", "stands"),
    [
        pytest.param(0.0, 0.0, 5e9, True, id="for-ever"),
        pytest.param(0.0, 10.0, 9.9, True, id="before-expiry"),
        pytest.param(0.0, 10.0, 10.0, False, id="at-expiry"),
        pytest.param(20.0, 30.0, 10.0, True, id="not-started-is-for-the-policy"),
    ],
)
def test_expiry(orders: Orders, starts: float, expires: float, now: float, stands: bool) -> None:
    orders.add(replace(ORDER, starts=starts, expires=expires))
    assert bool(orders.load(now)) is stands


def test_a_revoked_order_is_gone_and_its_history_stays(orders: Orders) -> None:
    orders.add(ORDER)
    orders.revoke("order-1", issuer="head", at=5.0, note="appeal granted")
    assert orders.load(0.0) == ()
    lines = [json.loads(line) for line in orders.path.read_text().splitlines()]
    assert lines[1]["revoke"]["issuer"] == "head"
    orders.add(ORDER)
    assert orders.load(0.0) == (ORDER,)


def test_what_cannot_be_done_is_refused(orders: Orders) -> None:
    orders.add(ORDER)
    with pytest.raises(ValueError, match="exists"):
        orders.add(ORDER)
    with pytest.raises(KeyError):
        orders.revoke("order-2", issuer="head", at=0.0)
    with pytest.raises(ValueError, match="bytes"):
        orders.add(replace(ORDER, id="big", note="x" * MAX_LINE))
    with pytest.raises(ValueError, match="JSON"):
        orders.add(replace(ORDER, id="inf", expires=float("inf")))
    assert orders.load(0.0) == (ORDER,)


GOOD = json.dumps({"add": asdict(ORDER)})


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("{", id="torn"),
        pytest.param("[]", id="list"),
        pytest.param("{}", id="empty-object"),
        pytest.param('{"add": 1}', id="number"),
        pytest.param('{"add": {}}', id="nothing-in-it"),
        pytest.param('{"drop": {}}', id="other-verb"),
        pytest.param('{"revoke": {"id": "ghost"}}', id="revoke-unknown"),
        pytest.param('{"revoke": []}', id="revoke-list"),
        pytest.param(GOOD, id="same-id-again"),
        pytest.param(GOOD.replace('"order-1"', '"o2"').replace("block", "burn"), id="bad-action"),
        pytest.param(GOOD.replace('"order-1"', '"o2"').replace('"hosts"', '"hots"'), id="typo"),
        pytest.param(GOOD.replace('"order-1"', '"o2"').replace("0.0", "NaN"), id="nan"),
        pytest.param(GOOD.replace('"order-1"', '"o2"').replace("0.0", "1e999"), id="infinite"),
        pytest.param(GOOD.replace('"order-1"', '"o2"').replace("0.0", "true"), id="bool-time"),
        pytest.param("[" * 10_000, id="deep"),
        pytest.param('"' + "x" * MAX_LINE + '"', id="long"),
    ],
)
def test_a_malformed_line_is_reported_and_the_others_stand(orders: Orders, line: str) -> None:
    other = json.dumps({"add": asdict(replace(ORDER, id="order-9"))})
    orders.path.write_text(f"{GOOD}\n{line}\n\n{other}\n")
    book = orders.book(0.0)
    assert [order.id for order in book.orders] == ["order-1", "order-9"]
    assert [(p.line, p.remedy) for p in book.problems] == [(2, "the line is skipped")]


def test_a_torn_last_line_does_not_swallow_the_next_order(orders: Orders) -> None:
    orders.path.write_bytes(GOOD.encode() + b'\n{"add": {"id": "tor')
    orders.add(replace(ORDER, id="order-2"))
    book = orders.book(0.0)
    assert [order.id for order in book.orders] == ["order-1", "order-2"]
    assert len(book.problems) == 1


def test_many_writers_lose_nothing(orders: Orders) -> None:
    def write(name: int) -> None:
        for number in range(5):
            orders.add(replace(ORDER, id=f"{name}-{number}"))

    threads = [threading.Thread(target=write, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    book = orders.book(0.0)
    assert (len(book.orders), book.problems) == (20, ())


def test_an_unreadable_file_is_said(orders: Orders) -> None:
    orders.path.mkdir()
    with pytest.raises(WorldError, match=r"orders\.jsonl"):
        orders.load(0.0)


@given(st.binary(max_size=300))
@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_hostile_bytes_are_never_fatal(tmp_path: Path, noise: bytes) -> None:
    orders = Orders(tmp_path / "noise.jsonl")
    orders.path.write_bytes(GOOD.encode() + b"\n" + noise + b"\n")
    assert orders.load(0.0)[:1] == (ORDER,) or b"revoke" in noise


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["id", "action", "basis", "issuer", "hosts", "expires", "x"]),
                inner,
                max_size=6,
            )
        ),
        max_leaves=12,
    )
)
@settings(max_examples=200)
def test_parsing_gives_an_order_or_a_value_error(found: object) -> None:
    try:
        parse_order(found)
    except ValueError:
        return
