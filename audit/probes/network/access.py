"""Who may log in to the device and how: users, lines, authentication, remote services. Pure.

Of a password only its form is kept: irreversible, reversible, plain or none.
"""

from __future__ import annotations

import re
from typing import Any

from audit.probes.network.sections import Config, Line

DEFAULT_NAMES = frozenset(("admin", "huawei", "h3c", "cisco", "ruijie", "root", "test", "guest"))
REMOTE = ("vty",)


def form(words: str) -> str | None:
    """How a password is kept, from the words before and with it."""
    text = words.lower()
    if re.search(
        r"irreversible|\bhash\b|secret (?:sha256 )?[589] |secret 10 |\bsecret (?!\d+ )", text
    ):
        return "irreversible"
    if re.search(r"secret 4 ", text):
        return "reversible"  # the unsalted type 4: withdrawn by its vendor
    if re.search(r"\bcipher\b|(?:password|secret) 7 |password [56] ", text):
        return "irreversible" if re.search(r"password [5] ", text) else "reversible"
    return "plain" if re.search(r"password|secret|simple", text) else None


def users(config: Config) -> list[dict[str, Any]]:
    """Local users of management; those for network access (portal, 802.1X) are left out."""
    found: dict[str, dict[str, Any]] = {}
    for name, words in _user_words(config):
        one = found.setdefault(
            name, {"privilege": None, "password": None, "services": [], "network": False}
        )
        one["password"] = form(words) if re.search(r"password|secret", words) else one["password"]
        if hit := re.search(r"(?:privilege level|privilege|\blevel) (\d+)", words):
            one["privilege"] = int(hit[1])
        if "network-admin" in words or "level-15" in words:
            one["privilege"] = 15
        elif hit := re.search(r"user-role level-(\d+)", words):
            one["privilege"] = int(hit[1])
        elif "network-operator" in words:
            one["privilege"] = 1
        if hit := re.search(r"service-type (.+)", words):
            one["services"] = sorted({*one["services"], *hit[1].split()})
        one["network"] |= "class network" in words or "web-auth" in words
    return [
        {
            "name": name,
            "privilege": one["privilege"],
            "password": one["password"] or "none",
            "services": one["services"],
            "default_name": name.lower() in DEFAULT_NAMES,
        }
        for name, one in found.items()
        if not one["network"] and not ({*one["services"]} and {*one["services"]} <= _GUESTS)
    ]


_GUESTS = {"8021x", "ppp", "lan-access", "portal"}


def _user_words(config: Config) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    places = [*config.top, *(one for aaa in config.lines(r"aaa$") for one in aaa.inner)]
    for line in places:
        hit = re.match(r"(?:local-user|manager-user|username) (\S+) ?(.*)", line.text)
        if not hit:
            continue
        if hit[2] or not line.inner:
            found.append((hit[1], hit[2]))
        found += [(hit[1], one.text) for one in line.inner]
    return found


def privilege_password(config: Config) -> str | None:
    """How the password for the highest level is kept."""
    for line in [
        *config.lines(r"enable (?:secret|password)"),
        *config.lines(r"super (?:password|authentication)"),
    ]:
        if found := form(line.text):
            return found
    return None


_LINE = re.compile(
    r"(?:user-interface|line(?: class)?) (con(?:sole)?|aux|vty|tty|usb)(?: (\d+)(?: (\d+))?)?"
)


def lines(config: Config) -> list[dict[str, Any]]:
    """Console and remote lines; a key that is absent hangs on the version."""
    found = []
    for line in config.top:
        hit = _LINE.match(line.text)
        if hit:
            found.append(_line(config, line, hit[1].replace("console", "con")))
    return found


def _line(config: Config, line: Line, kind: str) -> dict[str, Any]:
    one: dict[str, Any] = {"kind": "console" if kind == "con" else kind}
    acl = line.first(r"(?:acl|access-class)(?: ipv6)? (?!ipv6)(\S+)")
    one["acl"] = acl is not None
    one["idle_minutes"] = _idle(config, line)
    one["authentication"] = _authentication(config, line)
    protocols = _protocols(line)
    if protocols is not None:
        one["protocols"] = protocols
    if one["idle_minutes"] is None:
        del one["idle_minutes"]
    if one["authentication"] is None:
        del one["authentication"]
    if password := line.first(r"(?:set authentication )?(password .*)"):
        one["password"] = form(password[1])
    return one


def _idle(config: Config, line: Line) -> float | None:
    if line.has(r"(?:no exec$|undo shell)"):
        return 1.0
    if line.has(r"(?:no exec-timeout|undo idle-timeout$)"):
        return 0.0 if not config.undo else 10.0
    hit = line.first(r"(?:idle-timeout|exec-timeout) (\d+)(?: (\d+))?")
    if hit:
        return int(hit[1]) + int(hit[2] or 0) / 60
    return 10.0  # the documented default of all four


