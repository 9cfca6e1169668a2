"""Bodies read on their way out: CPU of each KiB, harmless and with personal data, by form.

    python -O -m bench.outflow [--seconds 1]

What one worker spends (`gateway.outflow.examine`), recognisers and a roster of 2,000 names in
memory. Beside each figure, as a yardstick of the same run, how often longer that is than
`json.loads` of as many bytes of JSON. Bodies of up to 16 KiB are read on the event loop, longer
ones on a thread. The proxy's own cost is not in it (`bench/run.py`).
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections.abc import Callable
from datetime import date

from bench.district import People
from gateway.outflow.examine import Examiner, Sent
from rules.personal_files import load_knowledge
from rules.recognise.personal.finder import Finder
from rules.recognise.personal.names import Roster

TODAY = date(2026, 11, 24)
PLAIN = "请帮我改写：今天的课堂活动是观察植物的生长，第 3 小组在 10:30 完成记录，共 12 页。"


def bodies(size: int) -> dict[str, Sent]:
    """Bodies of about so many bytes."""
    people = People(7)
    rows: list[dict[str, object]] = []
    while len(json.dumps(rows, ensure_ascii=False).encode()) < size:
        rows.append({"姓名": people.name(), "idCard": people.card(), "mobile": people.phone()})
    plain = [{"role": "user", "content": PLAIN} for _ in range(max(1, size // 160))]
    form = "&".join(f"field{one}=value{one}" for one in range(size // 16))
    random.Random(7).shuffle(plain)
    return {
        "JSON, harmless": Sent(
            body=json.dumps({"messages": plain}, ensure_ascii=False).encode(),
            media="application/json",
        ),
        "form, harmless": Sent(body=form.encode(), media="application/x-www-form-urlencoded"),
        "text, harmless": Sent(body=(PLAIN * (size // 110)).encode(), media="text/plain"),
        "JSON, a list of pupils": Sent(
            body=json.dumps(rows, ensure_ascii=False).encode(), media="application/json"
        ),
    }


def spent(work: Callable[[], object], seconds: float) -> float:
    """CPU seconds of one call: the best of many."""
    best, end = 1e9, time.process_time() + seconds
    while time.process_time() < end:
        begin = time.process_time()
        work()
        best = min(best, time.process_time() - begin)
    return best


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=1.0, help="CPU for each line")
    options = parser.parse_args()
    people = People(3)
    roster = Roster(sorted({people.name() for _ in range(2000)}))
    knowledge = load_knowledge()
    examiner = Examiner(lambda: Finder(knowledge, roster))
    print("| body | bytes | CPU µs a KiB | of json.loads | kinds |\n|---|---|---|---|---|")
    for size in (1024, 12 * 1024):
        for name, sent in bodies(size).items():
            found = examiner.now(sent, TODAY)
            took = spent(lambda one=sent: examiner.now(one, TODAY), options.seconds)  # type: ignore[misc]
            text = sent.body if "JSON" in name else json.dumps([sent.body.decode()]).encode()
            read = spent(lambda one=text: json.loads(one), options.seconds / 4)  # type: ignore[misc]
            kib = len(sent.body) / 1024
            kinds = " ".join(found.seen.carried.kinds) or "–"
            ratio = took / kib / (read / (len(text) / 1024))
            print(f"| {name} | {len(sent.body)} | {took / kib * 1e6:.0f} | {ratio:.0f} | {kinds} |")
    examiner.close()


if __name__ == "__main__":
    main()
