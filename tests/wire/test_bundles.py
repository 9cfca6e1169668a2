"""A running gateway that follows signed bundles: what pupils reach changes, and changes back."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.bundle_server import Offer, server
from gateway.node import Address
from tests.conftest import World, options
from tests.gateway.bundle_samples import LI, bundle, ready
from tests.running import Gateway, start

pytestmark = [pytest.mark.wire, pytest.mark.timeout(180)]
SCHOOL = """id: wire
title: {zh: 校, en: school}
scope: school
prefixes: [{prefix: 127.0.1.0/24, stage: senior}]
clauses:
  - id: c
    title: {zh: 题, en: t}
    when: {categories: [education]}
    action: block
    reason: {zh: 由, en: r}
"""


def becomes(what: Callable[[], int], status: int) -> bool:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        if what() == status:
            return True
        time.sleep(0.5)
    return False


def test_in_force_and_back(world: World, tmp_path: Path) -> None:
    offered = tmp_path / "offered"
    offered.write_bytes(bundle(1, **{"policies/schools/wire.yaml": SCHOOL}))
    ready(tmp_path)
    said: list[str] = []
    with server(Offer(bundle=offered), Address(host="127.0.0.1", port=0), said.append) as desk:
        thread = threading.Thread(target=desk.serve_forever)
        thread.start()
        url = f"http://127.0.0.1:{desk.server_port}/bundle"
        try:
            gateway = start(tmp_path, world.root, [*options(world, tmp_path, 1), "--bundle", url])
            try:
                follows(gateway, world, offered)
            finally:
                gateway.stop()
        finally:
            desk.shutdown()
            thread.join()
    assert any("school=wire" in line for line in said)


def follows(gateway: Gateway, world: World, offered: Path) -> None:
    page = f"http://www.allowed.example:{world.http.port}/page"

    def asked() -> int:
        return gateway.curl(page, source="127.0.1.9").status

    assert becomes(asked, 403)
    offered.write_bytes(bundle(2, keys=(LI,)))
    assert gateway.command("policy", "bundle", "apply", str(offered)).returncode == 1
    assert asked() == 403
    assert gateway.command("policy", "bundle", "rollback").returncode == 0
    assert becomes(asked, 200)
