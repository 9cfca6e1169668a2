"""Figures of the rehearsal: real traffic through a real gateway, multiplied, then replayed.

    python -O bench/rehearse.py [--requests 20000] [--rows 1000000] [--keep DIR]

A gateway of its own is started with three schools on loopback prefixes and detail
`requests`; a client drives it from each school's addresses to a local origin and to
marker hosts of all categories. The day file is then multiplied over five weeks, and
`qinglang policy simulate` is run on it with a candidate that tightens one school, opens
something in another and leaves the third alone. Prints one JSON document.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import closing
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from rules.sources import load_categories  # noqa: E402

HOSTS = 40  # named hosts of the local origin
WEEKS = 5
SCHOOLS = {"no-1": ("127.0.1", "junior"), "no-2": ("127.0.2", "senior"), "no-3": ("127.0.3", "")}
SCHOOL = """\
id: {id}
title: {{zh: "{id}", en: "{id}"}}
scope: school
prefixes: [{{prefix: {prefix}.0/24{stage}}}]
{clauses}"""
CLAUSE = """\
  - id: {id}
    title: {{zh: "试行", en: "on trial"}}
    when: {{categories: [{categories}]}}
    action: {action}
    reason: {{zh: "试行条款。", en: "A clause on trial."}}
"""
LIST = "id: bench\ntitle: {zh: 测, en: bench}\nformat: starter\nfiles: [hosts.txt]\nlicence: own\nsource: bench\n"  # noqa: E501
KINDS = ("education", "video", "games", "music", "news", "shopping", "forum", "fandom")


def main() -> None:
    """Drive, multiply, rehearse, tell."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--requests", type=int, default=20_000)
    options.add_argument("--rows", type=int, default=1_000_000)
    options.add_argument("--keep", type=Path, default=None)
    asked = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        room = asked.keep or Path(folder)
        room.mkdir(exist_ok=True)
        print(json.dumps(measured(room, asked.requests, asked.rows), ensure_ascii=False, indent=1))


def measured(room: Path, requests: int, rows: int) -> dict[str, object]:
    """Everything, in one folder."""
    policies(room / "policies", {})
    policies(
        room / "candidate",
        {"no-1": [("block", "video, music")], "no-2": [("allow", "games"), ("warn", "news")]},
    )
    hosts = lists(room / "lists")
    with origin() as place:
        begun = time.perf_counter()
        recorded = drive(room, place, hosts, requests)
        drove = time.perf_counter() - begun
    total = multiply(room / "var" / "events", rows)
    by = {name: simulate(room, name) for name in ("school", "school,stage,category")}
    found, wide = by["school"], by["school,stage,category"]
    return {
        "driven_exchanges": requests,
        "recorded_events": recorded,
        "drive_seconds": round(drove, 1),
        "rehearsed_rows": found["rows"],
        "multiplied_rows": total,
        "rows_per_second": found["rows_per_second"],
        "rows_per_second_by_school_stage_category": wide["rows_per_second"],
        "changes": found["changes"],
        "by_school": {
            group["key"][0]: {
                "exchanges": group["exchanges"],
                "blocked_before": group["blocked_before"],
                "blocked_after": group["blocked_after"],
                **{name: number for name, number in group["changes"].items() if number},
            }
            for group in found["groups"]
        },
        "clauses_responsible": found["shifts"][:6],
        "groups_by_school_stage_category": len(wide["groups"]),
    }


def policies(folder: Path, trial: dict[str, list[tuple[str, str]]]) -> None:
    """Three schools; `trial` gives some of them clauses."""
    (folder / "schools").mkdir(parents=True, exist_ok=True)
    for name, (prefix, stage) in SCHOOLS.items():
        clauses = "".join(
            CLAUSE.format(id=f"trial-{n}", categories=categories, action=action)
            for n, (action, categories) in enumerate(trial.get(name, ()))
        )
        text = SCHOOL.format(
            id=name,
            prefix=prefix,
            stage=f", stage: {stage}" if stage else ", role: teacher",
            clauses=f"clauses:\n{clauses}" if clauses else "",
        )
        (folder / "schools" / f"{name}.yaml").write_text(text, encoding="utf-8")


def lists(folder: Path) -> list[str]:
    """Named hosts of every kind, as a list; one in five is on no list."""
    (folder / "bench").mkdir(parents=True, exist_ok=True)
    hosts = [f"www.site{n}.bench.example" for n in range(HOSTS)]
    rows = [f"{h} {KINDS[n % len(KINDS)]}\n" for n, h in enumerate(hosts) if n % 5]
    (folder / "bench" / "hosts.txt").write_text("".join(rows))
    (folder / "bench" / "source.yaml").write_text(LIST, encoding="utf-8")
    return hosts


