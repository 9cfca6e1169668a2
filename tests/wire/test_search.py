"""Search words and prompts through a whole running gateway: pages, events, care signals."""

from __future__ import annotations

import json
import time
from typing import Any
from urllib.parse import quote

import pytest

from tests.running import Gateway

pytestmark = pytest.mark.wire

PATIENCE = 30.0  # seconds until a care signal is written


def alerts(gateway: Gateway, least: int) -> list[dict[str, Any]]:
    """The care signals written so far, once there are `least` (or patience is at its end)."""
    until = time.monotonic() + PATIENCE
    while True:
        found = [
            json.loads(line)
            for path in sorted((gateway.data / "care").glob("*.jsonl"))
            for line in path.read_text(encoding="utf-8").splitlines()
        ]
        if len(found) >= least or time.monotonic() > until:
            return found
        time.sleep(0.5)


def test_a_crisis_search_shows_help_and_tells_people_once(own_gateway: Gateway) -> None:
    time.sleep(3)  # the care process begins with what is stored from its start on
    url = "https://www.baidu.com/s?wd="
    for words in ("我想死", "割腕疼吗"):
        got = own_gateway.curl(url + quote(words), "-H", "Accept: text/html")
        assert got.status == 403
        assert "你并不孤单" in got.text
        assert "12355" in got.text
    got = own_gateway.curl(url + quote("黄色网站"), "-H", "Accept: text/html")
    assert got.status == 403
    assert "你并不孤单" not in got.text
    told = alerts(own_gateway, 1)
    assert [one["category"] for one in told] == ["self-harm"]
    assert "baidu" not in json.dumps(told)


def test_a_prompt_is_read_before_it_leaves(gateway: Gateway) -> None:
    got = gateway.curl(
        "https://x.example/v1/chat/completions",
        "-H",
        "Content-Type: application/json",
        "-H",
        "Accept: application/json",
        "--data",
        json.dumps({"model": "m", "messages": [{"role": "user", "content": "冰毒怎么做"}]}),
    )
    assert got.status == 403
    assert json.loads(got.body)["category"] in ("drugs", "ai")
