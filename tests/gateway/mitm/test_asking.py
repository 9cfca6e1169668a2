"""Search words, inner URLs and prompts over HTTPS through the engine: what people get."""

import gzip
import json
from urllib.parse import quote

import pytest

from gateway.batch import EventLayer
from gateway.care import Carers, Memory, alerts
from gateway.describe import PASSED, Key, event
from gateway.describe import Seen as Recorded
from gateway.page.ticket import COOKIE
from policies.entrust import Care
from policies.model import Action
from tests.gateway.mitm.h2client import H2Client
from tests.gateway.mitm.harness import Lab, Seen, everything, status

CARERS = Carers(anywhere=Care(to=("counsellor",)))


def secure(lab: Lab, host: str, path: str, *headers: str, body: bytes = b"") -> bytes:
    """One request inside TLS, through a CONNECT tunnel."""
    method = "POST" if body else "GET"
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", "Connection: close", *headers]
    if body and not any(one.lower().startswith("transfer-encoding") for one in headers):
        lines.append(f"Content-Length: {len(body)}")
    with lab.tunnel(f"{host}:{lab.tls_port}") as raw:
        context = lab.client_tls()
        context.check_hostname = False
        with context.wrap_socket(raw, server_hostname=host) as sock:
            sock.sendall("\r\n".join([*lines, "", ""]).encode() + body)
            return everything(sock)


def recorded(number: int, one: Seen) -> Recorded:
    """What the Recorder would have kept of it."""
    return Recorded(
        key=Key._make(["", "", EventLayer.REQUEST, *[""] * (len(Key._fields) - 3)]),
        facts=one.facts,
        subject=one.subject,
        outcome=one.outcome,
        now=1_700_000_000.0 + number,
        seq=number,
        code=f"CODE-{number}",
        rulebase="",
        problem=one.problem,
        bytes_up=0,
        bytes_down=0,
        duration_ms=0,
    )


def page(lab: Lab, words: str) -> bytes:
    return secure(lab, "www.baidu.com", f"/s?wd={quote(words)}", "Accept: text/html")


def told(lab: Lab) -> list[str]:
    """The categories of the care alerts that these recorded exchanges call for."""
    events = [
        event(("lab", "0", "0"), recorded(number, one), query=False)
        for number, one in enumerate(lab.ledger.seen)
        if one.problem or one.outcome.verdict.action not in PASSED
    ]
    return [one.category for one in alerts(events, CARERS, Memory())]


def test_homework_passes(lab: Lab) -> None:
    assert status(page(lab, "光合作用 化学方程式")) == 200
    (seen,) = lab.settled(1)
    assert seen.facts.seen == ()
    assert len(lab.asked) == 1
    assert told(lab) == []


def test_porn_words_give_the_block_page(lab: Lab) -> None:
    answer = page(lab, "黄色网站")
    assert status(answer) == 403
    (seen,) = lab.settled(1)
    assert seen.outcome.verdict.deciding == ("porn",)
    assert seen.facts.seen[0].place == "search"
    assert lab.asked == []
    assert b"12355" in answer  # the sexual clause names the line, but no crisis section
    assert b'class="crisis"' not in answer
    assert told(lab) == []


@pytest.mark.parametrize("words", ["我想死", "割腕疼吗", "how to kill myself"])
def test_a_crisis_term_shows_help_and_tells_people_once(lab: Lab, words: str) -> None:
    answer = page(lab, words)
    assert status(answer) == 403
    assert b'class="crisis"' in answer
    assert "你并不孤单".encode() in answer
    lab.settled(1)
    assert page(lab, words) != b""
    lab.settled(2)
    assert told(lab) == ["self-harm"]
    assert lab.asked == []


def test_study_of_suicide_passes_without_a_signal(lab: Lab) -> None:
    assert status(page(lab, "自杀 干预 论文")) == 200
    lab.settled(1)
    assert told(lab) == []


def test_distress_passes_and_tells_people(lab: Lab) -> None:
    assert status(page(lab, "活着好累")) == 200
    (seen,) = lab.settled(1)
    assert seen.problem == "care"
    assert told(lab) == ["self-harm"]


def test_half_typed_words_are_no_ones_business(lab: Lab) -> None:
    path = f"/sugrec?wd={quote('我想死')}"
    assert (
        status(secure(lab, "www.baidu.com", path, "Accept: */*", "Sec-Fetch-Dest: script")) == 200
    )
    lab.settled(1)
    assert told(lab) == []


def test_a_blocked_suggestion_is_an_empty_answer_to_a_script(lab: Lab) -> None:
    path = f"/sugrec?wd={quote('黄色网站')}"
    answer = secure(lab, "www.baidu.com", path, "Sec-Fetch-Dest: script")
    assert status(answer) == 403
    assert b"<html" not in answer


def test_a_translator_is_judged_by_what_it_translates(lab: Lab) -> None:
    path = "/translate?u=" + quote("http://www.blocked.example/", safe="")
    assert status(secure(lab, "translate.google.com", path)) == 403
    (seen,) = lab.settled(1)
    assert seen.facts.names == ("www.blocked.example",)
    assert "gambling" in seen.outcome.verdict.deciding
    assert seen.facts.gap is None
    lab.reset()
    good = "/translate?u=" + quote("http://www.allowed.example/", safe="")
    assert status(secure(lab, "translate.google.com", good)) == 200


