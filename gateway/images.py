"""Reading images off the event loop: one thread, a bounded queue, batches, and a budget for each.

An engine asks `look` and waits for a future of the loop's; the thread decodes and runs the
model for all that wait together. What is too large, too slow or one too many is not looked
at: the answer is a Refusal, which policy judges as a gap. Equal bytes are read once. A new
model or card is tried before it takes the old one's place. This module is a door: a thread,
a clock, the files of the model.
"""

from __future__ import annotations

import argparse
import os
import queue
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from loguru import logger
from xxhash import xxh3_128_digest

from gateway import oplog
from gateway.node import Images
from rules.load import DataError, WorldError
from rules.model import Signal
from rules.recognise.images import Classifier
from rules.recognise.raster import Pixels, Refusal, blurred, frames
from rules.sources import load_categories

TOGETHER = 8  # images of one run of the model
REMEMBERED = 4_096  # images whose reading is kept; two generations live

type Seen = tuple[Signal, ...] | Refusal


@dataclass(frozen=True, slots=True)
class _Job:
    body: bytes
    key: bytes
    until: float
    answer: Future[Seen]


@dataclass(frozen=True, slots=True)
class _Blur:
    body: bytes
    until: float
    answer: Future[bytes | Refusal]


class Gallery:
    """The reader of images of one worker process. Safe to call from the event loop."""

    def __init__(
        self,
        settings: Images,
        categories: Mapping[str, object],
        *,
        clock: Callable[[], float] = time.monotonic,
        start: bool = True,
    ) -> None:
        """Raises DataError or WorldError where the model cannot be used."""
        self.settings = settings
        self._clock = clock
        self._stamp = stamp(settings)
        self._classifier = Classifier.open(settings.model, settings.labels, categories)
        self._queue: queue.Queue[_Job | _Blur | None] = queue.Queue(settings.queue)
        self._known: dict[bytes, Seen] = {}
        self._older: dict[bytes, Seen] = {}
        self._thread = threading.Thread(target=self._run, name="images", daemon=True)
        if start:
            self._thread.start()

    def look(self, body: bytes) -> Future[Seen]:
        """What these bytes are; at once where it is known or cannot be found out in time."""
        answer: Future[Seen] = Future()
        key = xxh3_128_digest(body)
        seen = self._known.get(key)
        if seen is None:
            seen = self._older.get(key)
        if seen is not None:
            answer.set_result(seen)
        elif len(body) > self.settings.bytes:
            answer.set_result(Refusal.TOO_LARGE)
        else:
            self._ask(_Job(body, key, self._until(), answer))
        return answer

    def blur(self, body: bytes) -> Future[bytes | Refusal]:
        """The image in a few large squares, as JPEG."""
        answer: Future[bytes | Refusal] = Future()
        self._ask(_Blur(body, self._until(), answer))
        return answer

    def follow(self, categories: Mapping[str, object]) -> bool:
        """Open a changed model or card; whether it took the old one's place. Slow: in a thread."""
        fresh = stamp(self.settings)
        if fresh == self._stamp:
            return False
        self._stamp = fresh
        try:
            opened = Classifier.open(self.settings.model, self.settings.labels, categories)
        except (DataError, WorldError) as error:
            logger.error("images: the new model is refused, the old one stays: {}", error)
            return False
        self._classifier = opened
        self._known, self._older = {}, {}
        logger.info("images: model {} is in use", opened.card.id)
        return True

    def close(self) -> None:
        """Answer nothing further, and end."""
        if self._thread.is_alive():
            self._queue.put(None)
            self._thread.join(10)

    def _until(self) -> float:
        return self._clock() + self.settings.ms / 1000

    def _ask(self, job: _Job | _Blur) -> None:
        try:
            self._queue.put_nowait(job)
        except queue.Full:
            job.answer.set_result(Refusal.TOO_SLOW)

    # on the thread

    def _run(self) -> None:
        while True:
            jobs = [self._queue.get()]
            with suppress(queue.Empty):
                while len(jobs) < TOGETHER:
                    jobs.append(self._queue.get_nowait())
            self.work([job for job in jobs if job is not None])
            if None in jobs:
                return

    def work(self, jobs: list[_Job | _Blur]) -> None:
        """Answer these jobs; one that fails does not take the others with it."""
        classifier, waiting = self._classifier, []
        for job in jobs:
            late = self._clock() >= job.until or job.answer.cancelled()
            if isinstance(job, _Blur):
                squares = Refusal.TOO_SLOW if late else self._blurred(job)
                _answer(job.answer, squares)
            elif late:
                _answer(job.answer, Refusal.TOO_SLOW)
            else:
                found = self._frames(classifier, job)
                if isinstance(found, Refusal):
                    self._keep(job, found)
                else:
                    waiting.append((job, found))
        try:
            self._judge(classifier, waiting)
        except Exception:  # a door: the model's own errors, and ours
            logger.exception("images: {} images cannot be read", len(waiting))
            for job, _ in waiting:
                _answer(job.answer, Refusal.BROKEN)

    def _frames(self, classifier: Classifier, job: _Job) -> list[Pixels] | Refusal:
        card = classifier.card
        try:
            return frames(
                job.body,
                card.width,
                card.height,
                most_pixels=self.settings.pixels,
                crop=card.crop,
            )
        except Exception:  # a door: Pillow's decoders are many
            logger.exception("images: an image of {} bytes cannot be decoded", len(job.body))
            return Refusal.BROKEN

    def _blurred(self, job: _Blur) -> bytes | Refusal:
        try:
            return blurred(job.body, most_pixels=self.settings.pixels)
        except Exception:  # a door: as above
            logger.exception("images: an image of {} bytes cannot be blurred", len(job.body))
            return Refusal.BROKEN

    def _judge(self, classifier: Classifier, waiting: list[tuple[_Job, list[Pixels]]]) -> None:
        if not waiting:
            return
        rows = classifier.scores([pixels for _, found in waiting for pixels in found])
        at = 0
        for job, found in waiting:
            self._keep(job, classifier.signals(rows[at : at + len(found)]))
            at += len(found)

    def _keep(self, job: _Job, seen: Seen) -> None:
        if len(self._known) >= REMEMBERED:
            self._older, self._known = self._known, {}
        self._known[job.key] = seen
        _answer(job.answer, seen)


def main(argv: Sequence[str] | None = None) -> int:
    """Try a model and its card: `python -m gateway.images MODEL CARD [RULES …]`. 2: refused."""
    parser = argparse.ArgumentParser(prog="python -m gateway.images")
    parser.add_argument("model", type=Path)
    parser.add_argument("labels", type=Path)
    parser.add_argument("rules", type=Path, nargs="*")
    options = parser.parse_args(argv)
    oplog.set_up()
    try:
        Classifier.open(options.model, options.labels, load_categories(options.rules))
    except DataError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except WorldError as error:
        sys.stderr.write(f"{error}\n")
        return 3
    return 0


def stamp(settings: Images) -> tuple[tuple[int, int, int], ...]:
    """What changes when the model's files do."""
    return tuple(_stat(path) for path in (settings.model, settings.labels))


def _stat(path: Path) -> tuple[int, int, int]:
    try:
        found = os.stat(path)
    except OSError:
        return (0, 0, 0)
    return (found.st_ino, found.st_mtime_ns, found.st_size)


def _answer[T](future: Future[T], value: T) -> None:
    with suppress(InvalidStateError):  # whoever asked has gone
        future.set_result(value)


if __name__ == "__main__":
    raise SystemExit(main())
