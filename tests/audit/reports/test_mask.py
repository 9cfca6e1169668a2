"""A masked report: no name, address or digest is left in any format; labels stay the same."""

import io
import re
import zipfile
from dataclasses import replace

import pytest

from audit.reports import junit, machine, oscal, page, sarif, sheets, word, xccdf
from audit.reports.chapters import document
from audit.reports.mask import Labels, _forms, mask
from tests.audit.reports.made import BESIDE as TOLD
from tests.audit.reports.made import evidence, hostile, made, report, run

SECRETS = (
    "web01", "db01", "192.0.2.10", "门户主机", "王建国", "李明", "赵红", "钱勇", "示例区",
    "智慧校园", "示例科技公司", "50000-00001",
)  # fmt: skip


def unzipped(data: bytes) -> str:
    pack = zipfile.ZipFile(io.BytesIO(data))
    return "".join(pack.read(name).decode("utf-8", "replace") for name in pack.namelist())


def everything() -> dict[str, str]:
    told = mask(report())
    return {
        "json": machine.render(told).decode(),
        "html": page.render(told).decode(),
        "oscal": oscal.render(told).decode(),
        "xccdf": xccdf.render(told).decode(),
        "sarif": sarif.render(told).decode(),
        "junit": junit.render(told).decode(),
        "csv": sheets.table(told).decode(),
        "xlsx": unzipped(sheets.workbook(told)),
        "docx": unzipped(word.draw(document(told), paint=None)),
    }


def test_nothing_is_left_in_any_format() -> None:
    for name, text in everything().items():
        for secret in (*SECRETS, *(one.digest for one in evidence() if one.digest)):
            assert secret not in text, f"{secret} in {name}"


def test_states_and_clauses_stay() -> None:
    told = mask(report())
    assert [one.state for one in told.run.items] == [one.state for one in run().items]
    assert [one.control for one in told.run.items] == [one.control for one in run().items]
    assert told.issues[0].problem == report().issues[0].problem
    assert told.masked
    assert all(one.document is None for one in told.run.evidence)


def test_the_same_name_has_the_same_label() -> None:
    told = mask(report())
    names = {one.id for one in told.run.targets}
    assert {one.target for one in told.run.findings} == names
    assert len(names) == 3
    assert {one.target for one in told.run.single} - {""} <= names
    assert next(one.id for one in told.run.targets) == next(one.name for one in told.run.targets)
    said = told.answers[0]
    assert said.by in said.reason


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("listens on 10.1.2.3:22", "listens on IP01:22"),
        ("2001:db8::7 and 2001:db8::7", "IP01 and IP01"),
        ("0.0.0.0:22 127.0.0.1 [::]:80", "0.0.0.0:22 127.0.0.1 [::]:80"),
        ("a.b@school.edu.cn", "邮箱01"),
        ("ntp.school.edu.cn.", "域名01."),
        ("00:11:22:aa:bb:cc", "MAC01"),
        ("sshd_config: PermitRootLogin no 12:30:01", "sshd_config: PermitRootLogin no 12:30:01"),
        ("x" * 4 + " " + "ab12" * 16, "xxxx （摘要略）"),
    ],
)
def test_forms(said: str, wanted: str) -> None:
    assert _forms(said, Labels()) == wanted


def test_accounts_of_people_and_host_names_of_documents() -> None:
    seen = replace(
        evidence()[0],
        document={
            "os": {"hostname": "mail7"},
            "accounts": {"users": [{"name": "zhangsan", "uid": 1001}, {"name": "root", "uid": 0}]},
        },
    )
    findings = tuple(
        replace(one, seen="root zhangsan on mail7 /home/zhangsan") for one in run().findings[:1]
    )
    told = mask(made(replace(run(), evidence=(seen,), findings=findings), TOLD))
    assert re.fullmatch(r"root 账户01 on 主机\d\d /home/账户01", told.run.findings[0].seen)


def test_hostile_names_do_not_break_it() -> None:
    machine.render(mask(hostile()))
