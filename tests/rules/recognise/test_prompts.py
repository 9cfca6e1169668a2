"""Prompts: every service by its examples, changed APIs, unknown services."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.asking import HERE
from rules.hosts import split_url
from rules.load import load_folder
from rules.recognise.prompts import MOST, Prompt, PromptBook, Service, openai_like

SERVICES = load_folder(Service, HERE / "ai")
BOOK = PromptBook((one.id, one.hosts, one.asks, one.answer) for one in SERVICES.values())


@pytest.mark.parametrize("name", SERVICES)
def test_examples(name: str) -> None:
    service = SERVICES[name]
    assert service.category in ("ai", "ai-companion")
    for hit in service.examples.hit:
        host, _, path = split_url(hit.url)
        assert BOOK.takes_prompt(host, path)
        found = BOOK.prompt(host, path, hit.body.encode(), hit.media)
        assert found == Prompt(name, hit.prompt), hit.url
    for url in service.examples.miss:
        host, _, path = split_url(url)
        assert BOOK.service(host) != name, url


def test_the_services_that_were_asked_for() -> None:
    wanted = (
        "doubao deepseek kimi wenxin tongyi yuanbao chatglm minimax spark chatgpt claude gemini "
        "copilot grok perplexity poe character-ai"
    )
    assert set(wanted.split()) <= set(SERVICES)
    assert len(SERVICES) >= 30


def test_a_changed_api_is_read_by_the_usual_names() -> None:
    body = json.dumps(
        {"v": 9, "session": "abc", "turns": [{"content": [{"text": "cat"}]}]}
    ).encode()
    found = BOOK.prompt("www.doubao.com", "/new/api", body, "application/json")
    assert found == Prompt("doubao", "cat")
    assert BOOK.prompt("www.doubao.com", "/new/api", b'{"id":"1"}', "") is None


def test_an_unknown_service_is_known_by_its_shape() -> None:
    body = b'{"model":"m","messages":[{"role":"user","content":"cat"}]}'
    assert BOOK.prompt("x.example", "/v1/chat/completions", body, "") == Prompt("", "cat")
    assert BOOK.prompt("x.example", "/v1/chat/completions", b'{"prompt":"cat"}', "") is None
    assert BOOK.prompt("x.example", "/a", body, "") is None
    assert openai_like("/api/generate?x=1")
    assert not openai_like("/im/chat")
    assert not BOOK.takes_prompt("x.example", "/messages")


def test_long_prompts_keep_their_end() -> None:
    body = json.dumps({"prompt": "x" * 50_000 + "END"}).encode()
    found = BOOK.prompt("chat.deepseek.com", "/api/v0/chat/completion", body, "")
    assert found is not None
    assert len(found.text) <= MOST


def test_answers_by_host() -> None:
    assert (
        BOOK.answer("chat.deepseek.com") is SERVICES["deepseek"].answer
        or BOOK.answer("chat.deepseek.com") == SERVICES["deepseek"].answer
    )
    assert BOOK.answer("x.example") is None


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300), st.text(max_size=60))
def test_any_body(body: bytes, path: str) -> None:
    for host in ("chatgpt.com", "x.example"):
        found = BOOK.prompt(host, "/" + path, body, "application/json")
        assert found is None or found.text
