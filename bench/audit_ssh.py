"""Collect from many SSH targets: real sshd on loopback ports, sixteen ports each.

Recorded: every target reads the whole script and answers with a recording of a Debian 12 host,
so what is measured is ours (SSH, framing, facts) and sshd's share, not what 200 hosts would do
on their own processors. `--real N` lets N targets run the script itself on this machine.

    python -m bench.audit_ssh [--targets 200] [--real 8]
"""

from __future__ import annotations

import argparse
import getpass
import json
import resource
import tempfile
import time
from pathlib import Path

from audit.model import Evidence, ObjectClass, Target
from audit.probes import host, ssh
from audit.scope import Scope
from tests.audit.sshd_hosts import hosts

ROOT = Path(__file__).parent.parent
RECORDING = ROOT / "tests" / "audit" / "recordings" / "debian12.txt"


def measure(count: int, settings: str) -> dict[str, object]:
    """Collect from `count` targets; wall and our own CPU seconds."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        servers = -(-count // 16)
        with hosts(folder, [settings] * servers, ports=16) as up:
            targets = [
                Target(
                    id=f"t{at:03}", name=f"t{at:03}", system="bench", kind=ObjectClass.SERVER,
                    address="127.0.0.1", access={"port": str(one.port)},
                )
                for at, one in enumerate(up[:count])
            ]  # fmt: skip
            scope = Scope(
                id="bench", system="bench", targets=tuple(one.id for one in targets),
                begins="2020-01-01", ends="2099-01-01", per_minute=6000, concurrency=16,
            )  # fmt: skip
            login = ssh.Login(
                user=getpass.getuser(), keys=(folder / "client",), known_hosts=folder / "known_hosts"
            )
            found: list[Evidence] = []
            begun, used = time.monotonic(), time.process_time()
            ssh.run(targets, login=login, scope=scope, keep=found.append)
            wall, cpu = time.monotonic() - begun, time.process_time() - used
    good = [one for one in found if not one.problem]
    return {
        "targets": count,
        "collected": len(good),
        "problems": sorted({one.problem for one in found if one.problem}),
        "wall_seconds": round(wall, 1),
        "our_cpu_seconds": round(cpu, 1),
        "rss_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def recorded(count: int) -> dict[str, object]:
    """Recorded outputs to evidence, without SSH."""
    raw = RECORDING.read_bytes()
    begun = time.process_time()
    for at in range(count):
        host.evidence(f"t{at}", raw, method="bench", taken=0.0, live=False)
    return {"recordings": count, "cpu_seconds": round(time.process_time() - begun, 1)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--targets", type=int, default=200)
    parser.add_argument("--real", type=int, default=0)
    options = parser.parse_args()
    answer = f"ForceCommand sh -c 'cat >/dev/null; cat {RECORDING}'\nLogLevel ERROR"
    print(json.dumps(measure(options.targets, answer)))
    if options.real:
        print(json.dumps({"real": True} | measure(options.real, "LogLevel ERROR")))
    print(json.dumps(recorded(1000)))


if __name__ == "__main__":
    main()
