"""Response policy zones."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rules.importers.rpz import rpz
from rules.importers.streams import RefusedError

HEAD = """\
$TTL 1h
$ORIGIN rpz.example.
@ IN SOA ns.example. admin.example. (
    1 ; serial
    3600 600
    86400 300 )
  IN NS ns.example.
"""

CASES = {
    "nxdomain": ("a.com CNAME .", [("a.com", "=default")]),
    "nodata": ("a.com CNAME *.", [("a.com", "=default")]),
    "below": ("*.a.com CNAME .", [("a.com", "<default")]),
    "with class and ttl": ("a.com 300 IN CNAME .", [("a.com", "=default")]),
    "absolute": ("a.com.rpz.example. IN CNAME .", [("a.com", "=default")]),
    "passthru": ("a.com CNAME rpz-passthru.", [("a.com", "!=default")]),
    "passthru below": ("*.a.com CNAME rpz-passthru.", [("a.com", "!<default")]),
    "drop": ("a.com CNAME rpz-drop.", [("a.com", "=default")]),
    "garden": ("a.com CNAME walled.example.", [("a.com", "=default")]),
    "local address": ("a.com A 192.0.2.1", [("a.com", "=default")]),
    "address": ("32.4.3.2.1.rpz-ip CNAME .", [("1.2.3.4", "=default")]),
    "network": ("24.0.2.0.192.rpz-ip CNAME .", [("/192.0.2.0/24", "=default")]),
    "ipv6": ("128.1.zz.db8.2001.rpz-ip CNAME .", [("2001:db8::1", "=default")]),
    "ipv6 network": ("32.zz.db8.2001.rpz-ip CNAME .", [("/2001:db8::/32", "=default")]),
    "same owner": ("a.com TXT x\n  CNAME .", [("a.com", "=default"), ("a.com", "=default")]),
    "comment": ("; a.com CNAME .", []),
    "tcp only": ("a.com CNAME rpz-tcp-only.", []),
    "client": ("32.4.3.2.1.rpz-client-ip CNAME .", []),
    "name server": ("ns.bad.com.rpz-nsdname CNAME .", []),
}


@pytest.mark.parametrize("case", CASES)
def test_rpz(case: str, run: Callable) -> None:
    record, found = CASES[case]
    caught = run(rpz, HEAD + record + "\n")
    assert caught.found == found
    assert caught.bad == []


def test_origin_may_change(run: Callable) -> None:
    body = HEAD + "$ORIGIN a.com.rpz.example.\nads CNAME .\n"
    assert run(rpz, body).keys == ["ads.a.com"]


def test_bad_records_do_not_stop_the_rest(run: Callable) -> None:
    caught = run(
        rpz, HEAD + "a.com CNAME .\nwhat is this\n$INCLUDE x\na..b CNAME .\nb.com CNAME .\n"
    )
    assert caught.keys == ["a.com", "b.com"]
    assert [line for line, _ in caught.bad] == [9, 10, 11]


CUT = {
    "no head": "a.com CNAME .\n",
    "empty": "",
    "open bracket": "@ SOA ns. admin. ( 1 2\n",
    "half a record": HEAD + "a.com CNAME .\nb.com CN",
    "record without target": HEAD + "a.com CNAME .\nb.com CNAME",
}


@pytest.mark.parametrize("case", CUT)
def test_a_cut_zone_is_refused(case: str, run: Callable) -> None:
    with pytest.raises(RefusedError):
        run(rpz, CUT[case])


@given(body=st.text(alphabet='a.c*@ \n\t()";$CNAMESOIrpz-i3:0', max_size=200))
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_text(body: str, run: Callable) -> None:
    try:
        caught = run(rpz, HEAD + body)
    except RefusedError:
        return
    assert caught.rows.tally.rows == len(caught.keys)
