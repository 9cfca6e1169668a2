"""The care process: follows the stored Events, tells the named people. One per node.

`python -O -m gateway.carer --node <data>/run/node.json`

Nothing of this is on the engine's event loop, and nothing the engine does waits for
it. Alerts go to `<data>/care/<school>.jsonl` first, then to the school's webhook,
again and again for a day while that is away. Where it stopped is remembered, so that
a restart neither forgets nor repeats. This module is a door: files, sockets, a clock.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import secrets
import signal
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from loguru import logger

from gateway import oplog
from gateway.authority import private_folder, write_private
from gateway.care import Alert, Carers, Memory, Spell, alerts, message, rename, signature
from gateway.export import Archive
from gateway.identity import renames
from gateway.node import Node
from gateway.reload import CURRENT
from policies import document
from policies.compile import Document
from rules.load import DataError, WorldError

LOOK = 2.0  # seconds between looks at the store
PATIENCE = 5.0  # seconds for one delivery
RETRY = (10.0, 30.0, 60.0, 300.0, 900.0)  # seconds after the first, second, … failure
GIVE_UP = 24 * 3600  # seconds after which an alert is only in its file
MOST_WAITING = 1_000  # alerts waiting for their webhooks
SECRET_BYTES = 32

_NAME = re.compile(r"[^a-z0-9-]")

type Send = Callable[[str, bytes, dict[str, str]], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """An alert on its way to a webhook."""

    alert: Alert
    since: float
    failures: int = 0
    not_before: float = 0.0


@dataclass(slots=True, kw_only=True)
class State:
    """What a restart needs: where we are, who was told, what waits."""

    marks: dict[str, int] | None = None  # None: begin with what is stored from now on
    memory: Memory = field(default_factory=Memory)
    waiting: list[Waiting] = field(default_factory=list)

    @classmethod
    def read(cls, path: Path) -> Self:
        """The state as left; a damaged file is a fresh beginning, and said."""
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
            return cls(
                marks={str(place): int(row) for place, row in found["marks"].items()},
                memory=Memory(
                    spells={key: Spell(**spell) for key, spell in found["spells"].items()},
                    schools={key: Spell(**spell) for key, spell in found["schools"].items()},
                ),
                waiting=[_waiting(one) for one in found["waiting"]],
            )
        except FileNotFoundError:
            return cls()
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            logger.error("care: {} does not read ({}), beginning anew", path.name, error)
            return cls()

    def text(self) -> str:
        return json.dumps(
            {
                "marks": self.marks or {},
                "spells": {key: asdict(spell) for key, spell in self.memory.spells.items()},
                "schools": {key: asdict(spell) for key, spell in self.memory.schools.items()},
                "waiting": [asdict(one) for one in self.waiting],
            }
        )


def _waiting(found: dict[str, Any]) -> Waiting:
    alert = dict(found["alert"], to=tuple(found["alert"]["to"]))
    return Waiting(**dict(found, alert=Alert(**alert)))


class Carer:
    """`look` does everything once; `run` does it until `stop`."""

    def __init__(
        self,
        node: Node,
        *,
        url: str = "",
        send: Send | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.node = node
        self.folder = node.data / "care"
        private_folder(self.folder)
        self.state = State.read(self.folder / "state.json")
        self._archive = Archive(data=node.data, url=url)
        self._send = send or post
        self._clock = clock
        self._secret = secret(node)
        self._carers = Carers()
        self._seen = ""
        self._told = ""
        self._stopping = threading.Event()

    def stop(self) -> None:
        self._stopping.set()

    def run(self, ready: Callable[[], None]) -> None:
        ready()
        while not self._stopping.is_set():
            try:
                self.look()
            except (WorldError, DataError, OSError) as error:
                logger.error("care: {}", error)
            ready()  # also the heartbeat
            self._stopping.wait(LOOK)

    def look(self) -> None:
        """Take in what is new, write it down, deliver what is due."""
        self._follow()
        renamed = renames.load(renames.file(self.node), self._clock())
        rename(self.state.memory, renamed)
        if self.state.marks is None:
            self.state.marks = self._archive.now()
            self._keep()
        found = self._archive.since(self.state.marks)
        found = [replace(one, token=renamed.get(one.token, one.token)) for one in found]
        fresh = alerts(found, self._carers, self.state.memory)
        for problem in self._archive.problems:
            logger.warning("care: {}", problem)
        self._archive.problems.clear()
        now = self._clock()
        try:
            for alert in fresh:
                self._write(alert)
                if alert.webhook and len(self.state.waiting) < MOST_WAITING:
                    self.state.waiting.append(Waiting(alert=alert, since=now))
            self._keep()
        except OSError:  # disk full: go back, and tell them again rather than never
            self.state = State.read(self.folder / "state.json")
            raise
        self._deliver(now)
        self._keep()

    def _follow(self) -> None:
        """Who cares for whom, from the snapshot in force."""
        link = self.node.snapshot / CURRENT
        try:
            name = os.readlink(link)
        except OSError:
            return
        if name != self._seen:
            text = (link.parent / name).read_text(encoding="utf-8")
            self._carers = Carers.of(document.decode(Document, text, name).policies)
            self._seen = name

    def _write(self, alert: Alert) -> None:
        """One line for the people of the school."""
        name = _NAME.sub("_", alert.school) or "district"
        line = json.dumps(message(alert), ensure_ascii=False).encode() + b"\n"
        file = os.open(self.folder / f"{name}.jsonl", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(file, line)
            os.fsync(file)
        finally:
            os.close(file)

    def _deliver(self, now: float) -> None:
        left = []
        for one in self.state.waiting:
            if self._stopping.is_set() or one.not_before > now:
                left.append(one)
                continue
            body = json.dumps(message(one.alert), ensure_ascii=False).encode()
            headers = {"X-Qinglang-Signature": signature(self._secret, int(now), body)}
            try:
                self._send(one.alert.webhook, body, headers)
            except OSError as error:
                pause = RETRY[min(one.failures, len(RETRY) - 1)]
                logger.warning("care: the webhook of {} failed: {}", one.alert.school, error)
                if now - one.since < GIVE_UP:
                    left.append(replace(one, failures=one.failures + 1, not_before=now + pause))
        self.state.waiting = left

    def _keep(self) -> None:
        text = self.state.text()
        if text != self._told:
            write_private(self.folder / "state.json", text.encode())
            self._told = text


class _Stay(urllib.request.HTTPRedirectHandler):
    """An alert goes where the policy says and nowhere else."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


