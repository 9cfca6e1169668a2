"""A worker's line: where nobody answers, the answer is `down`."""

import asyncio
from pathlib import Path

from gateway.identity import login_words as words
from gateway.identity.login_line import LoginLine
from gateway.identity.login_words import Answer, Say


def test_without_a_service(tmp_path: Path) -> None:
    async def work() -> Say:
        return (await LoginLine(tmp_path / "none.sock").ask("u", "p", "a")).say

    assert asyncio.run(work()) is Say.DOWN


async def _answered(path: Path, *bodies: bytes) -> list[Say]:
    """What is heard where the service says these bytes, one for each question."""
    left = list(bodies)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while left:
                (size,) = words.LENGTH.unpack(await reader.readexactly(4))
                await reader.readexactly(size)
                if body := left.pop(0):
                    writer.write(body)
                    await writer.drain()
                else:
                    break
        except asyncio.IncompleteReadError:
            pass
        writer.close()

    server = await asyncio.start_unix_server(serve, str(path))
    line = LoginLine(path, patience=0.5)
    found = [(await line.ask("u", "p", "a")).say for _ in bodies]
    line.close()
    server.close()
    return found


def test_a_service_that_hangs_up_is_asked_again(tmp_path: Path) -> None:
    bodies = (b"", words.answering(2, Answer(say=Say.NO)))
    found = asyncio.run(_answered(tmp_path / "s", *bodies))
    assert found == [Say.DOWN, Say.NO]


def test_nonsense_and_silence_are_down(tmp_path: Path) -> None:
    nonsense = words.framed({"id": 1, "say": "yes"})
    assert asyncio.run(_answered(tmp_path / "a", nonsense)) == [Say.DOWN]
    other = words.answering(77, Answer(say=Say.NO))  # of somebody else's question
    assert asyncio.run(_answered(tmp_path / "b", other)) == [Say.DOWN]


def test_what_cannot_be_is_not_even_asked(tmp_path: Path) -> None:
    async def work() -> Say:
        return (await LoginLine(tmp_path / "none").ask("u" * 257, "p", "a")).say

    assert asyncio.run(work()) is Say.NO
