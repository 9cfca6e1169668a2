"""Personal data on its way out, over real sockets: forms × actions, evasions, the rest."""

import base64
import gzip
import io
import json
import re
import zlib
from collections.abc import Iterator
from urllib.parse import quote

import brotli
import openpyxl
import pytest

from gateway.page.confirm import CONFIRM_PATH
from gateway.page.ticket import OUT_COOKIE
from policies.model import Action
from rules.recognise.personal.carried import OUTFLOW
from tests.gateway.mitm.h2client import H2Client
from tests.gateway.mitm.harness import Seen, status
from tests.gateway.mitm.leaving_lab import LeavingLab, identity

pytestmark = pytest.mark.wire

NUMBER = identity()
JSON = json.dumps({"idCard": NUMBER, "note": "ok"}).encode()
FORM = f"a=1&idcard={NUMBER}&b=2".encode()
TEXT = f"身份证号：{NUMBER}，请查收".encode()
BOUNDARY = "multipart/form-data; boundary=XX"


def multipart(number: str, *, file: bytes = b"", name: str = "a.csv") -> bytes:
    body = f'--XX\r\nContent-Disposition: form-data; name="idcard"\r\n\r\n{number}\r\n'.encode()
    if file:
        head = f'--XX\r\nContent-Disposition: form-data; name="f"; filename="{name}"\r\n\r\n'
        body += head.encode() + file + b"\r\n"
    return body + b"--XX--\r\n"


def workbook(rows: int) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    if sheet is None:
        raise RuntimeError("no sheet")
    sheet.append(["姓名", "身份证号"])
    for number in range(rows):
        sheet.append(["某子涵", identity(number)])
    held = io.BytesIO()
    book.save(held)
    return held.getvalue()


PROMPT = json.dumps(
    {"messages": [{"role": "user", "content": f"给学生{NUMBER}写评语"}]}, ensure_ascii=False
).encode()
FORMS = {
    "json": (JSON, "application/json"),
    "form": (FORM, "application/x-www-form-urlencoded"),
    "text": (TEXT, "text/plain; charset=utf-8"),
    "multipart": (multipart(NUMBER), BOUNDARY),
    "ndjson": (JSON + b"\n" + JSON + b"\n", "application/x-ndjson"),
    "graphql": (
        json.dumps({"query": "mutation($a:String){x(a:$a)}", "variables": {"a": NUMBER}}).encode(),
        "application/json",
    ),
    "untyped": (JSON, ""),
}
FILES = {
    "csv": multipart("-", file=f"姓名,身份证号\n某子涵,{NUMBER}\n".encode()),
    "xlsx": multipart("-", file=workbook(3), name="名单.xlsx"),
    "zip": b"",
}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LeavingLab]:
    lab = LeavingLab(tmp_path_factory.mktemp("leaving"))
    yield lab
    lab.close()


@pytest.fixture
def lab(running: LeavingLab) -> LeavingLab:
    running.reset()
    return running


def holds_nothing(lab: LeavingLab) -> None:
    """No record says what was sent."""
    for seen in lab.ledger.seen:
        assert NUMBER not in repr(seen)
        assert "某子涵" not in repr(seen)


def outflow(seen: Seen) -> dict[str, str]:
    """What a record says of the finds."""
    items = seen.outcome.signals.items
    return {one.matched: one.list for one in items if one.category == OUTFLOW}


@pytest.mark.parametrize("form", FORMS)
def test_observed_bodies_arrive_byte_for_byte(lab: LeavingLab, form: str) -> None:
    body, media = FORMS[form]
    assert status(lab.send("www.observe.example", body, media)) == 200
    (seen,) = lab.settled(1)
    assert lab.bodies[0][1] == body
    assert seen.outcome.verdict.action is Action.OBSERVE
    assert seen.outcome.verdict.clause == "lab/outflow/observe-people"
    assert outflow(seen)["id_card"] == "id_card 1+0"
    assert outflow(seen)["under-14"] == "under-14 1"
    holds_nothing(lab)


