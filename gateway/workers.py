"""The pool of child processes: started, watched, restarted, replaced, ended.

The supervisor owns every listening socket and hands the same ones to all workers,
so a worker that stops or dies loses no new connection. A child says that it
serves by writing its pid to its ready file; one that goes on touching that file
promises a heartbeat and is replaced when it falls silent. `Pool.step` is one
look at all children and never waits; the supervisor calls it. Sockets, signals
and what the children do are not decided here.
"""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from gateway.launch import LIFELINE

PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """One child to be kept alive. `rank` is its turn when all stop: 0 first.

    `ready` is the file it writes its pid to; a child without one counts as
    serving once it has lived for a second. `recycle` allows replacing it by age and
    size; `follows` says that SIGHUP tells it to look for what is new.
    """

    name: str
    argv: tuple[str, ...]
    fds: tuple[int, ...] = ()
    ready: Path | None = None
    recycle: bool = False
    follows: bool = False
    rank: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Seconds and bytes."""

    start: float = 90.0  # from start to serving
    grace: float = 35.0  # from SIGTERM to SIGKILL; workers finish flows for 30
    silence: float = 30.0  # since the last heartbeat of a child that has one
    settled: float = 60.0  # served this long: its earlier failures are forgotten
    age: float = 24 * 3600.0
    rss: int = 600 * 1024 * 1024
    slowest_restart: float = 10.0


class State(StrEnum):
    STARTING = "starting"
    SERVING = "serving"
    WAITING = "waiting"  # for its next start, after a failure
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildStatus:
    """One child as status.json tells it; `age` in seconds, `rss` in bytes."""

    name: str
    state: State
    pid: int
    restarts: int
    age: float
    rss: int


@dataclass(slots=True, kw_only=True)
class _Run:
    """One process of a slot."""

    process: subprocess.Popen[bytes]
    started: float
    serving: float | None = None
    beat: int = 0  # mtime of the ready file when last looked at
    beats: int = 0
    beat_at: float = 0.0  # when that last changed
    deadline: float | None = None  # of SIGKILL, once told to end
    owed: bool = False  # a SIGHUP came before it could take one


@dataclass(slots=True, kw_only=True)
class _Slot:
    spec: Spec
    current: _Run | None = None
    successor: _Run | None = None  # takes over once it serves
    retiring: list[_Run] = field(default_factory=list)
    restarts: int = 0
    failures: int = 0
    not_before: float = 0.0
    stale: bool = False  # replace as soon as possible

    def runs(self) -> list[_Run]:
        return [run for run in (self.current, self.successor, *self.retiring) if run is not None]


def backoff(failures: int, slowest: float) -> float:
    """Seconds to wait after the n-th failure in a row: 0.2, 0.4, 0.8 … `slowest`."""
    return float(min(slowest, 0.2 * 2 ** min(failures - 1, 30)))


def rss_of(pid: int) -> int:
    """Resident bytes of a process; 0 where it is gone."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * PAGE
    except (OSError, ValueError, IndexError):
        return 0