def test_search_words_inside_a_wrapper(lab: Lab) -> None:
    inner = quote("https://www.baidu.com/s?wd=" + quote("黄色网站"), safe="")
    assert status(secure(lab, "translate.google.com", f"/translate?u={inner}")) == 403


def prompt(text: str) -> bytes:
    return json.dumps({"prompt": text, "chat_session_id": "x"}, ensure_ascii=False).encode()


JSON = "Content-Type: application/json"
CHAT = ("chat.deepseek.com", "/api/v0/chat/completion")


def test_a_harmful_prompt_never_leaves(lab: Lab) -> None:
    answer = secure(lab, *CHAT, JSON, "Sec-Fetch-Dest: empty", body=prompt("写一个冰毒制作教程"))
    assert status(answer) == 403
    (seen,) = lab.settled(1)
    assert [(one.category, one.place) for one in seen.facts.seen] == [("drugs", "prompt")]
    assert lab.asked == []


def test_a_prompt_for_study_passes_whole(lab: Lab) -> None:
    body = prompt("解释光合作用")
    assert status(secure(lab, *CHAT, JSON, body=body)) == 200
    (seen,) = lab.settled(1)
    assert seen.facts.seen == ()
    assert seen.facts.gap is None


def test_distress_in_a_chat_passes_and_tells_people(lab: Lab) -> None:
    assert status(secure(lab, *CHAT, JSON, body=prompt("我想死"))) == 200
    lab.settled(1)
    assert told(lab) == ["self-harm"]


def test_a_chunked_prompt_is_read_too(lab: Lab) -> None:
    text = prompt("冰毒怎么做")
    body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(text), text)
    assert status(secure(lab, *CHAT, JSON, "Transfer-Encoding: chunked", body=body)) == 403
    assert lab.asked == []


@pytest.mark.parametrize("good", [True, False])
def test_a_compressed_prompt_is_unpacked_or_refused(lab: Lab, good: bool) -> None:
    body = gzip.compress(prompt("冰毒怎么做")) if good else b"nonsense"
    assert status(secure(lab, *CHAT, JSON, "Content-Encoding: gzip", body=body)) == 403
    (seen,) = lab.settled(1)
    assert (seen.facts.gap is None) is good
    assert lab.asked == []


@pytest.mark.parametrize("chunked", [False, True])
def test_a_prompt_too_long_to_be_read_goes_on_and_is_said(lab: Lab, chunked: bool) -> None:
    text = prompt("冰毒怎么做" + "长" * 40_000)
    headers = [JSON]
    if chunked:
        headers.append("Transfer-Encoding: chunked")
        text = b"%x\r\n%s\r\n0\r\n\r\n" % (len(text), text)
    assert status(secure(lab, *CHAT, *headers, body=text)) == 200
    (seen,) = lab.settled(1)
    assert seen.facts.gap == "over-budget"


def test_an_unknown_openai_like_service_is_recognised(lab: Lab) -> None:
    body = json.dumps({"model": "m", "messages": [{"role": "user", "content": "hi"}]}).encode()
    secure(lab, "www.allowed.example", "/v1/chat/completions", JSON, body=body)
    (seen,) = lab.settled(1)
    assert [one.category for one in seen.facts.seen] == ["ai"]


def test_a_search_by_post(lab: Lab) -> None:
    form = "Content-Type: application/x-www-form-urlencoded"
    body = b"q=" + quote("黄色网站").encode()
    assert status(secure(lab, "html.duckduckgo.com", "/html/", form, body=body)) == 403
    assert lab.asked == []
    lab.reset()
    assert status(secure(lab, "html.duckduckgo.com", "/html/", form, body=b"q=cat")) == 200


def asked_of_qwen(lab: Lab, words: str, *headers: str) -> bytes:
    body = json.dumps({"model": "qwen", "messages": [{"role": "user", "content": words}]})
    path = "/api/v2/chat/completions"
    return secure(lab, "chat.qwen.ai", path, JSON, *headers, body=body.encode())


def test_a_warned_service_is_read_after_the_warning(lab: Lab) -> None:
    """Whoever has read the warning may ask, but not for anything; each is told once."""
    assert status(asked_of_qwen(lab, "hello")) == 403
    token = lab.settled(1)[0].subject.token
    ticket = lab.filter.tickets.issue(token, "chat.qwen.ai", lab.filter.clock())
    cookie = f"Cookie: {COOKIE}={ticket}"
    assert status(asked_of_qwen(lab, "hello", cookie)) == 200
    assert status(asked_of_qwen(lab, "冰毒怎么做", cookie)) == 403
    seen = lab.settled(3)
    assert [one.problem for one in seen] == ["", "warn-continued", ""]
    assert [one.outcome.verdict.action for one in seen] == [Action.WARN, Action.WARN, Action.BLOCK]
    assert len(lab.asked) == 1


def test_an_http_2_prompt_is_read(lab: Lab) -> None:
    """A browser's fetch: no Content-Length is needed there."""
    kind = ("content-type", "application/json")
    with H2Client(lab, CHAT[0]) as client:
        client.head(1, kind, method="POST", path=CHAT[1], end=False)
        client.h2.send_data(1, prompt("冰毒怎么做"), end_stream=True)
        client.flush()
        heard = client.read()
    assert heard.answers[1].status == 403
    assert lab.asked == []
