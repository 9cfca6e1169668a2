"""The words of the report for the closed choices of the model: tables, nothing else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from audit.model import Defence, ObjectClass, RepairState, Severity, State, Why
from audit.risk import RiskState
from rules.model import Status

CHINA = timezone(timedelta(hours=8))

STATES = {
    State.PASS: "符合",
    State.PARTIAL: "部分符合",
    State.FAIL: "不符合",
    State.NOT_APPLICABLE: "不适用",
    State.UNKNOWN: "未知",
}
WHYS = {Why.NOT_CHECKED: "未检查", Why.ERROR: "检查失败", Why.PENDING: "待人工判定"}
SEVERITIES = {Severity.HIGH: "高", Severity.MEDIUM: "中", Severity.LOW: "低"}
RISKS = {
    RiskState.TRIGGERED: "成立",
    RiskState.CANDIDATE: "待判定",
    RiskState.UNKNOWN: "未知",
    RiskState.LOWERED: "已缓解",
    RiskState.CLEAR: "不成立",
    RiskState.NOT_APPLICABLE: "不适用",
}
REPAIRS = {
    RepairState.OPEN: "待下发",
    RepairState.SENT: "整改中",
    RepairState.DONE: "已报完成",
    RepairState.VERIFIED: "复查通过",
    RepairState.REFUSED: "退回",
    RepairState.CLOSED: "已关闭",
}
STATUSES = {
    Status.CONFIRMED: "已核实",
    Status.SECONDARY: "二手来源",
    Status.UNVERIFIED: "未核实",
}
DEFENCES = {
    Defence.DYNAMIC: "动态防御",
    Defence.ACTIVE: "主动防御",
    Defence.DEPTH: "纵深防御",
    Defence.PRECISE: "精准防护",
    Defence.OVERALL: "整体防控",
    Defence.JOINT: "联防联控",
}
OBJECTS = {
    ObjectClass.ROOM: "机房",
    ObjectClass.NETWORK: "网络",
    ObjectClass.NETWORK_DEVICE: "网络设备",
    ObjectClass.SECURITY_DEVICE: "安全设备",
    ObjectClass.SERVER: "服务器",
    ObjectClass.TERMINAL: "终端",
    ObjectClass.DATABASE: "数据库",
    ObjectClass.MIDDLEWARE: "中间件",
    ObjectClass.APPLICATION: "应用系统",
    ObjectClass.DATA: "数据",
    ObjectClass.MANAGEMENT_PLATFORM: "管理平台",
    ObjectClass.PEOPLE: "人员与制度",
}


def moment(seconds: float) -> str:
    """Beijing time for people; nothing where there is none."""
    if seconds <= 0:
        return ""
    try:
        return datetime.fromtimestamp(seconds, CHINA).strftime("%Y-%m-%d %H:%M")
    except (ValueError, OverflowError, OSError):
        return "（时间无效）"


def instant(seconds: float) -> str:
    """The same for machines: ISO 8601 in UTC."""
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
    except (ValueError, OverflowError, OSError):
        return "1970-01-01T00:00:00+00:00"


def percent(share: float | None) -> str:
    return "—" if share is None else f"{share:.1%}"


def state(one: State, why: Why | None = None) -> str:
    return f"{STATES[one]}（{WHYS[why]}）" if why else STATES[one]
