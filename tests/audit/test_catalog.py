"""The catalog as data: every clause at its level, with its letter and its own words."""

from functools import cache
from pathlib import Path

import pytest

from audit.catalog import Catalog, Section, assemble, load_catalog, reach
from audit.model import Ask, Control, Link, ObjectClass, Part, Serves, Tier
from rules.load import DataError, loads
from rules.model import Status

GB = "GBT22239-2019"
CHAPTER = {1: 6, 2: 7, 3: 8, 4: 9}


@cache
def catalog() -> Catalog:
    return load_catalog()


def control(level: int, tail: str) -> Control:
    found = catalog().get(f"{GB}:{level}:{CHAPTER[level]}.1.{tail}")
    assert found is not None, f"level {level}: x.1.{tail} is missing"
    return found


def counts(level: int, section: int) -> tuple[int, ...]:
    """Items per control point of a section, in the order of the points."""
    prefix = f"{CHAPTER[level]}.1.{section}."
    points: dict[str, int] = {}
    for one in catalog().select(standard=GB, level=level, part=Part.GENERAL):
        if one.point.startswith(prefix):
            points[one.point] = points.get(one.point, 0) + 1
    assert list(points) == [f"{prefix}{number}" for number in range(1, len(points) + 1)]
    return tuple(points.values())


TABLE = {
    (2, 1): (2, 1, 2, 1, 2, 2, 1, 1, 2, 1),
    (3, 1): (2, 1, 3, 2, 3, 3, 2, 1, 3, 2),
    (2, 2): (2, 1, 1),
    (3, 2): (5, 2, 1),
    (2, 3): (1, 4, 1, 1, 3, 1),
    (3, 3): (4, 5, 4, 2, 4, 1),
    (2, 4): (3, 4, 3, 5, 1, 1, 1, 2, 1, 2),
    (3, 4): (4, 7, 4, 6, 1, 1, 2, 2, 3, 2, 2),
    (2, 5): (2, 2),
    (3, 5): (2, 2, 2, 6),
}
"""The confirmed per-point table of levels 2 and 3, sections 1–5."""


@pytest.mark.parametrize(("level", "section"), TABLE)
def test_each_point_has_its_items(level: int, section: int) -> None:
    assert counts(level, section) == TABLE[level, section]


@pytest.mark.parametrize(
    ("level", "totals"),
    [
        (1, (7, 2, 5, 11)),
        (2, (15, 4, 11, 23, 4)),
        (3, (22, 8, 20, 34, 12)),
        (4, (24, 11, 21, 36, 13)),
    ],
)
def test_each_technical_section_has_its_total(level: int, totals: tuple[int, ...]) -> None:
    numbers = range(1, len(totals) + 1)
    assert tuple(sum(counts(level, section)) for section in numbers) == totals