class origin:  # noqa: N801 - used as a context manager
    """A small origin on 127.0.0.9, in threads of this process."""

    def __enter__(self) -> str:
        class Page(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("content-type", "text/html")
                self.send_header("content-length", "2")
                self.end_headers()
                self.wfile.write(b"ok")

            def log_message(self, *_: object) -> None:
                """Nothing is logged."""

        self.server = ThreadingHTTPServer(("127.0.0.9", 0), Page)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return f"127.0.0.9:{self.server.server_port}"

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()


def drive(room: Path, place: str, hosts: list[str], requests: int) -> int:
    """Start a gateway, send the requests from the schools' addresses, stop it."""
    names = [f"{host}=127.0.0.9" for host in hosts]
    (room / "node.yaml").write_text(f"resolve: [{', '.join(names)}]\n")
    argv = [
        *(sys.executable, "-m", "audit.cli", "up", "--data", str(room / "var"), "--workers", "1"),
        *("--config", str(room / "node.yaml"), "--name", "bench", "--detail", "requests"),
        *("--proxy", "127.0.0.1:0", "--dns", "127.0.0.1:0", "--metrics", "127.0.0.1:0"),
        *("--policy", str(room / "policies"), "--rules", str(room / "lists"), "--open", place),
    ]
    environment = {n: v for n, v in os.environ.items() if "proxy" not in n.lower()}
    environment["PYTHONPATH"] = str(ROOT)
    with (room / "up.log").open("wb") as log:
        process = subprocess.Popen(argv, stdout=log, stderr=log, env=environment, cwd=room)
    try:
        proxy = served(room, process)
        send(proxy, urls(place, hosts), requests)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)
    (file,) = (room / "var" / "events").glob("*.sqlite")
    with closing(sqlite3.connect(file)) as database:
        return int(database.execute("SELECT count(*) FROM events").fetchone()[0])


def served(room: Path, process: subprocess.Popen[bytes]) -> tuple[str, int]:
    """Wait until the gateway serves; its proxy's address."""
    until = time.monotonic() + 120
    while time.monotonic() < until and process.poll() is None:
        if "Ctrl-C" in (room / "up.log").read_text(errors="replace"):
            node = json.loads((room / "var" / "run" / "node.json").read_text())
            address = node["listeners"][0]["address"]
            return address["host"], address["port"]
        time.sleep(0.2)
    raise SystemExit((room / "up.log").read_text(errors="replace")[-3000:])


def urls(place: str, hosts: list[str]) -> list[str]:
    port = place.rpartition(":")[2]
    markers = [f"http://{name}.test.qinglang.invalid/" for name in load_categories()]
    pages = [f"http://{host}:{port}/page{n}" for host in hosts for n in range(3)]
    return markers + pages * 4


def send(proxy: tuple[str, int], addresses: list[str], requests: int) -> None:
    """Requests from every school, each on kept connections of its own."""
    source = random.Random(20261122)
    share = -(-requests // len(SCHOOLS))
    for prefix, _ in SCHOOLS.values():
        left = share
        while left > 0:
            here = f"{prefix}.{source.randint(1, 250)}"
            asked = [source.choice(addresses) for _ in range(min(left, 50))]
            left -= len(asked)
            converse(proxy, here, asked)


def converse(proxy: tuple[str, int], here: str, asked: list[str]) -> None:
    """Ask for these one after another; a closed connection is opened again."""
    sock: socket.socket | None = None
    for url in asked:
        for _ in range(2):
            sock = sock or socket.create_connection(proxy, 20, source_address=(here, 0))
            host = url.split("/")[2]
            sock.sendall(f"GET {url} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
            if answered(sock):
                break
            sock.close()
            sock = None
    if sock is not None:
        sock.close()


def answered(sock: socket.socket) -> bool:
    """Read one whole answer; False where the connection ended before or after it."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = sock.recv(65536)
        if not more:
            return False
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    lines = head.lower().split(b"\r\n")
    length = next((int(v[16:]) for v in lines if v.startswith(b"content-length: ")), 0)
    while len(body) < length:
        body += sock.recv(65536)
    return True


def multiply(folder: Path, rows: int) -> int:
    """Copy the recorded day to the same weekday of weeks before. Returns how many rows stand.

    The time of day is kept: what was decided then is compared with the same hour.
    """
    file = max(folder.glob("*.sqlite"), key=lambda path: path.stat().st_size)
    day = date.fromisoformat(file.stem[-10:])
    with closing(sqlite3.connect(file)) as database:
        names = [row[1] for row in database.execute("PRAGMA table_info(events)") if row[1] != "id"]
        count = database.execute("SELECT count(*) FROM events").fetchone()[0]
        database.execute("PRAGMA journal_mode=DELETE")
    each = -(-rows // (count * WEEKS))
    made = {"ts": "ts + :shift", "boot": "boot || :mark", "code": "code || :mark"}
    columns = ", ".join(f'"{name}"' for name in names)
    values = ", ".join(made.get(name, f'"{name}"') for name in names)
    statement = f"INSERT INTO events ({columns}) SELECT {values} FROM events WHERE id <= :last"
    for back in range(1, WEEKS + 1):
        target = folder / f"{file.stem[:-10]}{day - timedelta(weeks=back)}.sqlite"
        target.write_bytes(file.read_bytes())
        with closing(sqlite3.connect(target)) as database, database:
            database.execute("PRAGMA synchronous=OFF")
            last = database.execute("SELECT max(id) FROM events").fetchone()[0]
            for copy in range(each):
                shift = -back * 7 * 86_400 * 1_000_000 + copy
                marks = {"shift": shift, "mark": f"-{back}-{copy}", "last": last}
                database.execute(statement, marks)
            database.execute("DELETE FROM events WHERE id <= ?", [last])
    return count * each * WEEKS


def simulate(room: Path, by: str) -> dict[str, object]:
    """`qinglang policy simulate` as a person runs it."""
    argv = [
        *(sys.executable, "-O", "-m", "audit.cli", "policy", "simulate", "--json", "--by", by),
        *("--events", "60d", "--candidate", str(room / "candidate"), "--data", str(room / "var")),
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(argv, check=False, capture_output=True, text=True, env=environment)
    if done.returncode != 1:
        raise SystemExit(f"simulate ended with {done.returncode}: {done.stderr[-2000:]}")
    return json.loads(done.stdout)


if __name__ == "__main__":
    main()
