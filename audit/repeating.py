"""Running again by a schedule, outside blackout dates. A door: it waits by the clock.

Blackout dates come from the signed scope (高考, 重保). A run that fails for the world's sake
is logged and the next is waited for; wrong data ends it, as it would the first time.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

from loguru import logger

from audit import gather
from audit.gauges import Shown, serve
from audit.schedule import Schedule, following, parse
from rules.load import DataError, Problem, WorldError


def repeated(
    options: argparse.Namespace,
    once: Callable[[argparse.Namespace], int],
    *,
    clock: Callable[[], float] = time.time,
    wait: Callable[[float], None] = time.sleep,
) -> int:
    """Run whenever it is due; `--times` of them, 0: for ever. The worst exit code."""
    try:
        schedule = parse(options.schedule)
    except ValueError as error:
        raise DataError(
            [Problem(file="--schedule", line=1, column=1, message=str(error))]
        ) from error
    if options.metrics_port is None:
        return _repeated(options, once, schedule, clock, wait)
    options.shown = Shown()
    end = serve(options.metrics_port, options.shown)
    try:
        return _repeated(options, once, schedule, clock, wait)
    finally:
        end()


def _repeated(
    options: argparse.Namespace,
    once: Callable[[argparse.Namespace], int],
    schedule: Schedule,
    clock: Callable[[], float],
    wait: Callable[[float], None],
) -> int:
    worst = done = 0
    while not options.times or done < options.times:
        closed = gather.scope_of(options).blackouts if options.scope else ()
        due = following(schedule, clock(), closed)
        if due is None:
            logger.warning("audit: no moment is due any more")
            return worst
        while (left := due - clock()) > 0:
            wait(min(left, 60.0))
        try:
            worst = max(worst, once(options))
        except (WorldError, OSError) as error:
            logger.warning("audit: run failed: {}", error)
            worst = max(worst, 3)
        done += 1
    return worst
