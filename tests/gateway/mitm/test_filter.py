"""What all hooks share: one moment a second, one record an exchange."""

from typing import Any

import pytest

from gateway.mitm.exchange import Exchange
from gateway.pipeline import Deed
from policies.model import Action, Subject
from rules.model import Facts, Gap, Stage
from tests.gateway.mitm.harness import Lab

FACTS = Facts(stage=Stage.REQUEST, host="www.blocked.example", scheme="http", path="/")


class Client:
    """As much of an EdgeClient as the filter touches."""

    def __init__(self, lab: Lab) -> None:
        self.subject = Subject(stage="junior", token="t")
        self.open: dict[str, Any] = {}
        self.sockets: dict[str, Any] = {}
        self.spliced: Any = None
        self.moved = 0
        self.tunnel: Any = None
        self.received = True
        self.recorded = 0
        self.id = "c"
        self.listener = next(iter(lab.door._prefixes))

    def flowing(self) -> list[Any]:
        return [*self.open.values()]


def test_the_moment_is_made_once_a_second(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([100.0, 100.2, 100.9, 101.0])
    monkeypatch.setattr(lab.filter, "clock", lambda: next(times))
    first, second, third, fourth = (lab.filter.now() for _ in range(4))
    assert first is second is third
    assert fourth.timestamp == 101.0


def test_an_exchange_is_recorded_once(lab: Lab) -> None:
    client: Any = Client(lab)
    exchange = Exchange(FACTS, lab.filter.judge(FACTS, client.subject))
    for _ in range(3):
        lab.filter.settle(client, exchange)
    assert client.recorded == 1
    assert [seen.facts for seen in lab.ledger.seen] == [FACTS]
    assert exchange.outcome.deed is Deed.PAGE


def test_what_is_open_when_a_client_goes_is_recorded(lab: Lab) -> None:
    client: Any = Client(lab)
    exchange = Exchange(FACTS, lab.filter.judge(FACTS, client.subject))
    client.open["x"] = exchange
    lab.filter.client_disconnected(client)
    lab.filter.client_disconnected(client)
    assert [seen.problem for seen in lab.ledger.seen] == ["cut-off"]


def test_bytes_without_a_request_are_recorded(lab: Lab) -> None:
    client: Any = Client(lab)
    lab.filter.client_disconnected(client)
    (seen,) = lab.ledger.seen
    assert seen.facts.gap is Gap.MALFORMED
    assert seen.outcome.verdict.action is Action.BLOCK


def test_a_silent_connection_is_no_exchange(lab: Lab) -> None:
    client: Any = Client(lab)
    client.received = False
    lab.filter.client_disconnected(client)
    assert lab.ledger.seen == []