class Pool:
    """Keeps one process per Spec alive. Not thread safe: one supervisor calls it."""

    def __init__(
        self,
        specs: Sequence[Spec],
        *,
        environment: Mapping[str, str],
        clock: Callable[[], float],
        say: Callable[[str], None],
        buried: Callable[[int], None] = lambda _pid: None,
        limits: Limits | None = None,
    ) -> None:
        self.slots = [_Slot(spec=spec) for spec in specs]
        self.limits = limits or Limits()
        self.clock = clock
        self.say = say
        self.buried = buried
        self.stopping = False
        self.lifeline, self._lifeline_end = os.pipe()
        self.environment = {**environment, LIFELINE: str(self.lifeline)}

    def close(self) -> None:
        """Let go of the lifeline: whatever is still alive ends."""
        os.close(self.lifeline)
        os.close(self._lifeline_end)

    @property
    def serving(self) -> bool:
        """Does every child serve?"""
        return all(s.current is not None and s.current.serving is not None for s in self.slots)

    @property
    def alive(self) -> bool:
        return any(slot.runs() for slot in self.slots)

    def step(self) -> None:
        """One look at every child: bury, start, replace, end."""
        now = self.clock()
        for slot in self.slots:
            self._bury(slot, now)
            self._start(slot, now)
            self._look(slot, now)
            self._replace(slot, now)
            _kill_late(slot, now)
        if self.stopping:
            self._stop_next_rank(now)

    def hang_up(self) -> None:
        """Tell those that follow to look for what is new; a starting one is told later."""
        for slot in self.slots:
            if not slot.spec.follows:
                continue
            for run in (slot.current, slot.successor):
                if run is not None and run.serving is not None:
                    run.process.send_signal(signal.SIGHUP)
                elif run is not None:
                    run.owed = True

    def renew(self) -> None:
        """Replace every recyclable child, one after the other, without a gap."""
        for slot in self.slots:
            slot.stale = slot.spec.recycle

    def stop(self) -> None:
        """Begin the graceful end: rank by rank, each child with its grace."""
        self.stopping = True

    def kill(self) -> None:
        """The hard end of all, now."""
        self.stopping = True
        for slot in self.slots:
            for run in slot.runs():
                run.process.kill()

    def status(self) -> tuple[ChildStatus, ...]:
        return tuple(self._status(slot, self.clock()) for slot in self.slots)

    def _status(self, slot: _Slot, now: float) -> ChildStatus:
        run = slot.current
        if run is None:
            state = State.STOPPED if self.stopping else State.WAITING
        else:
            state = State.STARTING if run.serving is None else State.SERVING
        return ChildStatus(
            name=slot.spec.name,
            state=state,
            pid=run.process.pid if run else 0,
            restarts=slot.restarts,
            age=round(now - run.started, 1) if run else 0.0,
            rss=rss_of(run.process.pid) if run else 0,
        )

    def _spawn(self, slot: _Slot, now: float) -> _Run | None:
        spec = slot.spec
        if spec.ready is not None and slot.current is None:
            spec.ready.unlink(missing_ok=True)
        try:
            process = subprocess.Popen(
                spec.argv,
                env=self.environment,
                pass_fds=(*spec.fds, self.lifeline),
                process_group=0,  # the terminal's Ctrl-C is for the supervisor alone
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
            )
        except OSError as error:
            self._failed(slot, now, f"cannot be started: {error}")
            return None
        return _Run(process=process, started=now)

    def _start(self, slot: _Slot, now: float) -> None:
        if slot.current is None and not self.stopping and now >= slot.not_before:
            slot.current = self._spawn(slot, now)

    def _bury(self, slot: _Slot, now: float) -> None:
        for run in slot.runs():
            code = run.process.poll()
            if code is None:
                continue
            self.buried(run.process.pid)
            if run in slot.retiring:
                slot.retiring.remove(run)
                continue
            if run is slot.current:
                slot.current, slot.successor = slot.successor, None
            else:
                slot.successor = None
                if slot.current is not None:
                    slot.current.beats = 0  # the dead one wrote into the same ready file
            if not self.stopping:
                slot.restarts += 1
                self._failed(slot, now, _cause(code), run)

    def _failed(self, slot: _Slot, now: float, cause: str, run: _Run | None = None) -> None:
        served = now - run.serving if run is not None and run.serving is not None else 0.0
        if served >= self.limits.settled:
            slot.failures = 0
        slot.failures += 1
        wait = backoff(slot.failures, self.limits.slowest_restart)
        slot.not_before = now + wait
        self.say(f"{slot.spec.name}: 已退出 / ended ({cause}); {wait:.1f} s 后重启 / restart")

    def _look(self, slot: _Slot, now: float) -> None:
        """Notice that a child serves, is late to serve, or has fallen silent."""
        for run in slot.runs():
            if run.deadline is not None:
                continue
            if run.serving is None:
                if _is_ready(slot.spec, run, now):
                    run.serving = now
                    if run.owed:
                        run.process.send_signal(signal.SIGHUP)
                elif now - run.started > self.limits.start:
                    self.say(f"{slot.spec.name}: 启动超时 / did not become ready, killed")
                    run.process.kill()
                    run.deadline = now
            elif run is slot.current and slot.successor is None and self._silent(slot, run, now):
                self.say(f"{slot.spec.name}: 心跳停止 / heartbeat lost, killed")
                run.process.kill()
                run.deadline = now

    def _silent(self, slot: _Slot, run: _Run, now: float) -> bool:
        beat = _mtime(slot.spec.ready)
        if beat != run.beat:
            run.beats += 1  # the first change is the ready file itself
            run.beat, run.beat_at = beat, now
        return run.beats > 1 and now - run.beat_at > self.limits.silence

    def _replace(self, slot: _Slot, now: float) -> None:
        """Start a successor for a child too old or too large; retire it once that serves."""
        current, successor = slot.current, slot.successor
        if current is None or self.stopping or not slot.spec.recycle:
            return
        if successor is not None and successor.serving is not None:
            self._retire(current, now)
            slot.retiring.append(current)
            slot.current, slot.successor, slot.stale = successor, None, False
        elif successor is None and current.serving is not None and now >= slot.not_before:
            if self._replacing() or not self._worn(slot, current, now):
                return
            self.say(f"{slot.spec.name}: 更换进程 / replacing pid {current.process.pid}")
            slot.successor = self._spawn(slot, now)

    def _worn(self, slot: _Slot, run: _Run, now: float) -> bool:
        if slot.stale or now - run.started > self.limits.age:
            return True
        return rss_of(run.process.pid) > self.limits.rss

    def _replacing(self) -> bool:
        """One replacement at a time: memory for one more process is what a node needs."""
        return any(slot.successor is not None for slot in self.slots)

    def _retire(self, run: _Run, now: float) -> None:
        run.process.terminate()
        run.deadline = now + self.limits.grace

    def _stop_next_rank(self, now: float) -> None:
        living = [slot for slot in self.slots if slot.runs()]
        rank = min((slot.spec.rank for slot in living), default=0)
        for slot in living:
            for run in slot.runs():
                if slot.spec.rank == rank and run.deadline is None:
                    self._retire(run, now)


def _is_ready(spec: Spec, run: _Run, now: float) -> bool:
    if spec.ready is None:
        return now - run.started >= 1.0
    try:
        return spec.ready.read_bytes()[:32].strip() == str(run.process.pid).encode()
    except OSError:
        return False


def _mtime(path: Path | None) -> int:
    try:
        return path.stat().st_mtime_ns if path is not None else 0
    except OSError:
        return 0


def _kill_late(slot: _Slot, now: float) -> None:
    for run in slot.runs():
        if run.deadline is not None and now > run.deadline:
            run.process.kill()


def _cause(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"
