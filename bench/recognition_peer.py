"""e2guardian on the same pages: served by a local origin, asked for through the real proxy.

Stock Debian configuration and phrase lists. A page counts as blocked when what comes back is
not what the origin sent. Our own gateway is asked the same way where its pages are judged.
"""

from __future__ import annotations

import http.client
import os
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from bench.recognition_pages import Sheet, composed
from bench.systems import MissingError, Origin, System, e2guardian, free_port
from rules.training.corpora import Row

SEED = 20261123
WAIT = 20.0
CHARSETS = ("utf-8", "gb18030")


@contextmanager
def serving(pages: Mapping[str, tuple[bytes, str]]) -> Iterator[int]:
    """An origin that answers with these pages by path; its port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body, charset = pages.get(self.path, (b"", "utf-8"))
            self.send_response(200 if body else 404)
            self.send_header("Content-Type", f"text/html; charset={charset}")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", free_port()), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()


def asked(port: int, url: str) -> bytes:
    """What a proxy answers for a URL; nothing where it hangs or breaks off."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=WAIT)
    try:
        connection.request("GET", url, headers={"Accept-Encoding": "identity"})
        return connection.getresponse().read()
    except (OSError, http.client.HTTPException):
        return b""
    finally:
        connection.close()


def compare(rows: Sequence[Row], count: int, books: int = 100) -> dict[str, Any]:
    """Group → (blocked, asked) through e2guardian, by charset."""
    sheets = _chosen(list(composed(rows, count, SEED)), books)
    pages = {
        f"/{charset}/{number}": (sheet.html(charset), charset)
        for charset in CHARSETS
        for number, sheet in enumerate(sheets)
    }
    with tempfile.TemporaryDirectory() as folder, serving(pages) as origin:
        try:
            where = Origin(http=origin, https=0, root=Path("/dev/null"))
            system = e2guardian(Path(folder), where, os.sched_getaffinity(0).pop())
        except MissingError as error:
            return {"missing": f"e2guardian could not be compared here: {error}"}
        try:
            found = {
                f"e2guardian 5.3.5, {charset}": _counts(system, origin, charset, sheets, pages)
                for charset in CHARSETS
            }
        finally:
            system.process.kill()  # its SIGTERM takes minutes
            system.process.wait()
    note = (
        "Debian's e2guardian with its own configuration and phrase lists, the same pages over HTTP."
    )
    return {"systems": found, "note": note}


def _chosen(sheets: Sequence[Sheet], books: int) -> list[Sheet]:
    counts: dict[str, int] = {}
    kept = []
    for sheet in sheets:
        counts[sheet.group] = counts.get(sheet.group, 0) + 1
        if counts[sheet.group] <= books:
            kept.append(sheet)
    return kept


def _counts(
    system: System,
    origin: int,
    charset: str,
    sheets: Sequence[Sheet],
    pages: Mapping[str, tuple[bytes, str]],
) -> dict[str, tuple[int, int]]:
    found: dict[str, tuple[int, int]] = {}
    for number, sheet in enumerate(sheets):
        path = f"/{charset}/{number}"
        body = asked(system.port, f"http://{system.host}:{origin}{path}")
        blocked, count = found.get(sheet.group, (0, 0))
        found[sheet.group] = (blocked + (body != pages[path][0]), count + 1)
    return found
