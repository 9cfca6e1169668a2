"""Access lists: how many rules, which let everything through, which are applied nowhere. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from audit.probes.network.sections import Config, Line

_CHINESE = re.compile(r"acl (?:ipv6 )?(?:number |name |basic |advanced |mac )?(?:name )?(\S+)")
_NAMED = re.compile(r"(?:ip|ipv6|mac|expert) access-list (?:(standard|extended) )?(\S+)")
_RULE = re.compile(r"(?:rule (?:\d+ )?|\d+ )?(permit|deny)\b\s*(.*)")
_DANGEROUS = ("135", "137", "138", "139", "445")
_NAMES = {"netbios-ns": "137", "netbios-dgm": "138", "netbios-ssn": "139"}
MAX_LISTED = 500


def _lists(config: Config) -> Iterator[tuple[str, list[str]]]:
    numbered: dict[str, list[str]] = {}
    for line in config.lines(r"access-list \S+"):
        words = line.text.split(" ", 2)
        if len(words) == 3:
            numbered.setdefault(words[1], []).append(words[2])
    yield from numbered.items()
    for line in config.lines(r"acl ") if config.undo else ():
        if hit := _CHINESE.match(line.text):
            named = re.search(r"\bname (\S+)", line.text)
            yield (named[1] if named and "number" not in line.text else hit[1]), _texts(line)
    for word in ("ip", "ipv6", "mac", "expert"):
        for line in config.lines(rf"{word} access-list (?!resequence|log|logging)"):
            if hit := _NAMED.match(line.text):
                yield hit[2], _texts(line)


def _texts(line: Line) -> list[str]:
    return [one.text for one in line.inner]


def rules(texts: list[str]) -> list[tuple[str, str]]:
    """Action and what it matches, of the lines of a list."""
    return [(hit[1], " ".join(hit[2].split())) for one in texts if (hit := _RULE.match(one))]


def everything(match: str) -> bool:
    """The rule names neither an address nor a port."""
    words = re.sub(r"\b(?:counting|logging|log)\b", "", match).split()
    if "time-range" in words or "established" in words:
        return False
    if re.fullmatch(r"(?:ip )?(?:source )?0\.0\.0\.0 255\.255\.255\.255", " ".join(words)):
        return True
    if not words:
        return True
    return words in (
        ["any"], ["ip"], ["ip", "any", "any"], ["ipv6", "any", "any"], ["ipv6"], ["source", "any"],
        ["ip", "source", "any"], ["ip", "source", "any", "destination", "any"],
        ["ip", "destination", "any"],
    )  # fmt: skip


def filters(config: Config) -> dict[str, Any]:
    """The access lists and a summary of them."""
    applied = _applied(config)
    listed = []
    text_rules = 0
    duplicates = shadowed = dead = 0
    blocked: set[str] = set()
    five = stateful = False
    for name, texts in _lists(config):
        found = rules(texts)
        text_rules += len(found)
        duplicates += len(found) - len({*found})
        wide = [number for number, (_, match) in enumerate(found) if everything(match)]
        shadowed += len(found) - 1 - wide[0] if wide else 0
        for action, match in found:
            five = five or bool(re.search(r"\b(?:tcp|udp)\b.*(?:eq|range|port|gt|lt)\b", match))
            stateful = stateful or "established" in match or "reflect" in match
            if action == "deny":
                blocked |= _ports(match)
        dead += not found
        listed.append(
            {
                "name": name,
                "rules": len(found),
                "permits_everything": any(found[number][0] == "permit" for number in wide[:1]),
                "denies_rest": _closed(found, config),
                "applied": name in applied,
            }
        )  # fmt: skip
    packet = [one for one in listed if one["name"] in _filtering(config)]
    return {
        "lists": listed[:MAX_LISTED],
        "count": len(listed),
        "rules": text_rules,
        "applied": sum(one["applied"] for one in listed),
        "unused": sum(not one["applied"] for one in listed),
        "empty": dead,
        "duplicate_rules": duplicates,
        "shadowed_rules": shadowed,
        "filtering": len(packet),
        "filtering_permits_everything": sum(bool(one["permits_everything"]) for one in packet),
        "filtering_denies_rest": bool(packet) and all(bool(one["denies_rest"]) for one in packet),
        "by_port": five,
        "stateful": stateful,
        "dangerous_ports_blocked": blocked >= {*_DANGEROUS},
    }


def _closed(found: list[tuple[str, str]], config: Config) -> bool:
    """What no rule names is refused: by itself (IOS, RGOS), or by a last rule (VRP, Comware)."""
    wide = next((action for action, match in found if everything(match)), "")
    return bool(found) and (wide == "deny" or (not wide and not config.undo))


def _ports(match: str) -> set[str]:
    found = {word for word in _DANGEROUS if re.search(rf"\beq (?:\d+ )*{word}\b", match)}
    found |= {number for name, number in _NAMES.items() if f"eq {name}" in match}
    if hit := re.search(r"range (\S+) (\S+)", match):
        low, high = (_NAMES.get(one, one) for one in (hit[1], hit[2]))
        if low.isdigit() and high.isdigit():
            found |= {word for word in _DANGEROUS if int(low) <= int(word) <= int(high)}
    return found


_FILTER = re.compile(
    r"(?:traffic-filter|packet-filter|firewall packet-filter|ip access-group|ipv6 traffic-filter"
    r"|mac access-group|expert access-group)\s+(.*)"
)
_USED = re.compile(
    r"\b(?:acl|access-class|access-group|packet-filter|traffic-filter|if-match|match access-group"
    r"|match ip address|nat outbound|list|filter-policy|ip nat inside source list|permit acl)\b(.*)"
)
_SNMP = re.compile(r"snmp-(?:agent|server) community .*?(?:\b(?:ro|rw)\b\s+)?(\S+)$", re.I)


def _words(text: str) -> set[str]:
    return {
        one
        for one in text.split()
        if one not in ("inbound", "outbound", "in", "out", "acl", "name", "ipv6")
    }


def _filtering(config: Config) -> set[str]:
    found: set[str] = set()
    for line in _everywhere(config):
        if hit := _FILTER.match(line):
            found |= _words(hit[1])
    return found


def _applied(config: Config) -> set[str]:
    found: set[str] = set()
    for text in _everywhere(config):
        if text.startswith(("acl ", "ip access-list", "access-list", "rule ")):
            continue
        for hit in (_USED.search(text), _SNMP.match(text)):
            if hit:
                found |= _words(hit[1])
    return found


def _everywhere(config: Config) -> Iterator[str]:
    for one in config.top:
        yield one.text
        if not one.text.startswith(("acl ", "ip access-list")):
            yield from (inner.text for inner in one.deep())