def post(url: str, body: bytes, headers: dict[str, str]) -> None:
    """Deliver one alert. Raises OSError where it did not arrive."""
    if not url.startswith(("https://", "http://")):
        raise OSError(f"no web address: {url}")
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _Stay())
    request = urllib.request.Request(  # noqa: S310 - checked above
        url, data=body, headers={"Content-Type": "application/json; charset=utf-8", **headers}
    )
    try:
        with opener.open(request, timeout=PATIENCE) as answer:
            answer.read(1024)
    except ValueError as error:
        raise OSError(str(error)) from error


def secret(node: Node) -> bytes:
    """What webhooks are signed with; made on first use, readable by the owner only."""
    path = node.data / "keys" / "care.key"
    if not path.exists():
        private_folder(path.parent)
        write_private(path, secrets.token_bytes(SECRET_BYTES))
    return path.read_bytes()


def main(argv: Sequence[str] | None = None) -> int:
    """The process. Exit code 0 after SIGTERM, 2 bad node file, 3 the world failed."""
    parser = argparse.ArgumentParser(prog="python -m gateway.carer")
    parser.add_argument("--node", type=Path, required=True)
    parser.add_argument("--url", default="", help="database URL instead of day files")
    options = parser.parse_args(argv)
    os.umask(0o077)
    oplog.set_up()
    try:
        node = Node.read(options.node)
        carer = Carer(node, url=options.url)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: carer.stop())
        ready = node.run / "care.ready"
        try:
            carer.run(lambda: _say(ready))
        finally:
            ready.unlink(missing_ok=True)
    except DataError as error:
        logger.error("{}", error)
        return 2
    except (WorldError, OSError) as error:
        logger.error("{}", error)
        return 3
    return 0


def _say(ready: Path) -> None:
    ready.write_text(str(os.getpid()), encoding="ascii")


if __name__ == "__main__":
    raise SystemExit(main())
