"""Our options hold every name that mitmproxy's layers read, and our choices for them."""

import re
from pathlib import Path

import mitmproxy.proxy

from gateway.mitm.options import EngineOptions

READ = re.compile(r"context\.options\.(\w+)")


def test_every_option_the_layers_read_is_there() -> None:
    folder = Path(mitmproxy.proxy.__file__).parent
    names = {
        name
        for path in folder.rglob("*.py")
        if "quic" not in path.parts
        for name in READ.findall(path.read_text(encoding="utf-8"))
    }
    assert len(names) > 8
    options = EngineOptions()
    assert [name for name in sorted(names) if not hasattr(options, name)] == []


def test_choices() -> None:
    options = EngineOptions()
    assert options.connection_strategy == "lazy"
    assert options.validate_inbound_headers
    assert not options.rawtcp
    assert not options.http3
    assert "proxyauth" in options
    assert "nothing" not in options