KEY_TERMS = {
    (3, "1.2"): "电子门禁系统 控制 鉴别 记录",
    (2, "1.2"): "专人值守 电子门禁系统",
    (3, "1.3.c"): "防盗报警系统 专人值守 视频监控系统",
    (3, "1.4.b"): "感应雷 防雷保安器 过压保护装置",
    (3, "1.5.a"): "自动检测火情 自动报警 自动灭火",
    (3, "1.6.c"): "对水敏感的检测仪表 报警",
    (1, "1.6"): "必要的温湿度调节设施",
    (2, "1.8"): "温湿度自动调节设施",
    (3, "1.9.c"): "冗余 并行 电力电缆线路",
    (4, "1.9.d"): "应急供电设施",
    (3, "1.10.b"): "关键设备 电磁屏蔽",
    (3, "2.1.a"): "网络设备 业务处理能力 业务高峰期",
    (3, "2.1.d"): "重要网络区域 边界处 技术隔离手段",
    (3, "2.1.e"): "通信线路 关键网络设备 关键计算设备 硬件冗余 可用性",
    (2, "2.2"): "校验技术 完整性",
    (3, "2.2.a"): "校验技术 密码技术 完整性",
    (3, "2.2.b"): "密码技术 保密性",
    (3, "2.3"): "可信根 系统引导程序 通信应用程序 关键执行环节 动态可信验证 审计记录 安全管理中心",
    (3, "3.1.a"): "跨越边界 数据流 受控接口",
    (3, "3.1.d"): "无线网络 受控的边界设备",
    (3, "3.2.c"): "源地址 目的地址 源端口 目的端口 协议",
    (3, "3.2.e"): "应用协议 应用内容 访问控制",
    (2, "3.3"): "关键网络节点 监视 网络攻击行为",
    (3, "3.3.b"): "检测、防止或限制 从内部发起",
    (3, "3.3.d"): "攻击源IP 攻击类型 攻击目标 攻击时间 严重入侵事件 报警",
    (3, "3.4.b"): "垃圾邮件 检测和防护 升级和更新",
    (3, "3.5.d"): "远程访问的用户行为 访问互联网的用户行为 行为审计 数据分析",
    (3, "4.1.a"): "身份标识和鉴别 唯一性 复杂度要求 定期更换",
    (2, "4.1.b"): "登录失败处理 结束会话 限制非法登录次数 超时 自动退出",
    (3, "4.1.c"): "远程管理 鉴别信息 窃听",
    (3, "4.1.d"): "口令、密码技术、生物技术 两种或两种以上组合 密码技术",
    (3, "4.2.d"): "最小权限 权限分离",
    (3, "4.2.f"): "用户级或进程级 文件、数据库表级",
    (3, "4.2.g"): "安全标记",
    (4, "4.2.g"): "安全标记 强制访问控制规则",
    (2, "4.3.a"): "覆盖到每个用户 重要的用户行为 重要安全事件",
    (4, "4.3.b"): "主体标识 客体标识 结果",
    (3, "4.3.d"): "审计进程 未经授权 中断",
    (3, "4.4.b"): "系统服务 默认共享 高危端口",
    (3, "4.4.e"): "已知漏洞 充分测试评估 修补漏洞",
    (2, "4.5"): "防恶意代码软件 定期升级和更新",
    (3, "4.5"): "主动免疫可信验证机制 有效阻断",
    (2, "4.7"): "校验技术 传输过程中 完整性",
    (3, "4.7.b"): "存储过程中 完整性 重要视频数据 重要个人信息",
    (4, "4.7.c"): "法律责任认定 数据原发证据 数据接收证据 抗抵赖",
    (3, "4.8.b"): "密码技术 存储过程中 保密性 重要业务数据",
    (2, "4.8.b"): "异地数据备份 定时批量传送 备用场地",
    (3, "4.9.b"): "异地实时备份 实时备份至备份场地",
    (4, "4.9.d"): "异地灾难备份中心 实时切换",
    (2, "4.9"): "鉴别信息 重新分配 完全清除",
    (3, "4.10.b"): "敏感数据 完全清除",
    (3, "4.11.a"): "采集和保存 业务必需 个人信息",
    (3, "5.2.b"): "审计记录 分析 存储、管理和查询",
    (3, "5.4.d"): "审计数据 集中分析 留存时间 法律法规",
    (3, "5.4.e"): "安全策略、恶意代码、补丁升级 集中管理",
    (4, "5.4.g"): "唯一确定的时钟",
}


@pytest.mark.parametrize(("level", "tail"), KEY_TERMS)
def test_the_clause_keeps_its_key_terms(level: int, tail: str) -> None:
    text = control(level, tail).text.zh
    assert [term for term in KEY_TERMS[level, tail].split() if term not in text] == []


@pytest.mark.parametrize(
    ("tail", "lower", "only_higher"),
    [
        ("2.2", "2.2.a", "密码技术"),
        ("2.3", "2.3", "动态可信验证"),
        ("3.3", "3.3.a", "防止"),
        ("4.5", "4.5", "主动免疫"),
        ("4.6", "4.6", "关键执行环节"),
        ("4.7", "4.7.a", "重要视频数据"),
        ("4.8.b", "4.9.b", "实时"),
    ],
)
def test_level_2_asks_less_than_level_3(tail: str, lower: str, only_higher: str) -> None:
    """`tail` at level 2 is the requirement `lower` at level 3, in words of its own."""
    two, three = control(2, tail), control(3, lower)
    assert three in catalog().same(two.id)
    assert only_higher not in two.text.zh
    assert only_higher in three.text.zh


