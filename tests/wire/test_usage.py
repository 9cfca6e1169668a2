"""Quotas and Orders against a real node: one count for two workers, kept over a restart, a cut."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import World, run
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
