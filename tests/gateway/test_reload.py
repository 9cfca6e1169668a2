"""Publishing and following: bad data keeps the last good one, and says everything that is wrong."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from gateway import reload
from gateway.node import Node
from gateway.orders import Orders
from gateway.reload import Compiled, Follower, Publisher, Result, in_force, read_publication
from policies.model import Action, Order
from rules.load import DataError, Problem, WorldError
from rules.model import Basis

NOW = 1_788_192_000.0

POLICY = """\
id: {name}
title: {{zh: 坏, en: bad}}
scope: group
clauses:
  - id: one
    when: {{categories: [no-such-category]}}
    action: blok
    colour: red
"""


@pytest.fixture
def node(tmp_path: Path) -> Node:
    return Node(name="test", data=tmp_path / "var")


def compiled(snapshot: str, rulebase: str = "rb1") -> Compiled:
    return Compiled(
        snapshot=snapshot,
        rulebase=rulebase,
        document=json.dumps({"rulebase": rulebase, "n": snapshot}),
    )


class Script:
    """A compilation that gives, or raises, one prepared thing after the other."""

    def __init__(self, *steps: Compiled | Exception) -> None:
        self.steps = list(steps)
        self.orders: list[tuple[Order, ...]] = []

    def __call__(self, node: Node, orders: tuple[Order, ...]) -> Compiled:
        self.orders.append(orders)
        step = self.steps.pop(0)
        if isinstance(step, Exception):
            raise step
        return step


PROBLEMS = (
    Problem(file="a.yaml", line=3, column=5, message="one"),
    Problem(file="b.yaml", line=9, column=1, message="two"),
)


def test_the_first_publication_puts_something_in_force(node: Node) -> None:
    published = Publisher(node, Script(compiled("s1"))).publish(NOW, "request-1")
    assert published.result is Result.PUBLISHED
    assert (published.snapshot, published.rulebase) == ("s1", "rb1")
    assert (published.request, published.at) == ("request-1", NOW)
    assert in_force(node) == reload.InForce(snapshot="s1", rulebase="rb1")
    document = node.snapshot / "s1.json"
    assert stat.S_IMODE(document.stat().st_mode) == 0o600
    assert stat.S_IMODE(node.snapshot.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    ("trouble", "result", "told"),
    [
        pytest.param(
            DataError(PROBLEMS),
            Result.REFUSED,
            ("a.yaml:3:5: one", "b.yaml:9:1: two"),
            id="bad-data",
        ),
        pytest.param(WorldError("away"), Result.FAILED, ("WorldError: away",), id="bad-world"),
        pytest.param(OSError(28, "full"), Result.FAILED, ("OSError: [Errno 28] full",), id="full"),
        pytest.param(MemoryError(), Result.FAILED, ("MemoryError: ",), id="no-memory"),
    ],
)
def test_trouble_keeps_the_last_good_one(
    node: Node, trouble: Exception, result: Result, told: tuple[str, ...]
) -> None:
    publisher = Publisher(node, Script(compiled("s1"), trouble, compiled("s2")))
    publisher.publish(NOW)
    refused = publisher.publish(NOW + 1)
    assert (refused.result, refused.problems) == (result, told)
    assert (refused.snapshot, in_force(node).snapshot) == ("s1", "s1")
    assert not refused.good
    assert publisher.publish(NOW + 2).result is Result.PUBLISHED
    assert in_force(node).snapshot == "s2"


def test_our_own_mistake_is_not_swallowed(node: Node) -> None:
    with pytest.raises(ZeroDivisionError):
        Publisher(node, Script(ZeroDivisionError())).publish(NOW)


def test_trouble_before_anything_was_good(node: Node) -> None:
    refused = Publisher(node, Script(DataError(PROBLEMS))).publish(NOW)
    assert (refused.result, refused.snapshot) == (Result.REFUSED, "")
    assert in_force(node) == reload.InForce()


def test_the_same_again_is_unchanged(node: Node) -> None:
    publisher = Publisher(node, Script(compiled("s1"), compiled("s1")))
    publisher.publish(NOW)
    assert publisher.publish(NOW).result is Result.UNCHANGED


def test_previous_is_kept_and_old_documents_go(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(6):
        reload.put_in_force(node, compiled(f"s{number}"))
        os.utime(node.snapshot / f"s{number}.json", (number, number))
    reload._prune(node.snapshot, 1)
    assert sorted(p.name for p in node.snapshot.glob("s*.json")) == ["s4.json", "s5.json"]
    assert os.readlink(node.snapshot / "previous") == "s4.json"


def test_orders_reach_the_compilation_and_bad_lines_are_told(node: Node) -> None:
    node.data.mkdir(parents=True)
    reload.orders_file(node).write_text('{"oops\n')
    script = Script(compiled("s1"))
    published = Publisher(node, script).publish(NOW)
    assert published.good
    assert script.orders == [()]
    assert "orders.jsonl:1:1" in published.problems[0]


def test_a_rule_base_in_force_survives_the_removal_of_its_folder(node: Node) -> None:
    for rulebase in ("rb1", "rb2", "rb3"):
        (node.rulebase / rulebase).mkdir(parents=True)
        (node.rulebase / rulebase / "slots").write_bytes(rulebase.encode())
    reload.put_in_force(node, compiled("s1", "rb1"))
    (node.rulebase / "rb1" / "slots").unlink()
    assert (reload.held(node) / "rb1" / "slots").read_bytes() == b"rb1"
    reload.put_in_force(node, compiled("s2", "rb2"))
    assert sorted(p.name for p in reload.held(node).iterdir()) == ["rb1", "rb2"]
    reload.put_in_force(node, compiled("s3", "rb3"))
    assert sorted(p.name for p in reload.held(node).iterdir()) == ["rb2", "rb3"]


def test_a_follower_sees_each_change_once(node: Node) -> None:
    follower = Follower(node)
    assert not follower.changed()
    with pytest.raises(WorldError, match="no snapshot"):
        follower.load()
    reload.put_in_force(node, compiled("s1"))
    assert follower.changed()
    follower.seen = "s1.json"
    assert not follower.changed()
    reload.put_in_force(node, compiled("s2"))
    assert follower.changed()


@pytest.mark.parametrize(
    "document", ["", "{}", "[]", "\x00", '{"rulebase": "../../etc"}', '{"rulebase": 7}']
)
def test_a_damaged_document_is_an_error_of_the_world(node: Node, document: str) -> None:
    made = Compiled(snapshot="s1", rulebase="rb1", document=document)
    reload.put_in_force(node, made)
    with pytest.raises(WorldError, match=r"s1\.json"):
        Follower(node).load()
    assert Follower(node).changed()


def test_the_shipped_data_is_published_and_loaded(node: Node) -> None:
    published = Publisher(node).publish(NOW)
    assert published.good, published.problems
    loaded = Follower(node).load()
    assert loaded.snapshot.hash == published.snapshot
    assert loaded.base.hash == loaded.snapshot.rulebase == published.rulebase
    loaded.base.close()


def test_a_bad_policy_of_the_district_is_refused_with_every_problem(
    node: Node, tmp_path: Path
) -> None:
    assert Publisher(node).publish(NOW).good
    before = in_force(node)
    for name in ("first", "second"):
        (tmp_path / "own" / "stages").mkdir(parents=True, exist_ok=True)
        (tmp_path / "own" / "stages" / f"{name}.yaml").write_text(POLICY.format(name=name))
    own = Node(name="test", data=node.data, policy=(tmp_path / "own",))
    refused = Publisher(own).publish(NOW + 1)
    assert refused.result is Result.REFUSED
    assert {"first" in p for p in refused.problems} == {True, False}
    assert any("blok" in problem and ":7:" in problem for problem in refused.problems)
    assert in_force(node) == before


def test_an_outcome_reads_back_and_damage_reads_as_none(tmp_path: Path) -> None:
    outcome = reload.Publication(
        result=Result.REFUSED,
        snapshot="s",
        rulebase="r",
        at=NOW,
        seconds=0.5,
        problems=("坏 😀",),
    )
    path = tmp_path / "publication.json"
    reload.write_text(path, reload.publication_json(outcome))
    assert read_publication(path) == outcome
    for damage in ("", "[]", "{}", '{"result": "maybe"}', "\x00"):
        path.write_text(damage)
        assert read_publication(path) is None
    assert read_publication(tmp_path / "none") is None


def test_the_command_writes_its_outcome(node: Node, tmp_path: Path) -> None:
    node.run.mkdir(parents=True)
    node.write(node.run / "node.json")
    arguments = ["--node", str(node.run / "node.json"), "--request", "abc"]
    assert reload.main(arguments) == 0
    told = read_publication(node.run / "publication.json")
    assert told is not None
    assert (told.result, told.request) == (Result.PUBLISHED, "abc")
    (tmp_path / "own" / "stages").mkdir(parents=True)
    (tmp_path / "own" / "stages" / "bad.yaml").write_text(POLICY.format(name="bad"))
    own = Node(name="test", data=node.data, policy=(tmp_path / "own",))
    own.write(node.run / "node.json")
    assert reload.main(arguments) == 2


def test_an_order_that_does_not_fit_does_not_hold_up_the_others(node: Node) -> None:
    node.data.mkdir(parents=True)
    orders = Orders(reload.orders_file(node))
    for name, category in (("good", "games"), ("bad", "gone")):
        basis = Basis(source="通知")
        orders.add(
            Order(id=name, action=Action.BLOCK, basis=basis, issuer="x", categories=(category,))
        )
    published = Publisher(node).publish(NOW)
    assert published.good
    assert "order bad" in published.problems[0]
    assert [order.id for order in Follower(node).load().snapshot.orders] == ["good"]