@pytest.mark.parametrize("form", FORMS)
def test_masked_bodies_keep_their_form(lab: LeavingLab, form: str) -> None:
    body, media = FORMS[form]
    assert status(lab.send("www.mask.example", body, media, "Digest: sha-256=AAAA")) == 200
    (seen,) = lab.settled(1)
    head, sent = lab.bodies[0]
    assert NUMBER.encode() not in sent
    assert len(sent) == len(body)
    fake = re.search(rb"99[0-9]{15}[0-9X]", sent)
    assert fake is not None
    assert sent.replace(fake[0], NUMBER.encode()) == body
    assert b"digest" not in head.lower()
    assert seen.problem == "outflow-masked"
    assert seen.outcome.verdict.action is Action.MASK
    holds_nothing(lab)


@pytest.mark.parametrize("form", [*FORMS, *FILES])
@pytest.mark.parametrize("action", ["warn", "block"])
def test_warned_and_blocked_bodies_do_not_leave(lab: LeavingLab, form: str, action: str) -> None:
    body, media = FORMS.get(form) or (FILES[form], BOUNDARY)
    if form == "zip":
        import zipfile

        held = io.BytesIO()
        with zipfile.ZipFile(held, "w") as archive:
            archive.writestr("名单.csv", f"身份证号\n{NUMBER}\n")
        body = multipart("-", file=held.getvalue(), name="a.zip")
    answer = lab.send(f"www.{action}.example", body, media, "Accept: text/html")
    assert status(answer) == 403
    assert "居民身份证号".encode() in answer
    assert NUMBER.encode() not in answer
    assert lab.bodies == []
    (seen,) = lab.settled(1)
    assert seen.outcome.verdict.enforced is Action(action)
    assert seen.problem == "outflow"
    holds_nothing(lab)


@pytest.mark.parametrize("form", FILES)
def test_files_that_should_be_masked_are_not_sent(lab: LeavingLab, form: str) -> None:
    body = FILES[form] or multipart("-", file=gzip.compress(TEXT), name="a.gz")
    assert status(lab.send("www.mask.example", body, BOUNDARY, "Accept: text/html")) == 403
    assert lab.bodies == []
    (seen,) = lab.settled(1)
    assert seen.problem == "outflow-unmaskable"


def test_an_approved_place_gets_everything_untouched(lab: LeavingLab) -> None:
    body = gzip.compress(JSON)
    headers = ("Content-Encoding: gzip", "Digest: sha-256=AAAA")
    assert status(lab.send("www.school.example", body, "application/json", *headers)) == 200
    (seen,) = lab.settled(1)
    assert lab.bodies[0][1] == body
    assert b"digest: sha-256=aaaa" in lab.bodies[0][0].lower()
    assert seen.outcome.verdict.carried == 0
    assert outflow(seen) == {}


def test_harmless_bodies_pass_byte_for_byte(lab: LeavingLab) -> None:
    body = json.dumps({"text": "光合作用的化学方程式 6CO2", "id": 2026112412345}).encode()
    assert status(lab.send("www.block.example", body, "application/json")) == 200
    assert lab.bodies[0][1] == body


def test_names_count_with_the_roster(lab: LeavingLab) -> None:
    body = json.dumps({"text": "请给某子涵和某一诺写评语"}, ensure_ascii=False).encode()
    answer = lab.send("www.block.example", body, "application/json", "Sec-Fetch-Dest: empty")
    assert status(answer) == 403
    told = json.loads(answer.partition(b"\r\n\r\n")[2])
    assert told["error"] == "outflow-blocked"
    assert told["found"] == {"name": "2", "people": "2-4"}


def test_a_prompt_to_an_ai_service_is_masked(lab: LeavingLab) -> None:
    with lab.tunnel(f"chat.deepseek.com:{lab.tls_port}") as raw:
        context = lab.client_tls()
        with context.wrap_socket(raw, server_hostname="chat.deepseek.com") as sock:
            head = (
                "POST /api/v0/chat/completion HTTP/1.1\r\nHost: chat.deepseek.com\r\n"
                f"Content-Type: application/json\r\nContent-Length: {len(PROMPT)}\r\n"
                "Connection: close\r\n\r\n"
            )
            sock.sendall(head.encode() + PROMPT)
            sock.recv(4096)
    assert len(lab.bodies) == 1
    assert NUMBER.encode() not in lab.bodies[0][1]
    assert "写评语" in json.loads(lab.bodies[0][1])["messages"][0]["content"]