def _authentication(config: Config, line: Line) -> str | None:
    if line.has(r"no exec$"):
        return "aaa"
    if hit := line.first(r"authentication-mode (\S+)"):
        return {"aaa": "aaa", "scheme": "aaa", "password": "password", "none": "none"}.get(hit[1])
    if line.has(r"undo authentication-mode"):
        return "none"
    if line.has(r"login authentication"):
        return "aaa"
    if line.has(r"login local"):
        return "local"
    if line.has(r"no login"):
        return "none"
    if config.has(r"aaa new-model"):
        return "aaa"
    return "password" if line.has(r"login$") or line.has(r"password ") else None


def _protocols(line: Line) -> list[str] | None:
    hit = line.first(r"(?:protocol inbound|transport input) (.+)")
    if not hit:
        return [] if line.has(r"no exec$") else None
    words = hit[1].split()
    return ["ssh", "telnet"] if words == ["all"] else [] if words == ["none"] else sorted(words)


def authentication(config: Config, listed: list[dict[str, Any]]) -> dict[str, Any]:
    """AAA, servers, lock-out, password rules."""
    deep = [config.lines(r"aaa\b"), config.lines(r"domain "), config.lines(r"(?:radius|hwtacacs)")]
    inner = [one.text for group in deep for line in group for one in line.deep()]
    text = "\n".join([*(one.text for one in config.top), *inner])
    central = re.search(
        r"^(?:radius-server (?:host|authentication|template)|radius server|primary authentication"
        r"|tacacs-server host|tacacs server|hwtacacs-server (?:authentication|template))\b",
        text,
        re.M,
    )
    found: dict[str, Any] = {
        "aaa": bool(re.search((
            r"^(?:aaa new-model|authentication-scheme|authentication login)"
        ), text, re.M))
        or any(one.get("authentication") == "aaa" for one in listed),
        "central": central is not None,
        "accounting": bool(re.search((
            r"^(?:aaa accounting exec|accounting-mode (?:radius|hwtacacs)"
            r"|accounting login (?:radius|hwtacacs)|accounting-scheme (?!default))"
        ), text, re.M)),
        "command_accounting": bool(re.search((
            r"^(?:aaa accounting commands|accounting command|command accounting"
            r"|cmd recording-scheme|recording-mode hwtacacs)"
        ), text, re.M)),
        "command_authorization": bool(re.search((
            r"^(?:aaa authorization commands|authorization command|command authorization"
            r"|authorization-cmd)"
        ), text, re.M)),
        "public_key": bool(re.search((
            r"^(?:ssh user \S+ (?:authentication-type"
            r"|service-type \S+ authentication-type) (?:rsa|ecc|dsa|publickey|password-publickey"
            r"|password-rsa|all|any)|ip ssh pubkey-chain|ip ssh peer \S+ public-key)"
        ), text, re.M)),
        "two_factors": bool(re.search((
            r"^ssh user \S+ (?:service-type \S+ )?authentication-type (?:password-publickey"
            r"|password-rsa|password-ecc|password-x509v3-rsa)"
        ), text, re.M)),
    }  # fmt: skip
    found |= _lockout(config, text)
    found |= _complexity(config.platform, text)
    return found


def _lockout(config: Config, text: str) -> dict[str, Any]:
    patterns = (
        r"^local-aaa-user wrong-password retry-interval \d+ retry-time (?P<n>\d+)",
        r"^password-control login-attempt (?P<n>\d+) exceed lock",
        r"^login block-for (?P<s>\d+) attempts (?P<n>\d+) within",
        r"^aaa local authentication attempts (?P<n>\d+)",
        r"^aaa local authentication attempts max-fail (?P<n>\d+)",
        r"^lock-authentication failed-count (?P<n>\d+)",
    )
    if config.undo and re.search(r"^undo local-aaa-user wrong-password", text, re.M):
        return {"lockout": False, "lockout_attempts": None}
    for pattern in patterns:
        if hit := re.search(pattern, text, re.M):
            return {"lockout": True, "lockout_attempts": int(hit["n"])}
    if config.platform == "vrp":
        return {}  # on by default since V200R003, off before: not to be guessed
    counted = config.platform == "ruijie" and config.has(r"aaa new-model")  # three, by itself
    return {"lockout": counted, "lockout_attempts": 3 if counted else None}


def _complexity(platform: str, text: str) -> dict[str, Any]:
    enabled = bool(
        re.search(
            r"^(?:password-control (?:enable|composition)|security passwords min-length"
            r"|password policy (?:strong|min-size)|local-aaa-user password policy"
            r"|aaa common-criteria policy|user-password complexity-check)", text, re.M,
        )
    )  # fmt: skip
    length = re.search(
        r"^(?:password-control length|security passwords min-length|password policy min-size"
        r"|set password min-length|password min-length|min-length) (\d+)", text, re.M,
    )  # fmt: skip
    age = re.search(
        (
            r"^(?:password-control aging|password expire|password policy life-cycle"
            r"|lifetime day) (\d+)"
        ),
        text,
        re.M,
    )
    usual = {"comware": (10, 90) if enabled else (0, 0), "vrp": (None, None)}
    least, days = usual.get(platform, (0, 0))  # what holds where nothing is written
    least = int(length[1]) if length else least
    days = int(age[1]) if age else days
    return {
        "complexity": enabled,
        **({} if least is None else {"min_length": least}),
        **({} if days is None else {"aging_days": days}),
        "history": bool(re.search((
            r"^(?:password-control history|password history|password policy no-repeat)"
        ), text, re.M)),
    }  # fmt: skip


def remote(config: Config, listed: list[dict[str, Any]]) -> dict[str, Any]:
    """Whether telnet, SSH, web and file servers can be reached, and how SSH is set."""
    vty = [one for one in listed if one["kind"] in REMOTE]
    spoken = [one.get("protocols") for one in vty]
    found: dict[str, Any] = {}
    telnet = config.switch(
        r"telnet (?:ipv6 )?server(?:-source|$| enable)|enable service telnet-server"
    )
    if telnet is False or (
        spoken and all(one is not None and "telnet" not in one for one in spoken)
    ):
        found["telnet"] = False
    elif any(one is not None and "telnet" in one for one in spoken) or telnet:
        found["telnet"] = True
    ssh = config.switch(
        r"(?:stelnet|ssh)(?: ipv4| ipv6)? server enable|stelnet server"
        r"|enable service ssh-server|ip ssh version|ssh server (?:port|acl|v|time)"
    )
    if ssh is not None or any(one is not None and "ssh" in one for one in spoken):
        found["ssh"] = ssh is not False
    absent = {"comware": False, "ios": None, "ruijie": None, "vrp": None}[config.platform]
    if config.platform == "comware" and not config.version.startswith("7"):
        absent = None
    for name, pattern in _SERVERS.items():
        value = config.switch(pattern, absent if name in ("http", "https") else False)
        if value is not None:
            found[name] = value
    if config.has(r"no service tcp-small|service tcp-small-servers|service udp-small"):
        found["small_servers"] = config.has(r"service (?:tcp|udp)-small-servers")
    elif config.platform != "ios" or config.version[:2] in ("15", "16", "17"):
        found["small_servers"] = False
    found |= _ssh(config)
    return found


_SERVERS = {
    "http": (
        r"http server enable|ip http enable|ip http server$|enable service web-server(?: http)?$"
        r"|web-manager enable"
    ),
    "https": (
        r"http secure-server enable|ip https enable|ip http secure-server"
        r"|enable service web-server https|web-manager security enable"
    ),
    "ftp": r"ftp (?:ipv6 )?server enable|ftp server$|ftp-server enable|enable service ftp-server",
    "tftp": r"tftp-server (?:enable|flash|nvram|slot)",
}


def _ssh(config: Config) -> dict[str, Any]:
    found: dict[str, Any] = {}
    legacy = r"ssh server compatible-ssh1x enable|ssh server ssh1\.x|ip ssh version 1"
    if config.platform == "ios":
        if config.has(r"ip ssh version"):
            found["ssh_version_1"] = config.has(r"ip ssh version 1")
    else:
        found["ssh_version_1"] = config.has(legacy) and not config.off(r"ssh server compatible")
    text = "\n".join(one.text for one in config.lines(r"ssh|ip ssh"))
    ciphers = re.search((
        r"(?:ssh server cipher|ssh2 algorithm cipher|ip ssh server algorithm encryption"
        r"|ip ssh cipher-mode) (.+)"
    ), text)  # fmt: skip
    if ciphers:
        found["ssh_weak_ciphers"] = bool(re.search(r"cbc|3des|\bdes\b|arcfour|rc4", ciphers[1]))
    macs = re.search((
        r"(?:ssh server hmac|ssh2 algorithm mac|ip ssh server algorithm mac"
        r"|ip ssh hmac-algorithm) (.+)"
    ), text)  # fmt: skip
    if macs:
        found["ssh_weak_macs"] = bool(
            re.search(r"md5|sha1-96|sha1_96|md5-96|\bsha1\b|hmac-sha1\b", macs[1])
        )
    kex = re.search((
        r"(?:ssh server (?:key-exchange|dh-exchange)|ssh2 algorithm key-exchange"
        r"|ip ssh server algorithm kex|ip ssh key-exchange)\S* (.+)"
    ), text)  # fmt: skip
    if kex:
        found["ssh_weak_kex"] = bool(
            re.search(r"group1[_-]|group1\b|group-exchange[_-]sha1|group14[_-]sha1", kex[1])
        )
    found["ssh_acl"] = bool(
        re.search(r"ssh (?:ipv4 )?server acl|ssh server acl|ssh server-source", text)
    ) or (any(line.has(r"(?:acl|access-class) ") for line in config.top if _LINE.match(line.text)))
    return found
