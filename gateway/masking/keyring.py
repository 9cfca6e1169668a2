"""The keys that applications' tokens are verified with: a file, or an address over HTTPS. A door.

One thread looks after all of them: a file when it changed, an address every ten minutes and,
at most every half minute, when a token names a key that is not known. What cannot be had keeps
the keys that were; after a day without any they are dropped, and everybody is nobody.
"""

from __future__ import annotations

import json
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

import httpx
from loguru import logger

from gateway.masking.lens import Tools
from gateway.masking.site import Sites, sites
from gateway.masking.tables import Unmasked
from gateway.masking.tokens import Verifier, readable_keys
from gateway.node import Served
from gateway.rows import SHANGHAI
from policies.applications import Application
from policies.masks_model import Keys
from rules.load import DataError, Problem, WorldError, load
from rules.model import Text
from rules.personal_files import PERSONAL, load_finder
from rules.recognise.personal.headers import HeaderFile, Headers

LOOK = 1.0  # seconds between looks at files
EVERY = 600.0
SOONEST = 30.0
STALE = 86_400.0
LARGEST = 1024 * 1024
TIMEOUT = 10.0
WORDS = Path(__file__).parent / "words.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Words:
    texts: dict[Unmasked, Text]


class Keyring:
    """Verifiers by application, and the thread that keeps their keys."""

    def __init__(
        self, served: Iterable[Served], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._clock = clock
        self._served = tuple(served)
        self.verifiers = {one.application: Verifier(one.token) for one in self._served}
        self._seen: dict[str, tuple[int, int]] = {}
        self._tried: dict[str, float] = {}
        self._good: dict[str, float] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="jwks", daemon=True)

    def start(self) -> None:
        """Read what can be read now, then go on in a thread."""
        self.look()
        if self._served:
            self._thread.start()

    def close(self) -> None:
        self._stop.set()

    def look(self) -> None:
        """One look at everything that is due."""
        for one in self._served:
            try:
                document = self._due(one)
                if document is not None:
                    self.verifiers[one.application].use(readable_keys(json.loads(document)))
                    self._good[one.application] = self._clock()
            except (OSError, ValueError, RecursionError, httpx.HTTPError) as error:
                logger.error("applications: {}: keys: {}", one.application, type(error).__name__)
            verifier = self.verifiers[one.application]
            if self._clock() - self._good.get(one.application, self._clock()) > STALE:
                verifier.use({})

    def _run(self) -> None:
        while not self._stop.wait(LOOK):
            self.look()

    def _due(self, one: Served) -> bytes | None:
        """The key document, where it is time to read it. Raises OSError, HTTPError, ValueError."""
        if not one.keys.startswith(("https://", "http://")):
            path = Path(one.keys)
            stat = path.stat()
            mark = (stat.st_mtime_ns, stat.st_size)
            self._good[one.application] = self._clock()  # the file is there: it is in force
            if self._seen.get(one.application) == mark or stat.st_size > LARGEST:
                return None
            text = path.read_bytes()
            self._seen[one.application] = mark
            return text
        now, verifier = self._clock(), self.verifiers[one.application]
        wait = SOONEST if verifier.missed or not verifier.keys else EVERY
        if now - self._tried.get(one.application, -EVERY) < wait:
            return None
        self._tried[one.application] = now
        verifier.missed = False
        return _fetched(one)


def _fetched(one: Served) -> bytes:
    context = ssl.create_default_context(cafile=None if one.keys_ca is None else str(one.keys_ca))
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    with (
        httpx.Client(
            verify=context, timeout=TIMEOUT, trust_env=False, follow_redirects=False
        ) as client,
        client.stream("GET", one.keys) as answer,
    ):
        if answer.status_code != 200:
            raise ValueError("status")
        out = bytearray()
        for piece in answer.iter_bytes():
            out += piece
            if len(out) > LARGEST:
                raise ValueError("too large")
        return bytes(out)


def problems(served: Iterable[Served], applications: Iterable[Application]) -> list[str]:
    """What cannot be, of a node's applications; the words are for people."""
    known = {one.id for one in applications}
    found = []
    for one in served:
        if one.application not in known:
            found.append(f"{one.application}: 策略中没有这个应用 / no such application in policies")
        if urlsplit(one.upstream).scheme == "http" and not one.plain:
            found.append(f"{one.application}: upstream 须为 https / https is wanted")
    return found


def usable(served: Iterable[Served]) -> None:
    """Refuse bad files at the start, not in a child. Raises DataError, WorldError."""
    for one in served:
        if one.roster is not None:
            load_finder(one.roster)
        for name, path, use in (
            ("trusted_ca", one.trusted_ca, _roots),
            ("keys_ca", one.keys_ca, _roots),
            ("certificate", one.certificate, _chain),
            ("keys", None if one.keys.startswith("https://") else Path(one.keys), _keys),
        ):
            if path is None:
                continue
            try:
                use(path)
            except (OSError, ValueError, RecursionError) as error:  # ssl's errors are OSErrors
                why = getattr(error, "strerror", None) or str(error)
                message = f"applications: {one.application}: {name}: 无法使用 / unusable: {why}"
                raise WorldError(message) from None


def _roots(path: Path) -> None:
    ssl.create_default_context(cafile=str(path))


def _chain(path: Path) -> None:
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(path)


def _keys(path: Path) -> None:
    readable_keys(json.loads(path.read_bytes()))


def load_words(path: Path = WORDS) -> dict[Unmasked, Text]:
    """The words of refusals. Raises DataError."""
    texts = load(_Words, path).texts
    missing = [one for one in Unmasked if one not in texts]
    if missing:
        raise DataError([Problem(file=str(path), line=1, column=1, message=f"lacks {missing}")])
    return texts


def open_sites(
    served: Iterable[Served],
    applications: Iterable[Application],
    keys: Keys,
    verifiers: Mapping[str, Verifier],
    now: float,
) -> Sites:
    """The applications of a node, with what the recognisers know. Raises DataError."""
    served = tuple(served)
    roster = next((one.roster for one in served if one.roster is not None), None)
    tools = Tools(
        finder=load_finder(roster),
        apart=load_finder(roster),
        headers=Headers(load(HeaderFile, PERSONAL / "headers.yaml")),
        keys=keys,
        today=datetime.fromtimestamp(now, SHANGHAI).date(),
    )
    return sites(served, applications, tools, verifiers, load_words())