def test_numbers_shift_between_levels() -> None:
    assert control(2, "4.8.a").point_title.zh == "数据备份恢复"
    assert control(3, "4.8.a").point_title.zh == "数据保密性"
    assert control(2, "4.9").point_title.zh == "剩余信息保护"
    assert control(2, "3.4").point_title.zh == "恶意代码防范"
    assert control(3, "3.4.a").point_title.zh == "恶意代码和垃圾邮件防范"
    assert control(1, "1.1").point_title.zh == "物理访问控制"
    titles = {
        one.point_title.zh for one in catalog().select(level=2) if one.section.zh == "安全管理中心"
    }
    assert titles == {"系统管理", "审计管理"}
    level_1 = {one.section.zh for one in catalog().select(level=1)}
    assert "安全管理中心" not in level_1


TECHNICAL = ("安全物理环境", "安全通信网络", "安全区域边界", "安全计算环境", "安全管理中心")


@pytest.mark.parametrize("level", CHAPTER)
def test_every_technical_item_is_whole(level: int) -> None:
    """Words in both languages, a question with the evidence wanted, a remedy, a layer a class."""
    for one in catalog().select(standard=GB, level=level, part=Part.GENERAL):
        if one.section.zh not in TECHNICAL:
            continue
        assert one.text.zh, one.id
        assert one.text.en, one.id
        assert one.text.zh.endswith("。"), one.id
        assert one.questions, one.id
        assert all(question.evidence for question in one.questions), one.id
        assert all(question.ask in Ask for question in one.questions)
        assert one.remedy, one.id
        assert {*one.tiers} == {*one.objects}, one.id
        assert one.objects, one.id
        assert one.defences, one.id
        assert one.weight in (0.4, 0.7, 1.0), one.id


def test_layers_follow_the_object_class() -> None:
    tiers = control(3, "4.1.a").tiers
    assert tiers[ObjectClass.NETWORK_DEVICE] is Tier.NETWORK
    assert tiers[ObjectClass.SERVER] is Tier.HOST
    assert tiers[ObjectClass.APPLICATION] is Tier.APPLICATION
    for tail in ("4.7.a", "4.8.b", "4.9.a", "4.10.a", "4.11.b"):
        assert {*control(3, tail).tiers.values()} == {Tier.DATA}
    assert {*control(3, "1.1.a").tiers.values()} == {Tier.PHYSICAL}
    assert {*control(3, "5.4.d").tiers.values()} == {Tier.MANAGEMENT}


def test_an_unverified_item_is_shown_and_not_scored() -> None:
    clock = control(4, "5.4.g")
    assert (clock.status, clock.scored) == (Status.UNVERIFIED, False)
    assert all(
        one.scored and one.status is Status.CONFIRMED
        for level in (2, 3)
        for one in catalog().select(standard=GB, level=level, part=Part.GENERAL)
        if one.section.zh in TECHNICAL
    )


def test_assessment_units_are_data() -> None:
    units = [
        one.unit
        for one in catalog().select(standard=GB, level=3, part=Part.GENERAL)
        if one.section.zh in TECHNICAL
    ]
    assert len({*units}) == len(units) == 96
    assert "L3-CES1-16" not in units  # it does not exist
    assert control(3, "4.4.a").unit == "L3-CES1-17"
    assert control(2, "4.4.a").unit == ""


def test_one_item_has_no_letter_and_both_ways_find_it() -> None:
    plain = catalog().get(f"{GB}:3:8.1.4.6")
    assert plain is not None
    assert plain is catalog().get(f"{GB}:3:8.1.4.6.a")
    assert plain.clause == "8.1.4.6"


