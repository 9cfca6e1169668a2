"""GB/T 22239 x.1.6-x.1.10, the extensions and annex H: how many items, and which words."""

from __future__ import annotations

from collections import Counter

import pytest

from audit.catalog import Catalog, load_catalog
from audit.model import Control, Part, Tier
from audit.population import load_population, verify
from rules.model import Status

STANDARD = "GBT22239-2019"
GENERAL_OWN = ("安全管理制度", "安全管理机构", "安全管理人员", "安全建设管理", "安全运维管理")
EXTENSIONS = (Part.CLOUD, Part.MOBILE, Part.IOT, Part.ICS)

TOTALS = {
    (Part.GENERAL, 1): 30, (Part.GENERAL, 2): 78, (Part.GENERAL, 3): 115, (Part.GENERAL, 4): 123,
    (Part.CLOUD, 1): 11, (Part.CLOUD, 2): 29, (Part.CLOUD, 3): 46, (Part.CLOUD, 4): 49,
    (Part.MOBILE, 1): 5, (Part.MOBILE, 2): 14, (Part.MOBILE, 3): 19, (Part.MOBILE, 4): 21,
    (Part.IOT, 1): 4, (Part.IOT, 2): 7, (Part.IOT, 3): 20, (Part.IOT, 4): 21,
    (Part.ICS, 1): 9, (Part.ICS, 2): 15, (Part.ICS, 3): 21, (Part.ICS, 4): 22,
    (Part.BIGDATA, 3): 24,
}  # fmt: skip

# What the text at a clause must speak of, and must not where a lower level asks less.
TERMS: tuple[tuple[str, str, str], ...] = (
    ("2:7.1.6.2.a", "主要管理内容", "各类"),
    ("3:8.1.6.2.a", "各类管理内容", "主要"),
    ("3:8.1.6.2.c", "安全策略 管理制度 操作规程 记录表单 全面", ""),
    ("3:8.1.7.1.a", "委员会 领导小组 最高领导 主管领导", ""),
    ("2:7.1.7.1.a", "职能部门 安全主管 负责人", "委员会"),
    ("3:8.1.7.2.b", "专职 安全管理员 兼任", ""),
    ("2:7.1.7.3.b", "系统变更 重要操作 物理访问 系统接入 审批", "逐级"),
    ("3:8.1.7.3.b", "系统变更 重要操作 物理访问 系统接入 审批程序 逐级审批", ""),
    ("3:8.1.7.5.b", "有效性 一致性 执行情况 全面", ""),
    ("2:7.1.8.1.b", "身份 安全背景 专业资格 资质", "技能"),
    ("3:8.1.8.1.b", "身份 安全背景 专业资格 资质 技术技能 考核", ""),
    ("3:8.1.8.1.c", "保密协议 岗位责任协议", ""),
    ("2:7.1.8.2", "终止 访问权限 身份证件 钥匙 徽章 软硬件设备", "调离"),
    ("3:8.1.8.4.d", "保密协议 非授权操作 敏感信息 复制 泄露", ""),
    ("2:7.1.9.2.b", "等级 设计", "密码"),
    ("3:8.1.9.2.b", "整体规划 其他级别 密码技术 配套文件", ""),
    ("2:7.1.9.4.b", "安全性测试 安装前 恶意代码", ""),
    ("3:8.1.9.4.e", "安全性测试 安装前 恶意代码", ""),
    ("3:8.1.9.4.f", "程序资源库 授权 批准 版本控制", ""),
    ("3:8.1.9.5.c", "源代码 后门 隐蔽信道", ""),
    ("3:8.1.9.6.c", "第三方 工程监理", ""),
    ("2:7.1.9.7.b", "上线前 安全性测试 安全测试报告", "密码"),
    ("3:8.1.9.7.b", "上线前 安全性测试 安全测试报告 密码应用安全性测试", ""),
    ("3:8.1.9.10.b", "整个服务供应链 网络安全 义务", ""),
    ("2:7.1.10.1.b", "物理访问 物品 环境安全", "带进带出"),
    ("3:8.1.10.4.c", "审批 带离 存储介质 加密", ""),
    ("3:8.1.10.6.g", "变更性运维 审批 不可更改 审计日志 配置信息库 同步更新", ""),
    ("3:8.1.10.6.h", "运维工具 审批 不可更改 审计日志 敏感数据 删除", ""),
    ("3:8.1.10.6.i", "远程运维 接口 通道 审批 审计日志 立即关闭", ""),
    ("3:8.1.10.6.j", "外部 连接 授权 批准 违反规定 无线上网", ""),
    ("2:7.1.10.7.c", "恶意代码库 升级 截获", ""),
    ("3:8.1.10.7.b", "恶意代码 技术措施 有效性 验证", ""),
    ("3:8.1.10.10.c", "中止变更 恢复 过程控制方法 人员职责 演练", ""),
    ("3:8.1.10.12.d", "系统中断 信息泄漏 处理程序 报告程序", ""),
    ("3:8.1.10.13.a", "框架 启动 应急组织 资源保障 教育 培训", ""),
    ("2:7.1.10.13.a", "重要事件 应急预案 应急处理流程 系统恢复流程", ""),
    ("3:8.1.10.14.d", "敏感信息 访问 处理 存储 中断服务 应急保障", ""),
    ("4:9.1.10.9.c", "硬件密码模块 密码运算 密钥管理", ""),
    ("4:9.1.10.12.e", "联合防护 应急机制 跨单位", ""),
    ("3:8.2.1.1", "云计算基础设施 中国境内", ""),
    ("3:8.2.4.1", "双向身份验证 管理终端", ""),
    ("2:7.2.4.3.c", "迁移 完整性 恢复措施", "密码"),
    ("3:8.2.4.5.c", "校验码 密码技术 迁移 完整性 恢复措施", ""),
    ("3:8.2.6.1.c", "服务水平协议 管理范围 隐私保护 违约责任", ""),
    ("3:8.2.7.1", "运维地点 中国境内 境外", ""),
    ("2:7.3.2.2", "WEP 口令 8位", "认证服务器"),
    ("3:8.3.2.2", "接入认证 认证服务器 国家密码管理机构 密码模块", "WEP"),
    ("2:7.3.3.1.b", "可靠证书", "指定"),
    ("3:8.3.3.2.b", "指定证书", "可靠"),
    ("3:8.3.3.2.c", "白名单", ""),
    ("3:8.4.3.3.a", "新鲜性 重放", ""),
    ("2:7.5.2.1.a", "两个区域 技术隔离", "单向"),
    ("3:8.5.2.1.a", "两个区域 单向 技术隔离", "专用产品"),
    ("4:9.5.2.1.a", "专用产品 单向安全隔离", ""),
    ("3:8.5.3.1.a", "E-Mail Web Telnet Rlogin FTP", ""),
    ("3:8.5.4.1.c", "USB接口 串行口 多余网口 监控", ""),
    ("3:H.4.3.f", "静态脱敏 去标识化", ""),
)


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog()


