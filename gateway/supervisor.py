"""The supervisor's loop: signals, publications, children, status; one thread, no waiting.

It wakes for a signal, a child's end or the next look (a fraction of a second),
lets the pool look after its children, starts a publication when data changed or
somebody asked, tells the children when it is done, and writes status.json. The
compiling happens in a process of its own. What a node is and what is printed is
not decided here.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from gateway import authority
from gateway.node import Node
from gateway.reload import Publication, Result, read_publication
from gateway.watch import stamp, watched
from gateway.workers import Pool
from rules.load import WorldError

LOOK = 0.1  # seconds between looks while something is under way
CALM = 0.5  # … and while nothing is
WATCH = 2.0  # seconds between looks at the data files
TOLD = 10.0  # seconds between status files when nothing changes
PATIENCE = 900.0  # seconds for one publication
HOPELESS = 5  # failures of one child before everything ever served: give up the start
RELOAD_REQUEST = "reload.request"
PUBLICATION = "publication.json"
STATUS = "status.json"

HANDLED = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)


class Phase(StrEnum):
    STARTING = "starting"
    SERVING = "serving"
    STOPPING = "stopping"
    STOPPED = "stopped"


@dataclass(slots=True, kw_only=True)
class _Task:
    """The publication under way."""

    process: subprocess.Popen[bytes]
    started: float
    asked: bool


class Supervisor:
    """Runs until told to stop. `ready` is called once, when every child serves."""

    def __init__(
        self,
        node: Node,
        pool: Pool,
        *,
        publish: Sequence[str],
        say: Callable[[str], None],
        ready: Callable[[], None] = lambda: None,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self.node = node
        self.pool = pool
        self.command = tuple(publish)  # argv of one publication, without `--request`
        self.say = say
        self.ready = ready
        self.wall = wall
        self.phase = Phase.STARTING
        self.started = wall()
        self.publication = read_publication(node.run / PUBLICATION)
        self.reloads = dict.fromkeys(Result, 0)
        if self.publication is not None:
            self.reloads[self.publication.result] += 1
        self._task: _Task | None = None
        self._wanted = False
        self._asked = False
        self._stamp = stamp(watched(node))
        self._ca_stamp = self._ca()
        self._next_watch = 0.0
        self._next_told = 0.0
        self._told: object = None
        self._stops = 0
        self._code = 0

    def run(self) -> int:
        """The loop. Returns the exit code after every child has ended: 0, or 3 where
        a child failed again and again before the node ever served."""
        with _signals() as wakeup:
            self.pool.step()
            while self.pool.alive or self.phase is not Phase.STOPPING:
                for number in _wait(wakeup, self._pause()):
                    self._signalled(number)
                self._look(time.monotonic())
        self._end_task()
        self.phase = Phase.STOPPED
        self._tell()
        return self._code

    def status(self) -> dict[str, Any]:
        """status.json: what listens, who serves, what is in force, the last publication."""
        return {
            "node": self.node.name,
            "pid": os.getpid(),
            "state": str(self.phase),
            "started": self.started,
            "listeners": [
                {"kind": str(one.kind), "address": str(one.address)} for one in self.node.listeners
            ],
            "dns": str(self.node.dns) if self.node.dns else "",
            "metrics": str(self.node.metrics) if self.node.metrics else "",
            "children": [asdict(child) for child in self.pool.status()],
            "publication": asdict(self.publication) if self.publication else None,
            "reloads": {str(result): count for result, count in self.reloads.items()},
            "ca": self._ca_status(),
        }

    def _signalled(self, number: int) -> None:
        if number in (signal.SIGTERM, signal.SIGINT):
            self._stops += 1
            if self._stops == 1:
                self.say("正在停止，让进行中的连接结束 / stopping, connections may finish")
                self.phase = Phase.STOPPING
                self.pool.stop()
            else:
                self.say("立即停止 / stopping at once")
                self.pool.kill()
        elif number == signal.SIGHUP:
            self._wanted = self._asked = True

    def _look(self, now: float) -> None:
        self.pool.step()
        if self.phase is Phase.STARTING and self.pool.serving:
            self.phase = Phase.SERVING
            self.ready()
        if self.phase is Phase.STARTING:
            self._give_up()
        if self.phase is not Phase.STOPPING:
            self._watch(now)
            self._publish(now)
        if now >= self._next_told or self._news() != self._told:
            self._tell()
            self._next_told = now + TOLD

    def _give_up(self) -> None:
        for child in self.pool.status():
            if child.restarts >= HOPELESS:
                self.say(f"{child.name}: 一再启动失败，放弃 / keeps failing, giving up (see above)")
                self._code = 3
                self.phase = Phase.STOPPING
                self.pool.stop()
                return

    def _pause(self) -> float:
        busy = self._task is not None or not self.pool.serving or self.pool.stopping
        return LOOK if busy else CALM

    def _watch(self, now: float) -> None:
        """Look at the data files, and whether another CA signs now."""
        if now < self._next_watch:
            return
        self._next_watch = now + WATCH
        seen = stamp(watched(self.node))
        if seen != self._stamp:
            self._stamp, self._wanted = seen, True
        ca = self._ca()
        if ca != self._ca_stamp:
            self._ca_stamp = ca
            self.say("CA 已切换，逐个更换工作进程 / the CA changed, replacing workers one by one")
            self.pool.renew()

    def _publish(self, now: float) -> None:
        task = self._task
        if task is not None:
            code = task.process.poll()
            if code is not None:
                self._task = None
                self._published(code, task)
            elif now - task.started > PATIENCE:
                task.process.kill()
        if self._task is None and self._wanted:
            self._wanted = False
            argv = [*self.command, "--request", _text(self.node.run / RELOAD_REQUEST)]
            self._stamp = stamp(watched(self.node))
            self._task = _Task(
                process=subprocess.Popen(
                    argv,
                    env=self.pool.environment,
                    pass_fds=(self.pool.lifeline,),
                    process_group=0,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                ),
                started=now,
                asked=self._asked,
            )
            self._asked = False

    def _published(self, code: int, task: _Task) -> None:
        """A publication ended: tell the children, and everybody who wants to know."""
        found = read_publication(self.node.run / PUBLICATION)
        if found is None or found == self.publication or code not in (0, 2, 3):
            found = self._broken(code)
        self.publication = found
        self.reloads[found.result] += 1
        if found.good and (task.asked or found.result is Result.PUBLISHED):
            self.pool.hang_up()
        if found.result is Result.PUBLISHED:
            self.say(f"已生效 / in force: 快照 snapshot {found.snapshot[:16]}")
        elif not found.good:
            self.say(
                "新的规则或策略未生效，沿用上一份 / refused, the last good one stays in force:"
            )
            for problem in found.problems:
                self.say(f"  {problem}")

    def _broken(self, code: int) -> Publication:
        """The publishing process itself broke: ours, or killed for its memory."""
        before = self.publication
        return Publication(
            result=Result.FAILED,
            snapshot=before.snapshot if before else "",
            rulebase=before.rulebase if before else "",
            at=self.wall(),
            seconds=0.0,
            request=_text(self.node.run / RELOAD_REQUEST),
            problems=(f"the publishing process ended with code {code}",),
        )

    def _end_task(self) -> None:
        if self._task is not None:
            self._task.process.kill()
            self._task.process.wait()

    def _ca(self) -> int:
        return stamp([self.node.ca / authority.Generation.CURRENT])

    def _ca_status(self) -> list[dict[str, str]]:
        try:
            found = authority.load(self.node.ca)
        except WorldError as error:
            return [{"generation": "current", "problem": str(error)}]
        return [
            {
                "generation": one.generation.name.lower(),
                "fingerprint": one.fingerprint,
                "expires": one.not_after.isoformat(),
            }
            for one in found.published
        ]

    def _news(self) -> object:
        children = [(c.name, c.state, c.pid, c.restarts) for c in self.pool.status()]
        return (self.phase, children, self.publication)

    def _tell(self) -> None:
        self._told = self._news()
        write_status(self.node.run / STATUS, self.status())


def write_status(path: Path, status: Mapping[str, Any]) -> None:
    """Replace status.json in one step; a full disk must not stop the gateway."""
    fresh = path.with_suffix(".tmp")
    with contextlib.suppress(OSError):
        fresh.write_text(json.dumps(status, ensure_ascii=False, indent=1), encoding="utf-8")
        fresh.replace(path)


@contextlib.contextmanager
def _signals() -> Iterator[socket.socket]:
    """The handled signals arrive as bytes on the socket given; all is put back at the end."""
    near, far = socket.socketpair()
    near.setblocking(False)
    far.setblocking(False)
    before = {number: signal.signal(number, _nothing) for number in HANDLED}
    old = signal.set_wakeup_fd(far.fileno(), warn_on_full_buffer=False)
    try:
        yield near
    finally:
        signal.set_wakeup_fd(old)
        for number, handler in before.items():
            signal.signal(number, handler)
        near.close()
        far.close()


def _nothing(_number: int, _frame: object) -> None:
    """The byte on the wakeup socket says it all."""


def _wait(wakeup: socket.socket, seconds: float) -> bytes:
    select.select([wakeup], [], [], seconds)
    try:
        return wakeup.recv(4096)
    except BlockingIOError:
        return b""


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()[:64]
    except (OSError, ValueError):
        return ""
