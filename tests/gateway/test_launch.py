"""A child tied to its supervisor ends when that dies, however it died."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gateway.launch import LIFELINE

ROOT = Path(__file__).resolve().parents[2]

CHILD = """
import os, signal, sys, time
from pathlib import Path
out = Path(sys.argv[1])
def end(*_):
    out.with_name("ended").write_text("graceful")
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
out.with_name("pid.tmp").write_text(str(os.getpid()))
out.with_name("pid.tmp").rename(out)
while True:
    time.sleep(10)
"""

PARENT = """
import os, subprocess, sys, time
near, far = os.pipe()
env = {**os.environ, "QINGLANG_LIFELINE": str(near)}
subprocess.Popen([sys.executable, "-m", "gateway.launch", "child", sys.argv[1]],
                 env=env, pass_fds=[near])
time.sleep(600)
"""


def wait_for(path: Path) -> str:
    deadline = time.monotonic() + 30
    while not path.exists() or not path.read_text():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return path.read_text()


@pytest.mark.wire
def test_the_child_ends_gracefully_when_its_parent_is_killed(tmp_path: Path) -> None:
    (tmp_path / "child.py").write_text(CHILD)
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(tmp_path / "pid")],
        env={**os.environ, "PYTHONPATH": f"{ROOT}:{tmp_path}"},
    )
    try:
        pid = int(wait_for(tmp_path / "pid"))
        parent.send_signal(signal.SIGKILL)
        parent.wait()
        assert wait_for(tmp_path / "ended") == "graceful"
    finally:
        parent.kill()
        parent.wait()
    deadline = time.monotonic() + 30
    while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    state = Path(f"/proc/{pid}/stat")
    assert not state.exists() or state.read_text().split()[2] == "Z"


@pytest.mark.wire
def test_the_module_sees_its_own_arguments_and_no_lifeline(tmp_path: Path) -> None:
    (tmp_path / "child.py").write_text(
        "import os, sys\nprint(__name__, sys.argv[1:], os.environ.get('QINGLANG_LIFELINE'))"
    )
    near, far = os.pipe()
    try:
        done = subprocess.run(
            [sys.executable, "-O", "-P", "-m", "gateway.launch", "child", "--index", "1"],
            env={**os.environ, "PYTHONPATH": f"{ROOT}:{tmp_path}", LIFELINE: str(near)},
            pass_fds=[near],
            capture_output=True,
            text=True,
        )
    finally:
        os.close(near)
        os.close(far)
    assert done.stdout == "__main__ ['--index', '1'] None\n"
