"""An origin that answers our handshake with an alert: the exchange ends with a page."""

import ssl

import pytest
from mitmproxy.proxy.layers import tls

from gateway.mitm.origin_tls import GuardedServerTLS
from rules.model import Gap
from tests.gateway.mitm.harness import Lab, everything, status


def test_the_engine_uses_our_layer(lab: Lab) -> None:
    assert lab.door
    assert tls.ServerTLSLayer is GuardedServerTLS


@pytest.mark.parametrize("turn", range(5))
def test_an_origin_that_wants_a_client_certificate(lab: Lab, turn: int) -> None:
    """TLS 1.3: the alert comes after the handshake has succeeded for us."""
    context = lab.origin_context
    before = context.verify_mode
    context.load_verify_locations(str(lab.folder / "ca" / "qinglang-ca.pem"))
    context.verify_mode = ssl.CERT_REQUIRED
    try:
        with (
            lab.tunnel(f"www.allowed.example:{lab.tls_port}") as plain,
            lab.client_tls().wrap_socket(plain, server_hostname="www.allowed.example") as sock,
        ):
            sock.sendall(
                b"GET / HTTP/1.1\r\nHost: www.allowed.example\r\nConnection: close\r\n\r\n"
            )
            answer = everything(sock)
    finally:
        context.verify_mode = before
    assert status(answer) in (403, 502), turn
    (seen,) = lab.settled(1)
    assert seen.facts.gap in (Gap.CLIENT_CERT, Gap.UPSTREAM)  # the alert may be lost to a reset
