"""Quotas and Orders against a real node: one count for two workers, kept over a restart, a cut."""

from __future__ import annotations

import json
import sqlite3
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import dns.message
import dns.query
import pytest

from gateway.usage import Tally, usage_file, usage_socket
from gateway.usage_line import UsageLine
from policies.moment import moment
from tests.conftest import World, run
from tests.running import Gateway
from tests.wire.test_reload import SIZE, Download, until

pytestmark = [pytest.mark.wire, pytest.mark.timeout(240)]

QUOTA = """\
hosts: {heavy: [plain.allowed.example], other: [www.allowed.example]}
clauses:
  - id: heavy
    title: {zh: 大流量, en: Heavy}
    when: {hosts: [heavy]}
    action: limit
    quota: {megabytes: 1, within: next}
    reason: {zh: 今天的流量用完了。, en: Today's volume is used up.}
"""


def test_a_quota_is_shared_by_workers_and_survives_a_restart(world: World, tmp_path: Path) -> None:
    gateway = run(world, tmp_path, workers=2)
    try:
        school = tmp_path / "policies" / "schools" / "wire.yaml"
        school.write_text(school.read_text() + QUOTA)
        assert gateway.command("gateway", "reload").returncode == 0
        url = f"http://plain.allowed.example:{world.http.port}/bytes/600000"
        source = "127.0.1.9"
        for _ in range(2):
            assert gateway.curl(url, source=source).status == 200
        assert until(lambda: gateway.curl(url, source=source).status == 403)
        # both workers know: one connection after the other lands on either of them
        assert until(lambda: all(gateway.curl(url, source=source).status == 403 for _ in range(12)))
        page = gateway.curl(url, "-H", "Accept: text/html", source=source)
        assert "今天的流量用完了" in page.text
        assert "00:00 起可以再用" in page.text
        other = f"http://www.allowed.example:{world.http.port}/bytes/1000"
        assert gateway.curl(other, source=source).status == 200
        assert gateway.curl(url, source="127.0.1.10").status == 200  # somebody else
        told = json.loads(gateway.command("usage", "status", "--json").stdout)
        (counter,) = told["counters"]
        assert counter["counter"] == "wire/heavy"
        assert counter["bytes"] >= 1_200_000
    finally:
        gateway.stop()
    again = run_again(world, tmp_path)
    try:
        assert until(lambda: again.curl(url, source=source).status == 403)
        assert again.command("usage", "reset", "--all").returncode == 0
        assert until(lambda: again.curl(url, source=source).status == 200)
    finally:
        again.stop()


def test_a_quota_at_depth_dns(world: World, tmp_path: Path) -> None:
    """A minute in which a name was asked for counts; a used-up quota answers the block address."""
    gateway = run(world, tmp_path)
    try:
        school = tmp_path / "policies" / "schools" / "wire.yaml"
        quota = QUOTA.replace("megabytes: 1", "minutes: 2")
        school.write_text(school.read_text() + "inspection: {depth: dns}\n" + quota)
        assert gateway.command("gateway", "reload").returncode == 0
        name = "plain.allowed.example"

        def asked(source: str = "127.0.1.9") -> list[str]:
            query = dns.message.make_query(name, "A")
            found = dns.query.udp(
                query, gateway.dns.host, port=gateway.dns.port, timeout=10, source=source
            )
            return [data.to_text() for rrset in found.answer for data in rrset]

        assert until(lambda: asked() == ["127.0.0.2"] and bool(counters(gateway)))
        (one,) = counters(gateway)
        assert one["counter"] == "wire/heavy"
        with closing(sqlite3.connect(usage_file(gateway.node))) as base:
            ((token,),) = base.execute("SELECT DISTINCT token FROM usage").fetchall()
        # two other minutes of today, told as another process of this node would
        tally, now = Tally(), moment(time.time())
        for minute in (2, 3) if now.minute < 2 else (0, 1):
            tally.mark(token, ["wire/heavy"], replace(now, minute=minute))
        line = UsageLine(tally, usage_socket(gateway.node))
        line.start()
        line.close()
        assert until(lambda: asked() == [gateway.node.page_address or "0.0.0.0"])
        assert asked("127.0.1.10") == ["127.0.0.2"]  # somebody else
    finally:
        gateway.stop()


def counters(gateway: Gateway) -> list[dict[str, object]]:
    return list(json.loads(gateway.command("usage", "status", "--json").stdout)["counters"])


def run_again(world: World, folder: Path):  # type: ignore[no-untyped-def]
    """The same node once more."""
    from tests.running import start

    argv = ["--config", str(folder / "node.yaml"), "--name", "test", "--workers", "2"]
    argv += ["--metrics", "127.0.0.1:0", "--dns", "127.0.0.1:0"]
    argv += ["--rules", str(folder / "lists"), "--policy", str(folder / "policies")]
    argv += ["--open", *map(str, world.places)]
    return start(folder, world.root, argv)


def test_a_download_is_cut_by_an_order(own_gateway, world: World) -> None:  # type: ignore[no-untyped-def]
    name = "plain.allowed.example"
    slow = Download(own_gateway, f"http://{name}:{world.http.port}/hold/{SIZE * 20}")
    assert until(lambda: slow.size > 0)
    given = ["--action", "block", "--host", name, "--issuer", "张老师", "--source", "测试"]
    assert own_gateway.command("gateway", "order", "add", *given).returncode == 0
    assert until(lambda: slow.process.poll() is not None, 60)
    slow.end()
    assert slow.size < SIZE * 20
    own_gateway.settled(1)
    (cut,) = [one for one in own_gateway.events() if one["problem"] == "verdict-changed"]
    assert cut["clause"].startswith("order/")
    assert sum(v for k, v in own_gateway.metrics().items() if "tunnels_cut" in k) == 1
