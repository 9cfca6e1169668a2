"""The child that follows a district's bundles: `up --bundle URL`. Looks, applies, looks at itself.

Every minute: is the bundle in force doing badly on its probation (then it is taken back),
is there a new one (then it is verified and put in force; the supervisor's watch compiles
it)? The server being away changes nothing. This module is a process of its own.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path

from loguru import logger

from gateway import oplog
from gateway.bundle_pull import Pull, Pulled, pull
from gateway.export import Archive
from gateway.node import Node
from gateway.rollouts import watch_over
from policies.bundle import BundleError
from rules.load import DataError, WorldError

EVERY = 60.0  # seconds


def schools(node: Node) -> tuple[str, ...]:
    """The schools this node serves, by the snapshot in force."""
    try:
        found = json.loads((node.snapshot / "current").read_text(encoding="utf-8"))
        return tuple(one["id"] for one in found["policies"] if one.get("scope") == "school")
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return ()


def look(node: Node, url: str, asked: tuple[str, ...], now: float) -> tuple[Pulled, str]:
    """One look: what came of it, and why the bundle in force was taken back, if it was.

    Raises WorldError.
    """
    try:
        back = watch_over(node, Archive(data=node.data), now)
    except (BundleError, DataError) as error:
        raise WorldError(str(error)) from error
    return pull(node, url, asked, now), back


def follow(
    node: Node,
    url: str,
    *,
    every: float = EVERY,
    clock: Callable[[], float] = time.time,
    pause: Callable[[float], None] = time.sleep,
) -> None:
    """Look for ever; what goes wrong is said once, until it changes."""
    said = ""
    while True:
        try:
            done, back = look(node, url, schools(node), clock())
            told = f"bundle {done.outcome} {done.revision} {done.said}".strip()
            if back:
                logger.error("bundle taken back: {}", back)
        except (WorldError, DataError) as error:
            done, told = Pulled(outcome=Pull.REFUSED), str(error)
        if told != said and (said or done.outcome is not Pull.UNCHANGED):
            logger.info("{}", told)
        said = told
        pause(every)


def main() -> None:
    """`python -m gateway.bundle_follow --node FILE`."""
    options = argparse.ArgumentParser()
    options.add_argument("--node", type=Path, required=True)
    arguments = options.parse_args()
    oplog.set_up()
    node = Node.read(arguments.node)
    follow(node, node.bundle)


if __name__ == "__main__":
    main()
