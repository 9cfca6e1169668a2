"""Fetches lists from elsewhere into `<data>/lists/<id>/`; never replaces good by bad.

The one door of this floor to the network. Every outcome is a value: updated, unchanged,
refused (the bytes are wrong: checksum, cut short, empty, a tenth of the last size) or
failed (the world is). What was good before stays in place until something better has
been read through completely. `state.json` beside the data remembers ETag and counts.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rules.fingerprint import file_digest, path_digest
from rules.harvest import probe
from rules.importers.rows import Rows
from rules.importers.streams import RefusedError
from rules.sources import FETCHED, Placed, Translation, translator
from rules.suffixes import Suffixes

if TYPE_CHECKING:
    import httpx

STATE = "state.json"
MAX_SIZE = 1 << 30  # bytes as sent
SHRINK = 10
AGENT = "qinglang-rules/1"


class Outcome(StrEnum):
    """How an update ended."""

    UPDATED = "updated"
    UNCHANGED = "unchanged"
    LOCAL = "local"  # its files stand beside the sidecar: nothing to fetch
    REFUSED = "refused"  # the bytes are wrong; the last good ones stay
    FAILED = "failed"  # the world failed; the last good ones stay


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What is known of the data in place. `size` in bytes, `fetched_at` in Unix seconds."""

    location: str = ""
    etag: str = ""
    last_modified: str = ""
    sha256: str = ""
    size: int = 0
    rows: int = 0
    bad: int = 0
    fetched_at: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """The outcome for one source; `reason` says why where it was refused or failed."""

    id: str
    outcome: Outcome
    reason: str = ""
    state: State = State()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What judging fetched bytes needs: our categories, mappings and public suffixes."""

    categories: frozenset[str]
    mappings: Mapping[str, Translation]
    suffixes: Suffixes


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Patience and size: seconds and bytes. `proxy` overrides the environment's."""

    connect: float = 10.0
    read: float = 30.0
    total: float = 900.0
    size: int = MAX_SIZE
    proxy: str = ""


DEFAULT_LIMITS = Limits()


def update(
    placed: Placed,
    data: Path,
    reading: Reading,
    *,
    now: float,
    limits: Limits = DEFAULT_LIMITS,
    accept: bool = False,
) -> Update:
    """Fetch one source, judge it, put it in place. `accept`: shrinking is meant."""
    source = placed.source
    if not source.location:
        return Update(id=source.id, outcome=Outcome.LOCAL)
    home = data / "lists" / source.id
    home.mkdir(parents=True, exist_ok=True)
    state = read_state(home)
    fresh = home / f".new-{os.getpid()}"
    try:
        seen = _fetch(
            placed, state, home, fresh, replace(limits, proxy=limits.proxy or source.proxy)
        )
        if seen is None:
            return Update(id=source.id, outcome=Outcome.UNCHANGED, state=state)
        if seen.sha256 == state.sha256 and (home / FETCHED).exists() and not accept:
            seen = replace(seen, rows=state.rows, bad=state.bad, fetched_at=now)
            _write_state(home, seen)
            return Update(id=source.id, outcome=Outcome.UNCHANGED, state=seen)
        seen = replace(_judged(placed, seen, state, fresh, reading, accept), fetched_at=now)
        _put(home, fresh)
        _write_state(home, seen)
        return Update(id=source.id, outcome=Outcome.UPDATED, state=seen)
    except RefusedError as error:
        return Update(id=source.id, outcome=Outcome.REFUSED, reason=str(error), state=state)
    except OSError as error:
        return Update(id=source.id, outcome=Outcome.FAILED, reason=str(error), state=state)
    finally:
        _remove(fresh)