def own(catalog: Catalog) -> list[Control]:
    """The Controls this file answers for."""
    return [
        one
        for one in catalog.controls.values()
        if one.standard == STANDARD
        and (one.part is not Part.GENERAL or one.section.zh in GENERAL_OWN)
    ]


def test_the_totals_of_each_part_and_level(catalog: Catalog) -> None:
    found = Counter((one.part, one.level) for one in own(catalog))
    assert {key: found[key] for key in TOTALS} == TOTALS


def test_the_census_counts_every_point_and_holds(catalog: Catalog) -> None:
    censuses = load_population()
    assert list(verify(catalog, censuses)) == []
    counted = {(one.part, one.level, section) for one in censuses for section in one.sections}
    for one in own(catalog):
        if one.part is not Part.BIGDATA or one.level == 3:
            assert (one.part, one.level, one.point.rpartition(".")[0]) in counted, one.id


def test_the_census_and_the_totals_agree() -> None:
    sums = Counter[tuple[Part, int]]()
    for one in load_population():
        if one.part is not Part.GENERAL:
            sums[one.part, one.level] += one.total
    assert sums == {key: n for key, n in TOTALS.items() if key[0] is not Part.GENERAL}


@pytest.mark.parametrize(("name", "wanted", "unwanted"), TERMS, ids=[one for one, _, _ in TERMS])
def test_the_words_of_a_clause(catalog: Catalog, name: str, wanted: str, unwanted: str) -> None:
    control = catalog.get(f"{STANDARD}:{name}")
    assert control is not None
    assert [term for term in wanted.split(" ") if term not in control.text.zh] == []
    assert [term for term in unwanted.split() if term in control.text.zh] == []


def test_every_item_can_be_examined(catalog: Catalog) -> None:
    for one in own(catalog):
        assert one.questions, one.id
        assert all(question.evidence for question in one.questions), one.id
        assert one.remedy, one.id
        assert one.defences, one.id
        assert one.objects, one.id
        assert set(one.tiers) == set(one.objects), one.id
        assert one.weight in (0.4, 0.7, 1.0), one.id


def test_texts_are_in_both_languages(catalog: Catalog) -> None:
    for one in own(catalog):
        texts = [one.text, one.point_title, one.section, *(q.text for q in one.questions)]
        texts += [q.evidence for q in one.questions if q.evidence]
        texts += [one.remedy] if one.remedy else []
        for text in texts:
            assert any("一" <= letter <= "鿿" for letter in text.zh), one.id
            assert text.en.isascii(), (one.id, text.en)


def test_no_two_clauses_of_a_level_say_the_same(catalog: Catalog) -> None:
    said = Counter((one.level, one.part, one.text.zh) for one in own(catalog))
    assert [key for key, count in said.items() if count > 1] == []


def test_what_is_unsure_is_not_scored(catalog: Catalog) -> None:
    for one in own(catalog):
        if one.part is Part.BIGDATA:
            assert not one.scored, one.id
            continue
        assert one.scored == (one.status is not Status.UNVERIFIED), one.id
        if one.level == 3:
            assert one.status is Status.CONFIRMED, one.id
        if one.level == 4:
            assert one.status is not Status.CONFIRMED, one.id
        if one.level == 1 and one.part in EXTENSIONS:
            assert one.status is Status.UNVERIFIED, one.id


LAYERS = {
    "安全物理环境": {Tier.PHYSICAL},
    "安全通信网络": {Tier.NETWORK},
    "安全区域边界": {Tier.NETWORK},
    "安全管理中心": {Tier.MANAGEMENT},
    "安全建设管理": {Tier.MANAGEMENT},
    "安全运维管理": {Tier.MANAGEMENT, Tier.DATA},
}


def test_sections_of_the_extensions_lie_in_their_layer(catalog: Catalog) -> None:
    for one in own(catalog):
        if one.section.zh in LAYERS:
            assert {*one.tiers.values()} <= LAYERS[one.section.zh], one.id


def test_management_lies_in_the_management_layer(catalog: Catalog) -> None:
    for one in own(catalog):
        if one.section.zh in GENERAL_OWN and one.part is Part.GENERAL:
            backup = one.point_title.zh == "备份与恢复管理"
            wanted = {Tier.MANAGEMENT, Tier.DATA} if backup else {Tier.MANAGEMENT}
            assert set(one.tiers.values()) == wanted, one.id
