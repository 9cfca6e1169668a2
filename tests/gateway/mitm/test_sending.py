"""The hook has the name under which the door answers it."""

from mitmproxy import http

from gateway.mitm.sending import Sending, SendingHook
from tests.gateway.mitm.leaving_lab import identity


def test_the_hook_waits_and_has_its_name() -> None:
    flow = http.HTTPFlow(None, None)  # type: ignore[arg-type]
    hook = SendingHook(Sending(flow, identity().encode(), whole=True))
    assert hook.name == "sending"
    assert hook.blocking is True
    assert hook.args()[0].whole