def read_state(home: Path) -> State:
    """The state beside the data; an unreadable one counts as none."""
    try:
        return State(**json.loads((home / STATE).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return State()


def _write_state(home: Path, state: State) -> None:
    fresh = home / f".{STATE}.new"
    fresh.write_text(json.dumps(asdict(state), indent=1), encoding="utf-8")
    fresh.replace(home / STATE)


def _fetch(placed: Placed, state: State, home: Path, fresh: Path, limits: Limits) -> State | None:
    """Bring the bytes to `fresh`; None where the server says they have not changed."""
    location = placed.source.location
    if location.startswith(("http://", "https://")):
        known = state if state.location == location and (home / FETCHED).exists() else State()
        return _download(location, known, fresh, limits)
    path = Path(location)
    path = path if path.is_absolute() else placed.folder / path
    if not path.exists():
        raise FileNotFoundError(f"{path} is not there")
    size = sum(one.stat().st_size for one in path.rglob("*") if one.is_file())
    size = size if path.is_dir() else path.stat().st_size
    if size > limits.size:
        raise RefusedError(f"{size} bytes, more than {limits.size}")
    if path.is_dir():
        shutil.copytree(path, fresh, symlinks=True)
        shutil.copystat(path, fresh)
        return State(location=location, sha256=_tree_digest(fresh), size=size)
    shutil.copyfile(path, fresh)
    return State(location=location, sha256=file_digest(fresh), size=size)


def _tree_digest(path: Path) -> str:
    """The digest of a folder's contents, whatever the folder is called."""
    return path_digest(sorted(path.iterdir()))


def _download(location: str, known: State, fresh: Path, limits: Limits) -> State | None:
    try:
        import httpx
    except ImportError as error:
        raise OSError("fetching over HTTP needs the package httpx") from error
    headers = {"User-Agent": AGENT, "Accept-Encoding": "identity"}
    if known.etag:
        headers["If-None-Match"] = known.etag
    if known.last_modified:
        headers["If-Modified-Since"] = known.last_modified
    timeout = httpx.Timeout(limits.read, connect=limits.connect)
    options: dict[str, Any] = {"proxy": limits.proxy} if limits.proxy else {}
    try:
        with (
            httpx.Client(
                timeout=timeout, follow_redirects=True, max_redirects=5, **options
            ) as client,
            client.stream("GET", location, headers=headers) as answer,
        ):
            return _received(answer, location, fresh, limits, time.monotonic)
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise OSError(f"{location}: {type(error).__name__}: {error}") from error


def _received(
    answer: httpx.Response, location: str, fresh: Path, limits: Limits, clock: Callable[[], float]
) -> State | None:
    if location.startswith("https://") and answer.url.scheme != "https":
        raise RefusedError(f"redirected from https to {answer.url.scheme}")
    if answer.status_code == 304:
        return None
    if answer.status_code != 200:
        raise OSError(f"{location}: HTTP {answer.status_code}")
    begun, size = clock(), 0
    with fresh.open("wb") as into:
        for block in answer.iter_bytes(1 << 16):
            size += len(block)
            if size > limits.size:
                raise RefusedError(f"more than {limits.size} bytes")
            if clock() - begun > limits.total:
                raise OSError(f"{location}: slower than {limits.total:.0f} s")
            into.write(block)
    return State(
        location=location,
        etag=answer.headers.get("ETag", "")[:256],
        last_modified=answer.headers.get("Last-Modified", "")[:64],
        sha256=file_digest(fresh),
        size=size,
    )


def _judged(
    placed: Placed, seen: State, last: State, fresh: Path, reading: Reading, accept: bool
) -> State:
    """The state with its rows counted. Raises RefusedError for bytes not to be taken."""
    source = placed.source
    if source.sha256 and seen.sha256 != source.sha256:
        raise RefusedError(f"checksum {seen.sha256} is not the {source.sha256} wanted")
    if seen.size == 0:
        raise RefusedError("empty")
    meaning = translator(source, reading.mappings, reading.categories)
    rows: Rows = probe(
        replace(placed, paths=(fresh,)),
        lambda names: meaning(names).ids,
        reading.mappings,
        reading.suffixes,
    )
    if rows.tally.rows * SHRINK < last.rows and not accept:
        raise RefusedError(f"{rows.tally.rows} rows, but {last.rows} last time: less than a tenth")
    return replace(seen, rows=rows.tally.rows, bad=rows.tally.bad)


def _put(home: Path, fresh: Path) -> None:
    """Swap the data in; a folder needs two renames, a file one."""
    target = home / FETCHED
    if target.is_dir() or fresh.is_dir():
        old = home / f".old-{os.getpid()}"
        if target.exists():
            target.rename(old)
        fresh.rename(target)
        _remove(old)
    else:
        fresh.replace(target)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
