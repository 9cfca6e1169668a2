"""A small HTTP/2 client for hostile tests: it sends whatever it is told to."""

import ssl
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

import h2.config
import h2.connection
import h2.events

from tests.gateway.mitm.harness import Lab

HOST = "www.allowed.example"


@dataclass
class Answer:
    status: int = 0
    body: bytearray = field(default_factory=bytearray)


@dataclass
class Heard:
    answers: dict[int, Answer] = field(default_factory=dict)
    closed: bool = False  # the gateway ended the connection


class H2Client:
    """HTTP/2 inside a CONNECT tunnel to one of the lab's names."""

    def __init__(self, lab: Lab, name: str = HOST) -> None:
        self.name = name
        lab.tunnels._http1_only.clear()
        plain = lab.tunnel(f"{name}:{lab.tls_port}")
        self.sock: ssl.SSLSocket = lab.client_tls("h2").wrap_socket(plain, server_hostname=name)
        if self.sock.selected_alpn_protocol() != "h2":
            raise ConnectionError("HTTP/2 was not agreed on")
        self.h2 = h2.connection.H2Connection(
            h2.config.H2Configuration(
                client_side=True,
                validate_outbound_headers=False,
                normalize_outbound_headers=False,
            )
        )
        self.h2.initiate_connection()
        self.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.sock.close()

    def flush(self) -> None:
        self.sock.sendall(self.h2.data_to_send())

    def head(
        self,
        stream: int,
        *more: tuple[str, str],
        method: str = "GET",
        path: str = "/",
        end: bool = True,
    ) -> None:
        fields = [(":method", method), (":scheme", "https"), (":authority", self.name)]
        fields.append((":path", path))
        self.h2.send_headers(stream, [*fields, *more], end_stream=end)
        self.flush()

    def read(self, streams: int = 1) -> Heard:
        """Read until this many streams have ended, or the connection."""
        heard = Heard()
        ended = 0
        self.sock.settimeout(5)
        while ended < streams and not heard.closed:
            try:
                data = self.sock.recv(65536)
            except (ConnectionError, ssl.SSLError):
                data = b""
            if not data:
                heard.closed = True
                break
            for event in self.h2.receive_data(data):
                match event:
                    case h2.events.ResponseReceived():
                        fields = dict(event.headers)
                        heard.answers[event.stream_id] = Answer(int(fields[b":status"]))
                    case h2.events.DataReceived():
                        heard.answers.setdefault(event.stream_id, Answer()).body += event.data
                    case h2.events.StreamEnded() | h2.events.StreamReset():
                        ended += 1
                    case h2.events.ConnectionTerminated():
                        heard.closed = True
            if not heard.closed:
                self.flush()
        return heard
