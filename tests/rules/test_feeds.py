"""Fetching lists from a real server on this machine, and from paths."""

from __future__ import annotations

import gzip
import hashlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from rules.feeds import Limits, Outcome, Reading, Update, read_state, update
from rules.model import Text
from rules.sources import FETCHED, Format, Source, load_categories, load_mappings, place
from rules.suffixes import load_suffixes

BODY = "".join(f"h{number}.com\n" for number in range(100)).encode()


@dataclass
class Site:
    """What the server answers, and what it was asked."""

    body: bytes = BODY
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    declared: int | None = None
    asked: list[dict[str, str]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/list.txt"


@pytest.fixture
def site() -> Iterator[Site]:
    answers = Site()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answers.asked.append(dict(self.headers))
            answers.paths.append(self.path)
            tag = answers.headers.get("ETag")
            if tag and self.headers.get("If-None-Match") == tag:
                self.send_response(304)
                self.end_headers()
                return
            self.send_response(answers.status)
            for name, value in answers.headers.items():
                self.send_header(name, value)
            size = len(answers.body) if answers.declared is None else answers.declared
            self.send_header("Content-Length", str(size))
            self.end_headers()
            self.wfile.write(answers.body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    answers.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield answers
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def reading() -> Reading:
    return Reading(
        categories=frozenset(load_categories()),
        mappings=load_mappings(),
        suffixes=load_suffixes(),
    )


@pytest.fixture
def fetch(tmp_path: Path, reading: Reading) -> Callable[..., Update]:
    def fetched(location: str, **more: Any) -> Update:
        options = {key: more.pop(key) for key in ("limits", "accept") if key in more}
        source = Source(
            **{  # type: ignore[arg-type]
                "id": "own",
                "title": Text(zh="x", en="x"),
                "format": Format.PLAIN,
                "licence": "x",
                "source": "x",
                "location": location,
                "category": "games",
                **more,
            }
        )
        return update(place(source, tmp_path, tmp_path), tmp_path, reading, now=1000.0, **options)

    return fetched


def kept(folder: Path) -> bytes:
    return (folder / "lists" / "own" / FETCHED).read_bytes()


@pytest.mark.wire
def test_a_list_is_fetched_and_remembered(site: Site, fetch: Callable, tmp_path: Path) -> None:
    site.headers = {"ETag": '"1"', "Last-Modified": "Mon, 02 Nov 2026 00:00:00 GMT"}
    done = fetch(site.url)
    assert (done.outcome, done.state.rows, done.state.size) == (Outcome.UPDATED, 100, len(BODY))
    assert done.state.sha256 == hashlib.sha256(BODY).hexdigest()
    assert kept(tmp_path) == BODY
    assert read_state(tmp_path / "lists" / "own") == done.state
    assert sorted(path.name for path in (tmp_path / "lists" / "own").iterdir()) == [
        "list",
        "state.json",
    ]


@pytest.mark.wire
def test_an_unchanged_list_is_not_sent_again(site: Site, fetch: Callable) -> None:
    site.headers = {"ETag": '"1"', "Last-Modified": "Mon, 02 Nov 2026 00:00:00 GMT"}
    fetch(site.url)
    assert fetch(site.url).outcome is Outcome.UNCHANGED
    assert site.asked[1]["If-None-Match"] == '"1"'
    assert site.asked[1]["If-Modified-Since"] == "Mon, 02 Nov 2026 00:00:00 GMT"


@pytest.mark.wire
def test_equal_bytes_without_a_tag_are_unchanged_too(site: Site, fetch: Callable) -> None:
    fetch(site.url)
    assert fetch(site.url).outcome is Outcome.UNCHANGED


@pytest.mark.wire
def test_a_lost_file_is_fetched_again_despite_the_tag(
    site: Site, fetch: Callable, tmp_path: Path
) -> None:
    site.headers = {"ETag": '"1"'}
    fetch(site.url)
    (tmp_path / "lists" / "own" / FETCHED).unlink()
    assert fetch(site.url).outcome is Outcome.UPDATED
    assert "If-None-Match" not in site.asked[1]


WRONG: dict[str, dict[str, Any]] = {
    "empty": {"body": b""},
    "an error page": {"body": b"<html><body>Service is busy</body></html>\n"},
    "a tenth": {"body": b"h1.com\nh2.com\n"},
    "cut gzip": {"body": gzip.compress(BODY * 20)[:-10]},
}


@pytest.mark.wire
@pytest.mark.parametrize("case", WRONG)
def test_bad_bytes_never_replace_good_ones(
    case: str, site: Site, fetch: Callable, tmp_path: Path
) -> None:
    fetch(site.url)
    site.body = WRONG[case]["body"]
    done = fetch(site.url)
    assert done.outcome is Outcome.REFUSED
    assert done.reason
    assert kept(tmp_path) == BODY
    assert read_state(tmp_path / "lists" / "own").rows == 100


@pytest.mark.wire
@pytest.mark.parametrize("status", [403, 404, 500, 204])
def test_other_answers_are_failures(
    status: int, site: Site, fetch: Callable, tmp_path: Path
) -> None:
    fetch(site.url)
    site.status, site.body = status, b"h.com\n" if status != 204 else b""
    assert fetch(site.url).outcome is Outcome.FAILED
    assert kept(tmp_path) == BODY


@pytest.mark.wire
def test_a_broken_transfer_is_a_failure(site: Site, fetch: Callable, tmp_path: Path) -> None:
    fetch(site.url)
    site.body, site.declared = BODY + b"new.com\n", 10_000
    assert fetch(site.url).outcome is Outcome.FAILED
    assert kept(tmp_path) == BODY


@pytest.mark.wire
def test_a_checksum_is_demanded(site: Site, fetch: Callable, tmp_path: Path) -> None:
    assert fetch(site.url, sha256="0" * 64).outcome is Outcome.REFUSED
    assert not (tmp_path / "lists" / "own" / FETCHED).exists()
    right = hashlib.sha256(BODY).hexdigest()
    assert fetch(site.url, sha256=right).outcome is Outcome.UPDATED


@pytest.mark.wire
def test_a_size_limit_ends_the_transfer(site: Site, fetch: Callable) -> None:
    site.body = b"h.com\n" * 100_000
    done = fetch(site.url, limits=Limits(size=1000))
    assert (done.outcome, "1000" in done.reason) == (Outcome.REFUSED, True)


@pytest.mark.wire
def test_shrinking_may_be_meant(site: Site, fetch: Callable) -> None:
    fetch(site.url)
    site.body = b"h1.com\n"
    assert fetch(site.url, accept=True).outcome is Outcome.UPDATED


@pytest.mark.wire
def test_the_proxy_is_used(site: Site, fetch: Callable) -> None:
    done = fetch("http://lists.example/x.txt", proxy=f"http://127.0.0.1:{site.port}")
    assert done.outcome is Outcome.UPDATED
    assert site.paths == ["http://lists.example/x.txt"]


@pytest.mark.wire
def test_an_unreachable_server_is_a_failure(fetch: Callable) -> None:
    done = fetch("http://127.0.0.1:1/list.txt")
    assert (done.outcome, done.state.rows) == (Outcome.FAILED, 0)


def test_an_impossible_address_is_a_failure(fetch: Callable) -> None:
    assert fetch("http://[::1/x").outcome is Outcome.FAILED


def test_a_local_file(fetch: Callable, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_bytes(BODY)
    assert fetch("mine.txt").outcome is Outcome.UPDATED
    assert kept(tmp_path) == BODY
    assert fetch(str(tmp_path / "mine.txt")).outcome is Outcome.UNCHANGED


def test_a_local_file_that_is_not_there(fetch: Callable) -> None:
    done = fetch("mine.txt")
    assert done.outcome is Outcome.FAILED
    assert "mine.txt" in done.reason


def test_a_local_folder(fetch: Callable, tmp_path: Path) -> None:
    home = tmp_path / "blacklists" / "games"
    home.mkdir(parents=True)
    (home / "domains").write_bytes(BODY)
    options = {"format": Format.UT1, "category": ""}
    assert fetch("blacklists", **options).state.rows == 100
    assert fetch("blacklists", **options).outcome is Outcome.UNCHANGED
    (home / "domains").write_bytes(BODY + b"new.com\n")
    assert fetch("blacklists", **options).state.rows == 101
    (home / "domains").write_bytes(b"")
    assert fetch("blacklists", **options).outcome is Outcome.REFUSED
    assert (tmp_path / "lists/own/list/games/domains").read_bytes() == BODY + b"new.com\n"


def test_a_file_limit(fetch: Callable, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_bytes(BODY)
    assert fetch("mine.txt", limits=Limits(size=10)).outcome is Outcome.REFUSED


def test_files_beside_the_sidecar_are_not_fetched(fetch: Callable) -> None:
    assert fetch("", files=("x",)).outcome is Outcome.LOCAL


def test_a_damaged_state_counts_as_none(tmp_path: Path) -> None:
    (tmp_path / "state.json").write_text('{"odd": 1}')
    assert read_state(tmp_path).rows == 0
