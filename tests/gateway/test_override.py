"""Overrides: from what a teacher types to an Order that the district's policies admit."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.authority import ensure_keys
from gateway.identity import devices
from gateway.identity.pseudonyms import rotate
from gateway.identity.seal import NAMES_KEY, Seal, ensure_key
from gateway.node import Node
from gateway.override import LONGEST, Override, admit, canonical_hosts, device, override_order
from policies.model import Action, Office, Order
from rules.load import WorldError

ASKED = Override(
    issuer="李老师",
    reason="物理课看实验视频",
    minutes=45,
    school="example",
    group="ai-class",
    categories=("video",),
)
NOW = 1_790_000_000.7


@pytest.fixture
def node(tmp_path: Path) -> Node:
    return Node(name="n", data=tmp_path / "var")


def made(**fields: object) -> Order:
    return override_order(replace(ASKED, **fields), order_id="o", now=NOW)  # type: ignore[arg-type]


def test_a_class_for_45_minutes(node: Node) -> None:
    order = made()
    assert (order.starts, order.expires) == (1_790_000_000.0, 1_790_002_700.0)
    assert (order.action, order.office, order.note) == (
        Action.REWRITE,
        Office.TEACHER,
        "物理课看实验视频",
    )
    assert admit(node, order) == []


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"minutes": 0}, "--minutes"),
        ({"minutes": -5}, "--minutes"),
        ({"minutes": LONGEST + 1}, "--minutes"),
        ({"reason": " \n"}, "--reason"),
        ({"categories": ()}, "--category"),
        ({"hosts": ("a b",)}, "`a b`"),
    ],
)
def test_what_cannot_be_meant(fields: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        made(**fields)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"minutes": 91}, "at most 90 minutes"),
        ({"group": ""}, "names a group"),
        ({"categories": ("games",)}, "has not delegated"),
        ({"categories": ("gamez",)}, "unknown category"),
        ({"categories": ("gambling",)}, "is harmful"),
        ({"categories": ("crisis",), "action": Action.BLOCK}, "from help"),
        ({"school": "exampl"}, "unknown school"),
    ],
)
def test_what_the_policies_do_not_admit(node: Node, fields: dict[str, object], said: str) -> None:
    found = admit(node, made(**fields))
    assert found
    assert any(said in problem.message for problem in found)


def test_hosts_are_compared_in_one_form() -> None:
    assert canonical_hosts(["A.Example.", "=坏.example"]) == ("a.example", "=xn--7es.example")


def test_one_device(node: Node) -> None:
    with pytest.raises(ValueError, match="nonsense"):
        device(node, "nonsense")
    with pytest.raises(WorldError):
        device(node, "10.200.1.7")
    node.data.mkdir()
    ensure_keys(node.data / "keys")
    found = device(node, "10.200.1.7")
    assert (found.school, found.stage, len(found.token)) == ("example", "junior", 20)
    assert device(node, "10.200.1.8").token != found.token
    assert admit(node, made(group="", token=found.token, minutes=10)) == []


def test_a_device_after_a_rotation(node: Node) -> None:
    node.data.mkdir()
    ensure_keys(node.data / "keys")
    before = device(node, "10.200.1.7").token
    rotate(node.data / "keys" / "pseudonyms", "example", now=1.0, issuer="i", reason="r")
    after = device(node, "10.200.1.7").token
    assert after != before
    seal = Seal(ensure_key(node.data / "keys" / NAMES_KEY))
    noted = devices.load(node.data / "identity", seal, time.time())
    assert [(one.school, one.text) for one in noted] == [("example", "10.200.1.7")]
