"""The collector on this very machine: one `sh` that reads our script, and nothing else. A door."""

from __future__ import annotations

import resource
import subprocess
import time

from audit.model import Evidence
from audit.probes import host
from audit.probes.collect import script
from audit.probes.collected import MAX_OUTPUT
from audit.probes.web import collected
from rules.load import WorldError

METHOD = "本机运行采集脚本 / the collector script, run here"
SECONDS = 240.0


def run(seconds: float = SECONDS) -> bytes:
    """What the collector prints here. Raises WorldError."""
    try:
        done = subprocess.run(
            ["/bin/sh", "-s"],
            input=script().encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=seconds,
            check=False,
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"},
            cwd="/",
        )
    except subprocess.TimeoutExpired as error:
        return bytes(error.stdout or b"")[:MAX_OUTPUT]  # what came is kept, the rest is a gap
    except OSError as error:
        raise WorldError(f"/bin/sh: {error.strerror}") from error
    return done.stdout[:MAX_OUTPUT]


def evidence(target: str = "local") -> Evidence:
    """Evidence of this machine."""
    taken = time.time()
    return host.evidence(target, run(), method=METHOD, taken=taken, live=True)


def all_evidence(target: str = "local") -> tuple[Evidence, ...]:
    """Evidence of this machine and of the servers whose configuration is on it."""
    taken = time.time()
    return collected.all_evidence(target, run(), method=METHOD, taken=taken, live=True)


def cpu_seconds() -> float:
    """CPU time of this process and of what it ran so far."""
    return sum(
        one.ru_utime + one.ru_stime
        for one in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )
