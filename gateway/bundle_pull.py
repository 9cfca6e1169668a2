"""Fetching bundles over HTTP: asks with the last ETag, applies what is new, tells the outcome.

Nothing that comes over the network is believed for where it came from: a bundle counts by
its signatures and its revision alone. A refused one is remembered by its ETag, so that it
is not fetched again every minute. This module is a door to the network.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import httpx

from gateway import bundles
from gateway.node import Node
from policies.bundle import MAX_BYTES, BundleError
from rules.load import DataError, WorldError

PATIENCE = 30.0  # seconds


class Pull(StrEnum):
    APPLIED = "applied"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulled:
    """What came of one look."""

    outcome: Pull
    said: str = ""
    revision: int = 0


def pull(node: Node, url: str, schools: Sequence[str], now: float) -> Pulled:
    """Look once. Raises WorldError where the server cannot be reached or answers oddly."""
    known = bundles.state(node)
    headers = {"if-none-match": known.etag} if known.etag else {}
    status, etag, data = _fetched(url, schools, headers)
    if status in (204, 304):
        return Pulled(outcome=Pull.UNCHANGED, said=known.refused, revision=known.revision)
    if status != 200:
        raise WorldError(f"{url}: HTTP {status}")
    try:
        done = bundles.apply(node, data, now)
    except (BundleError, DataError) as error:
        bundles.remember_answer(node, etag, str(error))
        return Pulled(outcome=Pull.REFUSED, said=str(error), revision=known.revision)
    bundles.remember_answer(node, etag, "")
    outcome = Pull.APPLIED if done.changed else Pull.UNCHANGED
    return Pulled(outcome=outcome, revision=done.revision)


def _fetched(url: str, schools: Sequence[str], headers: dict[str, str]) -> tuple[int, str, bytes]:
    """Status, ETag and body; the body is bounded."""
    body = bytearray()
    query = {"school": list(schools)} if schools else None
    try:
        with (
            httpx.Client(timeout=PATIENCE, trust_env=False) as client,
            client.stream("GET", url, params=query, headers=headers) as answer,
        ):
            for chunk in answer.iter_bytes():
                body += chunk
                if len(body) > MAX_BYTES:
                    raise WorldError(f"{url}: 策略包太大 / the bundle is too large")
            etag = answer.headers.get("etag", "")[:200]
            return answer.status_code, etag, bytes(body)
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise WorldError(f"{url}: {type(error).__name__}: {error}") from error
