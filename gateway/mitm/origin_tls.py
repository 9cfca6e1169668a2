"""TLS to an origin that ends in an alert: its exchange must hear of it.

OpenSSL counts a fatal alert as a shutdown received, and mitmproxy's layer then takes
the close for told already: the exchange above would wait for ever (TLS 1.3 origins
that want a client certificate do this after the handshake). This layer remembers what
it really told.
"""

from __future__ import annotations

from mitmproxy.proxy import events, layer
from mitmproxy.proxy.layers.tls import ServerTLSLayer
from mitmproxy.proxy.tunnel import TunnelLayer


class GuardedServerTLS(ServerTLSLayer):
    """TLS with an origin; a close reaches the layer above exactly once."""

    told: bool = False

    def event_to_child(self, event: events.Event) -> layer.CommandGenerator[None]:
        if isinstance(event, events.ConnectionClosed) and event.connection is self.conn:
            self.told = True
        yield from super().event_to_child(event)

    def receive_close(self) -> layer.CommandGenerator[None]:
        if not self.told:
            yield from TunnelLayer.receive_close(self)
