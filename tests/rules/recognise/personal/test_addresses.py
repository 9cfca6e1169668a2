"""Addresses: with a province, with a county, behind a label; and plain places that are none."""

import pytest

from rules.personal_files import load_finder

FINDER = load_finder()


@pytest.mark.parametrize(
    ("text", "value", "sure"),
    [
        ("家庭住址：四川省绵阳市涪城区人民路1号3栋2单元101室", "四川省绵阳市涪城区人民路1号3栋2单元101室", True),  # noqa: E501
        ("寄到湖北省宜昌市西陵区学府路99号。", "湖北省宜昌市西陵区学府路99号", False),
        ("现住址:人民路12号院3号楼401", "人民路12号院3号楼401", True),
        ('"address": "广东省佛山市南海区桂城街道建设大道8号"', "广东省佛山市南海区桂城街道建设大道8号", True),  # noqa: E501
        ("寄到：福建省三明市三元区湖滨街道解放西路1号书香苑6-1-327，收", "福建省三明市三元区湖滨街道解放西路1号书香苑6-1-327", False),  # noqa: E501
        ("地址：贵州省毕节市七星关区花园路2号138-0000-0000", "贵州省毕节市七星关区花园路2号", True),
        ("家住西陵区学府路99号的同学", "西陵区学府路99号", True),
    ],
)  # fmt: skip
def test_addresses(text: str, value: str, sure: bool) -> None:
    hits = [hit for hit in FINDER.find(text) if hit.kind == "address"]
    assert [text[hit.start : hit.end] for hit in hits] == [value]
    assert (hits[0].confidence == "verified") is sure


@pytest.mark.parametrize(
    "text",
    [
        "他在北京市工作",
        "四川省教育厅关于印发通知的函",
        "地址：无",
        "上海市青少年活动中心举办比赛",
        "沿着路一直走",
    ],
)
def test_places_that_are_no_address(text: str) -> None:
    assert [hit for hit in FINDER.find(text) if hit.kind == "address"] == []


def test_many_addresses_without_anything_between() -> None:
    text = "四川省绵阳市涪城区人民路1号" * 2000
    assert len([hit for hit in FINDER.find(text) if hit.kind == "address"]) >= 500