@pytest.mark.parametrize(
    "name", ["", "x", "a:b:c", f"{GB}:9:8.1.4.6", f"{GB}:3:8.1.4", f"{GB}:-1:8.1.4.6", "::"]
)
def test_what_is_not_there_is_not_found(name: str) -> None:
    assert catalog().get(name) is None
    assert catalog().same(name) == ()


def test_order_is_that_of_people() -> None:
    points = list(
        dict.fromkeys(
            one.point
            for one in catalog().select(standard=GB, level=3)
            if one.point.startswith("8.1.1.")
        )
    )
    assert points == [f"8.1.1.{number}" for number in range(1, 11)]


SECTION = """
id: s
standard: X
part: general
title: {zh: 节, en: section}
at: {2: "7.1", 3: "8.1"}
basis: {source: X, status: confirmed}
points:
  - title: {zh: 点, en: point}
    at: {2: 1, 3: 2}
    items:
      - {at: {2: a, 3: a}, text: {zh: 甲, en: a}, reads: {2: {zh: 少, en: less}}}
      - {at: {3: b}, text: {zh: 乙, en: b}, status: {3: unverified}}
"""


def test_a_requirement_becomes_a_control_at_each_level() -> None:
    section = loads(Section, SECTION, "s.yaml")
    made, problems = assemble([("s.yaml", section)])
    assert problems == []
    assert [(one.id, one.text.zh, one.scored) for one in made.controls.values()] == [
        ("X:2:7.1.1", "少", True),
        ("X:3:8.1.2.a", "甲", True),
        ("X:3:8.1.2.b", "乙", False),
    ]
    assert [one.id for one in made.same("X:2:7.1.1")] == ["X:2:7.1.1", "X:3:8.1.2.a"]


@pytest.mark.parametrize(
    ("serves", "reached"),
    [
        ({"X:3:8.1.2.b": "decides"}, {"X:3:8.1.2.b": "decides"}),
        (
            {"X:3:8.1.2.a": "decides"},  # level 2 reads otherwise
            {"X:3:8.1.2.a": "decides", "X:2:7.1.1": "contributes"},
        ),
        (
            {"X:3:8.1.2.a": "decides", "X:2:7.1.1.a": "decides"},
            {"X:3:8.1.2.a": "decides", "X:2:7.1.1": "decides"},
        ),
        ({"X:3:9.9": "decides"}, {}),
        ({}, {}),
    ],
)
def test_a_check_reaches_other_levels_where_it_may(
    serves: dict[str, str], reached: dict[str, str]
) -> None:
    made, _ = assemble([("s.yaml", loads(Section, SECTION, "s.yaml"))])
    links = [Serves(control=name, link=Link(link)) for name, link in serves.items()]
    assert {name: link.value for name, link in reach(made, links).items()} == reached


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("at: {3: b}", "at: {3: a}", "stands twice"),
        ("at: {3: b}", "at: {4: b}", "names level 4"),
        ("at: {2: 1, 3: 2}", "at: {2: 1, 3: 2, 4: 2}", "level 4 is not among the levels"),
        ("{2: {zh: 少", "{4: {zh: 少", "names level 4"),
        ("id: s", "id: t", "is not the file name"),
        ("part: general", "part: generic", "did you mean `general`?"),
        ("text: {zh: 乙, en: b}", "texts: {zh: 乙, en: b}", "did you mean `text`?"),
        ("at: {2: a, 3: a}", "at: {3: a}", "without an item"),
    ],
)
def test_wrong_data_is_refused_with_its_file(tmp_path: Path, old: str, new: str, said: str) -> None:
    (tmp_path / "x").mkdir()
    file = tmp_path / "x" / "s.yaml"
    file.write_text(SECTION.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(DataError) as caught:
        load_catalog(tmp_path)
    assert said in str(caught.value)
    assert str(file) in str(caught.value)


def test_the_digest_follows_the_content(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    file = tmp_path / "x" / "s.yaml"
    file.write_text(SECTION, encoding="utf-8")
    before = load_catalog(tmp_path).digest
    assert before == load_catalog(tmp_path).digest
    file.write_text(SECTION.replace("甲", "丙"), encoding="utf-8")
    assert before != load_catalog(tmp_path).digest
