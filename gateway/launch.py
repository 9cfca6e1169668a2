"""How a child process begins: tied to its supervisor, then the module it was started for.

`python -O -P -m gateway.launch MODULE ARGUMENT…` waits in a thread on the
supervisor's lifeline, a pipe that nobody writes to: it ends when the supervisor
does, however that died, and then this process ends too. No polling, no preexec
code between fork and exec (which is not safe beside threads). Nothing else may
come in here: every child pays for it at each start.
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
import threading
import time

LIFELINE = "QINGLANG_LIFELINE"  # environment: file descriptor of the pipe's reading end
GRACE = 40.0  # seconds to finish flows and flush events before the hard end


def tie(lifeline: int) -> None:
    """End this process when the other end of `lifeline` closes: SIGTERM, then hard."""
    os.set_inheritable(lifeline, False)
    threading.Thread(target=_wait, args=(lifeline,), name="lifeline", daemon=True).start()


def _wait(lifeline: int) -> None:
    while os.read(lifeline, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE)
    os._exit(70)


def main() -> None:
    """Run the module named first as `__main__`, with the arguments after it."""
    lifeline = os.environ.pop(LIFELINE, "")
    if lifeline:
        tie(int(lifeline))
    sys.argv = sys.argv[1:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
