"""What reading requests costs: no search, a search, an inner URL, a prompt, a streamed answer.

    python bench/asked.py

Prints microseconds per request (median of the rounds), and what the books weigh. Everything is
in memory; nothing is contacted.
"""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from rules.asking import asked_of, asking
from rules.base import RuleBase
from rules.compile import build
from rules.model import Facts, Stage
from rules.recognise.replies import AnswerReader

ROUNDS, CALLS = 7, 2_000


def facts(host: str, path: str, method: str = "GET") -> Facts:
    return Facts(stage=Stage.REQUEST, host=host, path=path, method=method)


def micro(work: Callable[[], object]) -> float:
    """Median microseconds of one call."""
    found = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        for _ in range(CALLS):
            work()
        found.append((time.perf_counter() - begun) / CALLS * 1e6)
    return statistics.median(found)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        build(Path(folder))
        base = RuleBase.open(Path(folder) / "rulebase")
        begun = time.perf_counter()
        text = asking()
        read = time.perf_counter() - begun
        begun = time.perf_counter()
        asked = asked_of(json.loads(text))
        opened = time.perf_counter() - begun
        print(f"books: {len(text) / 1024:.0f} KiB, opened in {opened * 1000:.0f} ms")
        print(f"files read again in {read * 1000:.0f} ms (unchanged)")
        plain = facts("www.example.com", "/static/app.js?v=20240101")
        query = facts("www.baidu.com", "/s?wd=%E5%85%89%E5%90%88%E4%BD%9C%E7%94%A8&ie=utf-8")
        wrapped = facts("translate.google.com", "/translate?u=https%3A%2F%2Fwww.example.org%2F")
        chat = facts("chat.deepseek.com", "/api/v0/chat/completion", "POST")
        body = json.dumps({"prompt": "解释光合作用。" * 20}).encode()
        long = json.dumps({"prompt": "解释光合作用。" * 1_000}).encode()
        chunk = b'data: {"v": "\xe4\xbd\xa0\xe5\xa5\xbd"}\n\n'
        reader = AnswerReader(asked.answer("chat.deepseek.com"))
        for name, work in {
            "a request that asks nothing": lambda: asked.request(plain, base),
            "a search": lambda: asked.request(query, base),
            "a translator's inner URL": lambda: asked.request(wrapped, base),
            f"a prompt of {len(body)} bytes": lambda: asked.body(chat, body, "application/json"),
            f"a prompt of {len(long)} bytes": lambda: asked.body(chat, long, "application/json"),
            "a piece of a streamed answer": lambda: reader.feed(chunk),
        }.items():
            print(f"{micro(work):9.2f} µs  {name}")
        base.close()


if __name__ == "__main__":
    main()
