"""What looking for tricks costs an ordinary request, name, page and message.

    .venv/bin/python -O bench/evasions.py

Prints µs per call on one core, best of five, over ordinary traffic: nothing is found there;
then how often messages made up by a fixed seed count as noise.
"""

from __future__ import annotations

import random
import struct
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from rules.base import RuleBase
from rules.compile import build
from rules.model import Facts, Stage
from rules.recognise.dns_tunnels import tunnelling
from rules.recognise.evasion import named, requested, served
from rules.recognise.handshakes import greeted, message, noise
from tests.pages import page

PATHS = (
    "/",
    "/index.html",
    "/static/js/app.3f9c2e8d.js?v=20260901",
    "/s?wd=%E5%85%89%E5%90%88%E4%BD%9C%E7%94%A8&ie=utf-8",
    "/api/v1/users/12345/courses?page=2&size=20&sort=created_at",
    "/images/2026/09/01/school-sports-day-photo-001.jpg",
)
HEADERS = {"accept": "text/html,application/xhtml+xml", "content-type": "application/json"}


def best(run: Callable[[], object], calls: int, rounds: int = 5) -> float:
    times = []
    for _ in range(rounds):
        begun = time.perf_counter()
        for _ in range(calls):
            run()
        times.append((time.perf_counter() - begun) / calls * 1e6)
    return min(times)


def noisy(rounds: int = 5000) -> dict[str, float]:
    """The share of made-up messages that counts as noise, by kind."""
    dice = random.Random(3)

    def sound(loud: int) -> bytes:
        values = (int(max(-32768, min(32767, dice.gauss(0, loud)))) for _ in range(160))
        return struct.pack("<160h", *values)

    kinds: dict[str, Callable[[], bytes]] = {
        "64 random bytes": lambda: dice.randbytes(64),
        "256 random bytes": lambda: dice.randbytes(256),
        "40 floats": lambda: struct.pack("<40f", *(dice.uniform(-99, 99) for _ in range(40))),
        "16-bit sound, low": lambda: sound(300),
        "16-bit sound, loud": lambda: sound(3000),
        "16-bit sound, clipping": lambda: sound(8000),
    }
    return {
        name: sum(noise(made()[:256]) for _ in range(rounds)) / rounds
        for name, made in kinds.items()
    }


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        build(Path(folder))
        base = RuleBase.open(Path(folder) / "rulebase")
        asked = [
            Facts(stage=Stage.REQUEST, host="www.example.com", method="GET", path=path)
            for path in PATHS
        ]

        def head(name: str) -> str:
            return HEADERS.get(name, "")

        def requests() -> None:
            for facts in asked:
                requested(facts, head, base)

        body = page()[: 50 * 1024]
        rows = {
            "request": best(requests, 20_000) / len(asked),
            "name at DNS": best(
                lambda: (named("www.example.com", base), tunnelling("www.example.com", 1)), 100_000
            ),
            "ClientHello": best(
                lambda: greeted("www.example.com", ("h2", "http/1.1"), "www.example.com", 443),
                100_000,
            ),
            f"page of {len(body) // 1024} KiB": best(lambda: served(body), 2000),
            "first message of 200 bytes": best(lambda: message(body[:200], plausible=True), 2000),
            "look-alike name": best(lambda: named("www.xn--blkd-x4d6cva.example", base), 500),
        }
        base.close()
    for name, taken in rows.items():
        print(f"{name:30} {taken:9.2f} µs")
    for name, share in noisy().items():
        print(f"{name:30} {share:9.1%} noise")


if __name__ == "__main__":
    main()
