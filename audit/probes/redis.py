"""Ask a Redis server with commands that only read, or read its redis.conf. A door.

INFO, CONFIG GET of a closed list, ACL LIST and COMMAND INFO; no more is ever sent. A command
that is renamed or refused is a gap. What comes back with secrets in it (ACL LIST holds hashes)
is reduced at once and never kept. A server that hangs is unknown within the timeout.
"""

from __future__ import annotations

import queue
import threading
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from audit.model import Evidence, Target
from audit.probes import redis_facts
from audit.probes.host import made, redact
from audit.probes.sql.document import nothing
from rules.load import DataError, Problem

PROBE = "redis"
METHOD = "Redis 只读命令 / INFO, CONFIG GET, ACL LIST, COMMAND INFO"
OFFLINE = "redis.conf 文件 / the file redis.conf"
COLLECTOR = "qinglang-redis"
MAX_FILE = 4 * 1024 * 1024
COMMANDS = ("INFO", "CONFIG GET", "ACL LIST", "COMMAND INFO")


def look(target: Target, *, now: float, timeout: float = 15.0, password: str = "") -> Evidence:
    """Evidence of one Redis server. Never raises for what the target does."""
    done: queue.SimpleQueue[tuple[dict[str, Any], str]] = queue.SimpleQueue()

    def run() -> None:
        try:
            done.put((_ask(target, timeout, password), ""))
        except RedisError as error:
            done.put(({}, f"redis: {type(error).__name__}: {str(error)[:150]}"))
        except Exception as error:  # the door: hostile servers make clients raise anything
            done.put(({}, f"unreachable: {type(error).__name__}: {str(error)[:150]}"))

    threading.Thread(target=run, daemon=True, name="qinglang-redis").start()
    try:
        found, problem = done.get(timeout=timeout)
    except queue.Empty:
        found, problem = {}, f"timeout: 超过 {timeout:g} 秒 / took too long"
    if problem:
        return nothing(target.id, PROBE, problem, method=METHOD, taken=now)
    return _evidence(target.id, found, METHOD, now)


def read(data: bytes, *, target: str, taken: float) -> Evidence:
    """Evidence of a redis.conf. Raises DataError for what is no configuration."""
    text = data[:MAX_FILE].decode("utf-8", "replace")
    if len(data) > MAX_FILE or "\0" in text:
        message = "不是 redis.conf / this is no redis.conf"
        raise DataError([Problem(file=target, line=1, column=1, message=message)])
    return _evidence(target, redis_facts.offline(text), OFFLINE, taken)


def _evidence(target: str, found: dict[str, Any], method: str, taken: float) -> Evidence:
    return made(
        target, PROBE, redact(found), method=method, taken=taken, collector=COLLECTOR, version="1"
    )


def _client(target: Target, timeout: float, password: str) -> Any:
    access = target.access
    options: dict[str, Any] = {
        "username": access.get("user") or None,
        "password": password or None,
        "socket_timeout": timeout,
        "decode_responses": True,
        "encoding_errors": "replace",
        "retry": Retry(NoBackoff(), 0),
        "driver_info": None,
        "protocol": 2,
    }
    if access.get("socket"):
        return redis.Redis(unix_socket_path=access["socket"], **options)
    options |= {"host": target.address or target.id, "port": int(access.get("port", "6379")),
                "socket_connect_timeout": timeout}  # fmt: skip
    if access.get("tls-ca"):
        options |= {"ssl": True, "ssl_ca_certs": access["tls-ca"], "ssl_cert_reqs": "required"}
    return redis.Redis(**options)


def _ask(target: Target, timeout: float, password: str) -> dict[str, Any]:
    client = _client(target, timeout, password)
    try:
        info = _try(client.info)
        names = [one for one in redis_facts.SETTINGS if one not in redis_facts.SECRETS]
        given = _try(lambda: client.config_get(*names))
        rules = _try(lambda: client.execute_command("ACL LIST"))
        there = _try(lambda: client.execute_command("COMMAND INFO", *redis_facts.DANGEROUS))
    finally:
        client.close()
    if info is None and given is None and rules is None and there is None:
        raise RedisError("没有一条命令被接受 / no command was accepted")
    return redis_facts.live(
        info if isinstance(info, dict) else {},
        {str(k): str(v) for k, v in given.items()} if isinstance(given, dict) else None,
        [str(one) for one in rules] if isinstance(rules, list) else None,
        _known(there),
    )


def _known(there: Any) -> dict[str, bool] | None:
    """Which of the dangerous commands still exist under their own names."""
    if isinstance(there, dict):
        held = {str(one).lower() for one in there}
        return {name: name in held for name in redis_facts.DANGEROUS}
    if isinstance(there, list):
        held = {str(one[0]).lower() for one in there if isinstance(one, list) and one}
        return {name: name in held for name in redis_facts.DANGEROUS}
    return None


def _try(ask: Any) -> Any:
    """The answer, or None where the server refuses this one command."""
    try:
        return ask()
    except redis.exceptions.AuthenticationError:
        raise
    except redis.exceptions.ResponseError:
        return None