def test_a_query_is_masked_and_blocked(lab: LeavingLab) -> None:
    path = f"/search?q={NUMBER}&x=1"
    assert status(lab.send("www.mask.example", b"", "", path=path, method="GET")) == 200
    assert NUMBER.encode() not in lab.bodies[0][0]
    assert b"&x=1" in lab.bodies[0][0]
    assert status(lab.send("www.block.example", b"", "", path=path, method="GET")) == 403
    lab.settled(2)
    holds_nothing(lab)


def test_chunked_bodies_are_read_whole_and_sent_masked(lab: LeavingLab) -> None:
    assert status(lab.chunked("www.block.example", JSON, "application/json", 7)) == 403
    assert lab.bodies == []
    assert status(lab.chunked("www.mask.example", JSON, "application/json", 7)) == 200
    assert len(lab.bodies[0][1]) == len(JSON)
    assert NUMBER.encode() not in lab.bodies[0][1]


CODINGS = {
    "gzip": gzip.compress(JSON),
    "deflate": zlib.compress(JSON),
    "br": brotli.compress(JSON),
}


@pytest.mark.parametrize("coding", CODINGS)
def test_coded_bodies_are_undone(lab: LeavingLab, coding: str) -> None:
    header = f"Content-Encoding: {coding}"
    body = CODINGS[coding]
    assert status(lab.send("www.block.example", body, "application/json", header)) == 403
    assert lab.bodies == []
    assert status(lab.send("www.mask.example", body, "application/json", header)) == 200
    head, sent = lab.bodies[0]
    assert b"content-encoding" not in head.lower()
    assert json.loads(sent)["note"] == "ok"
    assert NUMBER.encode() not in sent


def test_what_cannot_be_read_is_blocked_or_recorded_as_unknown(lab: LeavingLab) -> None:
    broken = ("text/plain", "Content-Encoding: gzip")
    assert status(lab.send("www.block.example", b"not gzip at all", *broken)) == 403
    assert status(lab.send("www.warn.example", b"not gzip at all", *broken)) == 200
    seen = lab.settled(2)
    assert outflow(seen[1]) == {"unread": "unread coding"}


def test_a_large_upload_is_read(lab: LeavingLab) -> None:
    lines = "".join(f"第{number}行，没有什么特别的内容。\n" for number in range(120_000))
    body = lines.encode()
    assert len(body) > 5_000_000
    assert status(lab.send("www.block.example", body, "text/plain")) == 200
    assert lab.bodies[0][1] == body
    assert status(lab.send("www.block.example", body + TEXT, "text/plain")) == 403


def test_what_is_longer_than_is_held_follows_policy(lab: LeavingLab) -> None:
    size = 17 * 1024 * 1024
    url = f"http://www.block.example:{lab.origin_port}/up"
    head = f"POST {url} HTTP/1.1\r\nHost: www.block.example\r\nContent-Length: {size}\r\n\r\n"
    with lab.connect() as sock:
        sock.sendall(head.encode())
        assert b" 403 " in sock.recv(4096)
    body = b"x" * size
    assert status(lab.send("www.observe.example", body, "text/plain")) == 200
    assert len(lab.bodies[0][1]) == size
    seen = lab.settled(2)
    assert outflow(seen[1]) == {"unread": "unread too-large"}


def spread(text: str, between: str) -> str:
    return between.join(text)


FULL = "".join(chr(ord(sign) + 0xFEE0) for sign in NUMBER)
CHINESE = NUMBER[:17].translate(str.maketrans("0123456789", "〇一二三四五六七八九")) + NUMBER[17]
CODED = base64.b64encode(f"身份证号 {NUMBER}".encode()).decode()
EVASIONS = {
    "full width": (f"号码{FULL}".encode(), "text/plain"),
    "separators": (spread(NUMBER, ".").encode(), "text/plain"),
    "zero width": (spread(NUMBER, "\u200b").encode(), "text/plain"),
    "Chinese digits": (CHINESE.encode(), "text/plain"),
    "split fields": (
        f"a={NUMBER[:6]}&b={NUMBER[6:14]}&c={NUMBER[14:]}".encode(),
        "application/x-www-form-urlencoded",
    ),
    "gzip file": (multipart("-", file=gzip.compress(TEXT), name="a.bin"), BOUNDARY),
    "base64 in JSON": (json.dumps({"data": CODED}).encode(), "application/json"),
    "data URL": (
        json.dumps({"file": "data:text/plain;base64," + CODED}).encode(),
        "application/json",
    ),
    "twice escaped": (
        ("q=" + quote("".join(f"%{ord(sign):02x}" for sign in NUMBER))).encode(),
        "application/x-www-form-urlencoded",
    ),
    "JSON escapes": (
        ('{"a":"' + "".join(f"\\u{ord(sign):04x}" for sign in NUMBER) + '"}').encode(),
        "application/json",
    ),
    "HTML entities": ("".join(f"&#{ord(sign)};" for sign in NUMBER).encode(), "text/html"),
    "a key": (json.dumps({NUMBER: 1}).encode(), "application/json"),
    "a picture that is none": (TEXT, "image/png"),
    "inside bytes": (
        b"\x00\x01\x02" * 50 + NUMBER.encode() + b"\x00\x03",
        "application/x-protobuf",
    ),
}


