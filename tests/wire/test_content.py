"""Pages that no list knows, over HTTPS through a whole running gateway, as a browser gets them."""

from __future__ import annotations

import base64
import json
from urllib.parse import urlencode

import pytest

from tests.conftest import World
from tests.running import Gateway

pytestmark = pytest.mark.wire

LURE = (
    "澳门正规平台注册就送彩金，百家乐真人荷官在线发牌，充值返水秒提现，"
    "加微信客服拉你进群，稳赚不赔，回血上岸。"
)
CALM = "星期三下午我们去博物馆看了青铜器展览，回来以后每人写了观后感，老师选了三篇贴在墙上。"
NEWS = (
    "公安机关通报：该团伙以“注册送彩金”为诱饵引诱群众参与网络赌博，涉案金额巨大，"
    "法院依法判处主犯有期徒刑。警方提醒，网络赌博十赌十输，切勿参与。"
)


def html(text: str) -> str:
    return f"<html><head><title>页面</title></head><body><h1>页面</h1><p>{text}</p></body></html>"


def query(body: bytes, kind: str = "text/html; charset=utf-8", coding: str = "") -> str:
    told = {"b": base64.urlsafe_b64encode(body).decode(), "t": kind}
    if coding:
        told["e"] = coding
    return urlencode(told)


def url(world: World, asked: str) -> str:
    return f"https://www.unknown.example:{world.h1.port}/say?{asked}"


@pytest.mark.parametrize(
    "asked",
    [
        query(html(LURE).encode()),
        query(html(LURE).encode("gb18030"), "text/html; charset=gbk"),
        query(html(LURE).encode("gb18030"), "text/html; charset=utf-8"),  # a wrong label
        query(html(LURE).encode(), coding="br"),
        query(json.dumps({"list": [{"text": LURE}] * 3}).encode(), "application/json"),
        query(html("\u200b".join(LURE)).encode()),
        query(html("&nbsp;".join(LURE)).encode()),
        query(html(f"<script>document.write('{LURE}')</script>").encode()),
    ],
    ids=["utf-8", "gbk", "wrong label", "br", "json", "zero width", "spaced", "written by script"],
)
def test_a_lure_does_not_reach_the_pupil(gateway: Gateway, world: World, asked: str) -> None:
    got = gateway.curl(url(world, asked), "-H", "Accept: text/html")
    assert got.status == 403
    assert "彩金" not in got.text
    assert "赌" in got.text  # the page says what it is about, in our words


@pytest.mark.parametrize("text", [CALM, NEWS, CALM * 40])
def test_what_is_harmless_arrives_byte_for_byte(gateway: Gateway, world: World, text: str) -> None:
    body = html(text).encode()
    got = gateway.curl(url(world, query(body)))
    assert got.status == 200
    assert got.body == body


def test_the_event_says_why_and_keeps_nothing_of_the_page(
    own_gateway: Gateway, world: World
) -> None:
    before = len(own_gateway.events())
    assert own_gateway.curl(url(world, query(html(LURE).encode()))).status == 403
    own_gateway.settled(before + 1)
    event = own_gateway.events()[-1]
    assert "gambling" in event["categories"]
    told = {one[0]: one for one in event["signals"]}
    (_, recogniser, matched, _, odds) = told["gambling"]
    assert recogniser in ("words", "model", "content")
    assert matched
    assert 0.9 <= float(odds) < 1  # never rounded up to a certainty
    assert "博物馆" not in json.dumps(event, ensure_ascii=False)
    why = own_gateway.command("events", "explain", event["code"], "--json")
    assert json.loads(why.stdout)["same_decision"] is True
