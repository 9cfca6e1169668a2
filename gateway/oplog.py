"""The operations log: for people who run the machine, and never about a person.

loguru's `diagnose` prints the values of local variables under a traceback: addresses,
URLs, event texts. It is off in every process. Access records are events, not log lines.
"""

from __future__ import annotations

import sys
from typing import TextIO

from loguru import logger

FORMAT = "{time:YYYY-MM-DD HH:mm:ss} {level} {message}"


def set_up(stream: TextIO | None = None) -> None:
    """Log to `stream` (standard error) in one format, without values of variables."""
    logger.configure(
        handlers=[
            {"sink": stream or sys.stderr, "format": FORMAT, "diagnose": False, "backtrace": False}
        ]
    )
