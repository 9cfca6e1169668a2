"""WebSocket messages: relayed as they come, in constant memory.

mitmproxy keeps a message until its last fragment, which a stranger may never send.
Here only text from an origin waits, for one window, until it is judged; of bytes from a
client the first messages are looked at, because tunnels begin there. Compression is not
negotiated (requests.py, responses.py): sixty kilobytes could become sixty million.
No decision here: responses.py answers the hook.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import wsproto.events
from mitmproxy import websocket
from mitmproxy.proxy import commands, events, layer
from mitmproxy.proxy.layers.websocket import (
    WebsocketConnection,
    WebsocketEndHook,
    WebsocketLayer,
    WebsocketMessageHook,
)
from wsproto.connection import ConnectionState
from wsproto.frame_protocol import Opcode
from wsproto.utilities import LocalProtocolError

from gateway.content import WINDOW

if TYPE_CHECKING:
    from mitmproxy import http
    from mitmproxy.proxy.context import Context

Commands = layer.CommandGenerator[None]
BEGINNING = 256  # bytes of a client's binary message that are looked at
FIRST = 3  # such messages of one socket


class EdgeWebsocket(WebsocketLayer):
    """Relays frames; the first window of a text from the origin is judged before it leaves."""

    def __init__(self, context: Context, flow: http.HTTPFlow) -> None:
        super().__init__(context, flow)
        self._held: list[str] = []  # of a text whose window is not complete
        self._size = 0
        self._judged = False  # the message under way has been judged
        self._refused = False  # and must not leave
        self._first = bytearray()  # the beginning of a message of bytes from the client
        self._left = FIRST  # such messages still to be looked at
        self._rest = False  # the remainder of one that has been

    def relay_messages(self, event: events.Event) -> Commands:
        if not isinstance(event, events.DataReceived | events.ConnectionClosed):
            return
        from_client = event.connection == self.context.client
        source, target = self.client_ws, self.server_ws
        if not from_client:
            source, target = target, source
        try:
            source.receive_data(event.data if isinstance(event, events.DataReceived) else None)
            for found in source.events():
                if isinstance(found, wsproto.events.CloseConnection):
                    yield from self._close(found, from_client=from_client)
                    return
                if isinstance(found, wsproto.events.TextMessage) and not from_client:
                    yield from self._text(found, target)
                elif isinstance(found, wsproto.events.BytesMessage) and from_client:
                    if self._left and (yield from self._begun(found)):
                        yield from self._close(
                            wsproto.events.CloseConnection(1008), from_client=from_client
                        )
                        return
                    yield target.send2(found)
                elif isinstance(
                    found, wsproto.events.Message | wsproto.events.Ping | wsproto.events.Pong
                ):
                    yield target.send2(found)
        except LocalProtocolError:  # the other side has closed already
            yield from self._close(wsproto.events.CloseConnection(1001), from_client=from_client)

    def _text(self, found: wsproto.events.TextMessage, target: WebsocketConnection) -> Commands:
        last = found.message_finished
        if self._judged:
            if not self._refused:
                yield target.send2(found)
        else:
            self._held.append(found.data)
            self._size += len(found.data)
            if not last and self._size < WINDOW:
                return
            text = "".join(self._held)
            yield from self._judge(text)
            if not self._refused:
                yield target.send2(wsproto.events.TextMessage(data=text, message_finished=last))
        if last:
            self._judged = self._refused = False

    def _begun(self, found: wsproto.events.BytesMessage) -> layer.CommandGenerator[bool]:
        """Judge how the client's first messages begin: a tunnel may be one. True: end it."""
        last = found.message_finished
        if self._rest:
            self._rest = not last
            return False
        self._first += found.data
        if not last and len(self._first) < BEGINNING:
            return False
        self._left -= 1
        self._rest = not last
        message = websocket.WebSocketMessage(Opcode.BINARY, True, bytes(self._first[:BEGINNING]))
        self._first.clear()
        if self.flow.websocket is not None:
            self.flow.websocket.messages.append(message)
            yield WebsocketMessageHook(self.flow)
        return message.dropped

    def _judge(self, text: str) -> Commands:
        self._held.clear()
        self._size = 0
        self._judged = True
        message = websocket.WebSocketMessage(
            Opcode.TEXT, False, text.encode("utf-8", "surrogatepass")
        )
        if self.flow.websocket is not None:
            self.flow.websocket.messages.append(message)
            yield WebsocketMessageHook(self.flow)
        self._refused = message.dropped

    def _close(self, found: wsproto.events.CloseConnection, *, from_client: bool) -> Commands:
        if self.flow.websocket is not None:
            self.flow.websocket.closed_by_client = from_client
            self.flow.websocket.close_code = found.code
        for side in (self.server_ws, self.client_ws):
            if side.state in (ConnectionState.OPEN, ConnectionState.REMOTE_CLOSING):
                yield side.send2(found)
            yield commands.CloseConnection(side.conn)
        yield WebsocketEndHook(self.flow)
        self.flow.live = False
        self._handle_event = self.done
