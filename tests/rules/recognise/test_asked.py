"""What a request asks for: signals, names, grades, and what costs nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from rules.asking import asked_of, asking
from rules.base import RuleBase
from rules.compile import build
from rules.model import Facts, Signal, Stage
from rules.recognise.asked import CARE_DOUBT, Asked, cares

LIST = "www.bad.example gambling\nwww.video.example/live live\n=www.help.example crisis\n"


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RuleBase]:
    folder = tmp_path_factory.mktemp("asked")
    lists = folder / "lists" / "own"
    lists.mkdir(parents=True)
    (lists / "hosts.txt").write_text(LIST)
    (lists / "source.yaml").write_text(
        "id: own\ntitle: {zh: 测试, en: own}\nformat: starter\nfiles: [hosts.txt]\n"
        "licence: own\nsource: tests\n"
    )
    (folder / "none").mkdir()
    build(folder, [folder / "lists"], shipped=folder / "none")
    opened = RuleBase.open(folder / "rulebase")
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def asked() -> Asked:
    return asked_of(json.loads(asking()))


def facts(host: str, path: str = "/", method: str = "GET") -> Facts:
    return Facts(stage=Stage.REQUEST, host=host, path=path, method=method)


def test_what_asks_nothing_is_the_same_value(asked: Asked, base: RuleBase) -> None:
    for one in (
        facts("www.example.com", "/s?wd=黄色网站"),
        facts("www.baidu.com", "/"),
        facts("www.baidu.com", "/s?wd=猫"),
    ):
        assert asked.request(one, base) is one


def test_search_words(asked: Asked, base: RuleBase) -> None:
    found = asked.request(facts("www.baidu.com", "/s?wd=黄色网站"), base)
    assert [(one.category, one.place, one.list) for one in found.seen] == [
        ("porn", "search", "porn")
    ]
    assert found.names == ()


def test_suggestions_do_not_tell_of_distress(asked: Asked, base: RuleBase) -> None:
    one = facts("www.baidu.com", "/sugrec?wd=我想死")
    assert asked.request(one, base) is one
    found = asked.request(facts("www.baidu.com", "/sugrec?wd=黄色网站"), base)
    assert found.seen[0].place == "suggest"


def test_a_word_looked_up_is_a_subject(asked: Asked, base: RuleBase) -> None:
    for host, path in (
        ("baike.baidu.com", "/item/自杀"),
        ("fanyi.baidu.com", "/?query=sex"),
        ("zh.wikipedia.org", "/w/index.php?search=色情"),
    ):
        one = facts(host, path)
        assert asked.request(one, base) is one
    found = asked.request(facts("baike.baidu.com", "/item/黄色网站入口"), base)
    assert [signal.place for signal in found.seen] == ["reference"]


def test_inner_urls_tighten_by_name_and_by_path(asked: Asked, base: RuleBase) -> None:
    found = asked.request(
        facts("translate.google.com", "/translate?u=http://www.video.example/live/1"), base
    )
    assert found.names == ("www.video.example",)
    assert [(one.category, one.place) for one in found.seen] == [("live", "inner-url")]


def test_help_inside_a_wrapper_is_no_help(asked: Asked, base: RuleBase) -> None:
    found = asked.request(
        facts("translate.google.com", "/translate?u=http://www.help.example/"), base
    )
    assert found.seen == ()
    assert found.names == ("www.help.example",)


def test_words_in_an_inner_search(asked: Asked, base: RuleBase) -> None:
    path = "/translate?u=https%3A%2F%2Fwww.baidu.com%2Fs%3Fwd%3D黄色网站"
    found = asked.request(facts("translate.google.com", path), base)
    assert [one.category for one in found.seen] == ["porn"]


def test_bodies(asked: Asked) -> None:
    chat = facts("chat.deepseek.com", "/api/v0/chat/completion", "POST")
    assert asked.wants_body(chat)
    assert not asked.wants_body(facts("chat.deepseek.com", "/api/v0/chat/completion"))
    assert not asked.wants_body(facts("www.example.com", "/upload", "POST"))
    assert asked.body(chat, b'{"prompt":"hello"}', "application/json") is chat
    bad = asked.body(chat, '{"prompt":"冰毒怎么做"}'.encode(), "application/json")
    assert [(one.category, one.place) for one in bad.seen] == [("drugs", "prompt")]


def test_self_harm_in_a_chat_is_cared_for_and_not_stopped(asked: Asked) -> None:
    chat = facts("chat.deepseek.com", "/api/v0/chat/completion", "POST")
    found = asked.body(chat, '{"prompt":"我想死"}'.encode(), "application/json")
    assert [(one.category, one.confidence) for one in found.seen] == [("self-harm", CARE_DOUBT)]
    assert cares(found.seen)
    assert not cares(())


def test_a_posted_search(asked: Asked) -> None:
    one = facts("html.duckduckgo.com", "/html/", "POST")
    assert asked.wants_body(one)
    found = asked.body(one, b"q=pornhub", "application/x-www-form-urlencoded")
    assert [signal.place for signal in found.seen] == ["search"]


def test_an_unlisted_ai_service(asked: Asked) -> None:
    one = facts("x.example", "/v1/chat/completions", "POST")
    body = b'{"model":"m","messages":[{"role":"user","content":"hi"}]}'
    assert [signal.category for signal in asked.body(one, body, "").seen] == ["ai"]
    assert asked.answer("x.example") is None
    assert asked.answer("chatgpt.com") is not None


def test_other_finders_are_asked_too(base: RuleBase) -> None:
    class Cats:
        def find(self, text: str, place: str) -> tuple[Signal, ...]:
            if "猫" not in text:
                return ()
            return (Signal(category="pets", recogniser="words", matched="猫", place=place),)

    own = asked_of(json.loads(asking()), [Cats()])
    found = own.request(facts("www.baidu.com", "/s?wd=猫"), base)
    assert [one.category for one in found.seen] == ["pets"]


def test_the_rulebase_folder_holds_the_books(base: RuleBase) -> None:
    assert (Path(base.path) / "asked.json").is_file()