@pytest.mark.parametrize("trick", EVASIONS)
def test_evasions_are_seen(lab: LeavingLab, trick: str) -> None:
    body, media = EVASIONS[trick]
    assert status(lab.send("www.block.example", body, media)) == 403
    assert lab.bodies == []


def test_http2_uploads_are_held_too(lab: LeavingLab) -> None:
    with H2Client(lab) as client:
        kind = (b"content-type", b"application/json")
        client.head(1, kind, method="POST", path="/up", end=False)
        client.h2.send_data(1, JSON, end_stream=True)
        client.flush()
        heard = client.read()
    assert heard.answers[1].status == 200
    assert NUMBER.encode() not in lab.bodies[0][1]
    assert len(lab.bodies[0][1]) == len(JSON)


def field(answer: bytes, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]+)"'.encode(), answer)
    if found is None:
        raise LookupError(name)
    return found[1].decode()


def test_who_confirms_with_a_reason_may_send(lab: LeavingLab) -> None:
    page = lab.send(
        "www.warn.example", FORM, "application/x-www-form-urlencoded", "Accept: text/html"
    )
    reason = quote(f"家长要求，学号见{NUMBER}")
    form = f"code={field(page, 'code')}&seal={quote(field(page, 'seal'))}&text={reason}"
    answer = lab.send(
        "www.warn.example", form.encode(), "application/x-www-form-urlencoded", path=CONFIRM_PATH
    )
    assert status(answer) == 200
    assert lab.bodies == []
    cookie = re.search(rb"__ql_ok_out=([^;]+)", answer)
    assert cookie is not None
    sent = lab.send(
        "www.warn.example",
        JSON,
        "application/json",
        f"Cookie: {OUT_COOKIE}={cookie[1].decode()}; a=b",
    )
    assert status(sent) == 200
    head, body = lab.bodies[0]
    assert body == JSON
    assert OUT_COOKIE.encode() not in head
    assert b"a=b" in head
    seen = lab.settled(3)
    assert seen[1].problem == "outflow-accepted 家长要求，学号见<id_card>"
    assert seen[2].problem == "outflow-continued"
    assert seen[2].outcome.verdict.action is Action.WARN
    assert status(lab.send("www.block.example", JSON, "application/json")) == 403
    holds_nothing(lab)


def test_programs_are_told_where_a_person_can_confirm(lab: LeavingLab) -> None:
    answer = lab.send("www.warn.example", JSON, "application/json", "Sec-Fetch-Dest: empty")
    told = json.loads(answer.partition(b"\r\n\r\n")[2])
    assert told["error"] == "outflow-warning"
    link = told["continue"]
    page = lab.get(f"http://www.warn.example:{lab.origin_port}{link}", "Accept: text/html")
    assert CONFIRM_PATH.encode() in page
    assert field(page, "seal")
    assert lab.bodies == []


def test_a_forged_confirmation_opens_nothing(lab: LeavingLab) -> None:
    form = b"code=CODE-0001&seal=ffffffff.AAAA&text=x"
    answer = lab.send(
        "www.warn.example", form, "application/x-www-form-urlencoded", path=CONFIRM_PATH
    )
    assert OUT_COOKIE.encode() not in answer
    assert (
        status(lab.send("www.warn.example", JSON, "application/json", f"Cookie: {OUT_COOKIE}=x"))
        == 403
    )
    assert lab.bodies == []
