"""Every socket is known and given back."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from audit.probes.sql.line import Line, context


def test_what_is_open_is_cut_and_closed(tmp_path: Path) -> None:
    line = Line()
    with socket.create_server(("127.0.0.1", 0)) as server:
        made = line.open("127.0.0.1", server.getsockname()[1], "", 5.0)
        line.cut()
        assert made.recv(1) == b""
        with pytest.raises(OSError, match="cut"):
            line.open("127.0.0.1", server.getsockname()[1], "", 5.0)
        line.close()
        assert made.fileno() == -1
        line.close()
    other = Line()
    with pytest.raises(OSError, match="No such file"):
        other.open("", 0, str(tmp_path / "none"), 1.0)
    other.close()


def test_an_authority_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        context(str(tmp_path / "ca.pem"), [])
