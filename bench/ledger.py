"""Figures of the ledger: rows verified a second, sealing beside storing, a checkpoint's cost.

    python -O bench/ledger.py [--events N]

One process, one core. The peer in the same run: `sqlite3` reading the same rows and doing
nothing with them, which no verification in Python can be faster than.
"""

from __future__ import annotations

import argparse
import json
import sqlite3
import sys
import tempfile
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from gateway.evidence import load_chain
from gateway.ledger import check, read
from gateway.sealing import Sealer
from gateway.signer import Signer, key_of
from gateway.store import Store
from gateway.verify import verify
from tests.gateway.event_samples import batch

PER_BATCH = 1_000
CHECKPOINTS = 2_000


class Here:
    """The signer in this process, its answers written as the copy."""

    def __init__(self, folder: Path) -> None:
        self.signer = Signer(folder / "signer", node="n1")
        self.copy = folder / "chain.jsonl"

    def sign(self, kind: str, body: dict[str, object]) -> object:
        line = self.signer.answer({"ask": "sign", "kind": kind, "body": body}, 0)["line"]
        with self.copy.open("a") as file:
            file.write(line + "\n")
        return read(line)


def main() -> None:
    """Measure and print one JSON document."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--events", type=int, default=200_000)
    count = options.parse_args().events
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(measured(Path(folder), count), indent=1))


def measured(folder: Path, count: int) -> dict[str, float]:
    here = Here(folder)
    plain = batch(1, events=PER_BATCH, counts=50)
    storing = sealing = 0.0
    with closing(Store("n1", folder / "events")) as store:
        sealer = Sealer(store, here)
        for start in range(0, count // PER_BATCH, 5):
            begin = time.perf_counter()
            for number in range(start, min(start + 5, count // PER_BATCH)):
                seqs = range(number * PER_BATCH + 1, (number + 1) * PER_BATCH + 1)
                events = tuple(
                    replace(event, seq=seq, code=f"{seq:014d}", token=f"t{seq % 997:025d}")
                    for event, seq in zip(plain.events, seqs, strict=True)
                )
                store.write([replace(plain, seq=number + 1, events=events)])
            middle = time.perf_counter()
            sealer.finish()
            storing += middle - begin
            sealing += time.perf_counter() - middle
    key = key_of(folder / "signer").public_key()
    begin = time.process_time()
    chain = check(load_chain(here.copy), {here.signer.key: key})
    report = verify(folder, chain)
    took = time.process_time() - begin
    if not report.holds or report.rows["events"] != count:
        raise SystemExit(f"{report}")
    reading = 0.0
    for file in (folder / "events").glob("*.sqlite"):
        with closing(sqlite3.connect(file)) as connection:
            begin = time.process_time()
            for low in range(0, count, 5 * PER_BATCH):
                connection.execute(
                    f"SELECT * FROM events WHERE id BETWEEN {low + 1} AND {low + 5 * PER_BATCH}"
                ).fetchall()
            reading += time.process_time() - begin
    begin = time.process_time()
    lines = [
        here.signer.answer({"ask": "sign", "kind": "bench", "body": {"n": n}}, 0)["line"]
        for n in range(CHECKPOINTS)
    ]
    signing = time.process_time() - begin
    begin = time.process_time()
    check(lines, {here.signer.key: key})
    checking = time.process_time() - begin
    return {
        "events": count,
        "verified_events_per_cpu_s": round(count / took),
        "only_read_events_per_cpu_s": round(count / reading),
        "sealing_to_storing": round(sealing / storing, 3),
        "sealed_events_per_s": round(count / sealing),
        "signed_checkpoints_per_cpu_s": round(CHECKPOINTS / signing),
        "checked_checkpoints_per_cpu_s": round(CHECKPOINTS / checking),
    }


if __name__ == "__main__":
    main()
