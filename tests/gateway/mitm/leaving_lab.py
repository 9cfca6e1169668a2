"""A lab whose school watches what leaves, and whose origin keeps the bodies it is sent."""

import asyncio
import socket
from urllib.parse import quote

from gateway.outflow.examine import Examiner
from rules.personal_files import load_knowledge
from rules.recognise.personal.finder import Finder
from rules.recognise.personal.names import Roster
from rules.recognise.personal.validators import id_card_digit
from tests.gateway.mitm.harness import NAMES, Lab, everything

ROSTER = ("某子涵", "某一诺", "某梓萱")
ACTIONS = ("observe", "mask", "warn", "block")
RULE = """\
    - id: {action}-people
      title: {{zh: 试验, en: Trial}}
      when: {{hosts: [www.{action}.example{more}]}}
      carries: {{people: 1}}
      action: {action}
      reason: {{zh: 试验 {action}, en: A trial of {action}}}
"""
SCHOOL = """\
id: lab
title: {zh: 测试, en: Lab}
scope: school
prefixes:
  - {prefix: 127.0.0.0/8, stage: senior, tier: 16-18}
outflow:
  rules:
    - id: unread
      title: {zh: 看不了, en: Unread}
      when: {hosts: [www.block.example]}
      carries: {unread: [encrypted, too-large, coding, broken]}
      action: block
      reason: {zh: 看不了里面, en: It cannot be read}
""" + "".join(
    RULE.format(
        action=action, more=", www.allowed.example, chat.deepseek.com" if action == "mask" else ""
    )
    for action in ACTIONS
)


def identity(number: int = 0, born: str = "20150307") -> str:
    """An identity number of a region that has existed and a day of the future's past; invented."""
    first = f"110101{born}{number:03d}"
    return first + id_card_digit(first)


class LeavingLab(Lab):
    """`bodies` are what reached the origin, heads and bodies."""

    names = NAMES | {f"www.{action}.example": "education" for action in ACTIONS}
    school = SCHOOL

    def examiner(self) -> Examiner:
        self.bodies: list[tuple[bytes, bytes]] = []
        knowledge = load_knowledge()
        return Examiner(lambda: Finder(knowledge, Roster(ROSTER)), key=b"k" * 32)

    async def _origin_answer(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                fields = dict(
                    line.lower().split(b": ", 1)
                    for line in head.split(b"\r\n")[1:]
                    if b": " in line
                )
                body = b""
                if b"chunked" in fields.get(b"transfer-encoding", b""):
                    while size := int(await reader.readuntil(b"\r\n"), 16):
                        body += await reader.readexactly(size)
                        await reader.readexactly(2)
                    await reader.readexactly(2)
                elif size := int(fields.get(b"content-length", b"0")):
                    body = await reader.readexactly(size)
                self.asked.append(head)
                self.bodies.append((head, body))
                writer.write(self.answer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, OSError):
            pass
        finally:
            writer.close()

    def reset(self) -> None:
        super().reset()
        self.bodies.clear()

    def send(
        self,
        host: str,
        body: bytes,
        media: str,
        *headers: str,
        path: str = "/up",
        method: str = "POST",
    ) -> bytes:
        """One request through the proxy; what came back."""
        if media:
            headers = (*headers, f"Content-Type: {media}")
        return self.get(
            f"http://{host}:{self.origin_port}{quote(path, safe='/?=&%')}",
            *headers,
            method=method,
            body=body,
        )

    def chunked(self, host: str, body: bytes, media: str, piece: int = 50) -> bytes:
        """The same in chunks."""
        pieces = [body[at : at + piece] for at in range(0, len(body), piece)]
        coded = b"".join(b"%x\r\n%s\r\n" % (len(one), one) for one in pieces) + b"0\r\n\r\n"
        head = (
            f"POST http://{host}:{self.origin_port}/up HTTP/1.1\r\nHost: {host}\r\n"
            f"Content-Type: {media}\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
        )
        with self.connect() as sock:
            sock.sendall(head.encode() + coded)
            return everything(sock)

    def raw(self) -> socket.socket:
        return self.connect()
