"""Real database servers for tests: own data directories, own ports, one well kept, one not."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from audit.checks import load_checks
from audit.model import Check
from tests.certificates import authority, leaf, write


@cache
def checks() -> Mapping[str, Check]:
    """Every check, read once."""
    return load_checks()


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A running server: where it is and how a test speaks to it as its owner."""

    folder: Path
    port: int
    socket: str
    ca: Path | None = None


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextmanager
def folder(owner: str) -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="qinglang-db-"))
    made.chmod(0o755)
    try:
        if os.getuid() == 0:
            shutil.chown(made, owner, owner)
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


def needed(*paths: str) -> Path:
    for one in paths:
        found = sorted(Path("/").glob(one.lstrip("/")))
        if found:
            return found[-1]
    pytest.fail(f"{paths[0]} is missing: scripts/test-packages.sh installs it")


def as_user(name: str, words: Sequence[str | Path], **more: object) -> list[str]:
    prefix = ["setpriv", f"--reuid={name}", f"--regid={name}", "--clear-groups"]
    return [*(prefix if os.getuid() == 0 else ()), *map(str, words)]


def ran(name: str, *words: str | Path, text: str = "") -> str:
    done = subprocess.run(
        as_user(name, words), input=text, capture_output=True, text=True, cwd="/tmp", timeout=60
    )
    if done.returncode:
        raise RuntimeError(f"{words[0]}: {done.stderr[-800:]}")
    return done.stdout


def stopped(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(5)


def waited(process: subprocess.Popen[bytes], ready: Path | tuple[str, int], log: Path) -> None:
    for _ in range(600):
        if process.poll() is not None:
            break
        try:
            if isinstance(ready, Path):
                with socket.socket(socket.AF_UNIX) as one:
                    one.connect(str(ready))
            else:
                socket.create_connection(ready, 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(log.read_text(errors="replace")[-800:])


def tls(into: Path, owner: str) -> Path:
    """A root and a server certificate for localhost in `into`."""
    top = authority("Test root")
    (into / "ca.pem").write_bytes(top.pem)
    write(leaf(["localhost", "127.0.0.1"], top), into / "server.crt")
    write(leaf(["localhost", "127.0.0.1"], top), into / "server.pem")
    (into / "server.key").write_bytes((into / "server.crt").read_bytes())
    for one in ("server.key", "server.crt", "server.pem"):
        (into / one).chmod(0o600)
        if os.getuid() == 0:
            shutil.chown(into / one, owner, owner)
    return into / "ca.pem"


PG_GOOD = """\
listen_addresses = '127.0.0.1'
ssl = on
ssl_cert_file = 'server.crt'
ssl_key_file = 'server.key'
ssl_min_protocol_version = 'TLSv1.2'
password_encryption = 'scram-sha-256'
shared_preload_libraries = 'passwordcheck,auth_delay'
authentication_timeout = '30s'
idle_session_timeout = '15min'
idle_in_transaction_session_timeout = '5min'
logging_collector = on
log_connections = on
log_disconnections = on
log_statement = 'mod'
log_line_prefix = '%m [%p] %q%u@%d %h '
log_file_mode = 0600
log_truncate_on_rotation = off
archive_mode = on
archive_command = '/bin/true'
wal_level = replica
"""
PG_GOOD_HBA = """\
local all all peer
hostssl all qinglang_audit 127.0.0.1/32 scram-sha-256
hostssl all boss 127.0.0.1/32 scram-sha-256
hostssl school teacher 10.1.2.0/24 scram-sha-256
"""
PG_GOOD_SQL = """
create role qinglang_audit login password 'a-Long-one-2026' connection limit 5
  valid until '2099-01-01';
alter role boss password 'another-Long-1' valid until '2099-01-01';
grant pg_monitor, pg_read_all_settings to qinglang_audit;
grant execute on function pg_hba_file_rules() to qinglang_audit;
grant execute on function pg_show_all_file_settings() to qinglang_audit;
grant select on pg_hba_file_rules, pg_file_settings to qinglang_audit;
grant select (rolname, rolpassword, rolcanlogin) on pg_authid to qinglang_audit;
create role teacher login password 'third-Long-one-3' connection limit 5 valid until '2099-01-01';
revoke create on schema public from public;
create database school;
revoke connect, temp on database school from public;
revoke connect, temp on database postgres from public;
grant connect on database school to teacher; grant connect on database postgres to qinglang_audit;
"""
PG_BAD = """\
listen_addresses = '*'
ssl = off
password_encryption = 'md5'
authentication_timeout = '600s'
logging_collector = off
log_connections = off
log_statement = 'none'
log_line_prefix = ''
log_file_mode = 0644
fsync = off
full_page_writes = off
"""
PG_BAD_HBA = """\
local all all trust
host all all 0.0.0.0/0 trust
host all all all password
host replication all 0.0.0.0/0 md5
"""
PG_BAD_SQL = """
create role app superuser login password 'app';
create role maker createrole replication bypassrls login password 'x1' valid until '2020-01-01';
create role reader login; grant pg_execute_server_program to reader;
grant create on schema public to public;
create database test;
create table pupils (id int, name text, id_card text, religion text, fingerprint bytea);
grant select on pupils to public;
create function leak() returns int language sql security definer as 'select 1';
grant execute on function pg_read_file(text) to public;
alter system set max_connections = 55;
select pg_reload_conf();
"""


@contextmanager
def postgresql(*, good: bool) -> Iterator[Server]:
    """A PostgreSQL with superuser boss (good) or postgres (bad)."""
    initdb = needed("/usr/lib/postgresql/*/bin/initdb")
    owner = "boss" if good else "postgres"
    with folder("postgres") as place:
        data, port = place / "data", free_port()
        more = ["-k"] if good else []
        ran("postgres", initdb, "-D", data, "-U", owner, "-A", "trust", "-E", "UTF8", "-N", *more)
        settings = PG_GOOD if good else PG_BAD
        (data / "postgresql.auto.conf").write_text(
            settings + f"port = {port}\nunix_socket_directories = '{place}'\n"
        )
        start = [initdb.with_name("postgres"), "-D", data]
        if good:
            tls(data, "postgres")
        log = place / "log"
        with log.open("wb") as out:
            process = subprocess.Popen(as_user("postgres", start), stdout=out, stderr=out, cwd="/")
        try:
            waited(process, place / f".s.PGSQL.{port}", log)
            speak = [
                "/usr/bin/psql",
                "-X",
                "-q",
                "-v",
                "ON_ERROR_STOP=1",
                "-h",
                place,
                "-p",
                str(port),
                "-U",
                owner,
                "-d",
                "postgres",
            ]
            for _ in range(100):
                try:
                    ran("postgres", *speak, "-c", "select 1")
                    break
                except RuntimeError:
                    time.sleep(0.1)
            ran("postgres", *speak, text=PG_GOOD_SQL if good else PG_BAD_SQL)
            (data / "pg_hba.conf").write_text(PG_GOOD_HBA if good else PG_BAD_HBA)
            process.send_signal(1)
            time.sleep(0.5)
            yield Server(
                folder=place, port=port, socket=f"{place}/.s.PGSQL.{port}", ca=data / "ca.pem"
            )
        finally:
            process.send_signal(3)  # immediate: nobody waits for a checkpoint
            stopped(process)


MARIADB_GOOD = """\
bind-address = 127.0.0.1
ssl-ca = {folder}/ca.pem
ssl-cert = {folder}/server.pem
ssl-key = {folder}/server.pem
tls-version = TLSv1.2,TLSv1.3
require-secure-transport = ON
local-infile = 0
secure-file-priv = {folder}/files
symbolic-links = 0
max-password-errors = 5
default-password-lifetime = 90
wait-timeout = 900
interactive-timeout = 900
plugin-load-add = simple_password_check
plugin-load-add = server_audit
simple-password-check-minimal-length = 10
server-audit-logging = ON
log-error = {folder}/error.log
log-warnings = 2
log-bin = {folder}/binlog
expire-logs-days = 90
sync-binlog = 1
sql-mode = STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION
"""
MARIADB_GOOD_SQL = """
drop database if exists test;
create user qinglang_audit@localhost identified by 'A-long-1-word' password expire interval 90 day;
create user qinglang_audit@'127.0.0.1' identified by 'A-long-1-word' require ssl;
grant select on mysql.* to qinglang_audit@localhost, qinglang_audit@'127.0.0.1';
grant process, show databases on *.* to qinglang_audit@localhost, qinglang_audit@'127.0.0.1';
create user teacher@'10.1.2.%' identified by 'B-long-2-words' require ssl;
create database school; grant select, insert on school.* to teacher@'10.1.2.%';
create table school.lessons (id int);
"""
MARIADB_BAD = """\
bind-address = 0.0.0.0
local-infile = 1
sql-mode =
skip-ssl
log-warnings = 0
wait-timeout = 28800
innodb-doublewrite = 0
"""
MARIADB_BAD_SQL = """
create database if not exists test;
create user ''@'%';
create user root@'%' identified by 'root';
grant all on *.* to root@'%' with grant option;
create user app@'%' identified by 'app'; grant all on *.* to app@'%' with grant option;
grant all on `test%`.* to ''@'%';
create table test.pupils (id int, id_card varchar(18), religion text);
"""


@contextmanager
def mariadb(*, good: bool) -> Iterator[Server]:
    """A MariaDB; its owner enters over the socket as the system account mysql."""
    daemon = needed("/usr/sbin/mariadbd", "/usr/sbin/mysqld")
    with folder("mysql") as place:
        port, data = free_port(), place / "data"
        (place / "files").mkdir()
        (place / "my.cnf").write_text(
            f"[mysqld]\nuser = mysql\ndatadir = {data}\nport = {port}\nsocket = {place}/s\n"
            f"pid-file = {place}/pid\nlog-error = {place}/error.log\n"
            "innodb-buffer-pool-size = 16M\ninnodb-log-file-size = 4M\n"
            "innodb-flush-log-at-trx-commit = 2\n"
            "skip-name-resolve\n"
            + (MARIADB_GOOD if good else MARIADB_BAD).replace("{folder}", str(place))
        )
        tls(place, "mysql")
        ran(
            "mysql",
            "/usr/bin/mariadb-install-db",
            "--no-defaults",
            f"--datadir={data}",
            "--skip-test-db",
            "--auth-root-authentication-method=socket",
            "--auth-root-socket-user=mysql",
            "--innodb-log-file-size=4M",
            "--innodb-buffer-pool-size=16M",
        )
        log = place / "out.log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                as_user("mysql", [daemon, f"--defaults-file={place}/my.cnf"]),
                stdout=out,
                stderr=out,
                cwd="/",
            )
        try:
            waited(
                process, place / "s", place / "error.log" if (place / "error.log").exists() else log
            )
            ran(
                "mysql",
                "/usr/bin/mariadb",
                "--no-defaults",
                "-S",
                place / "s",
                "-u",
                "mysql",
                text=MARIADB_GOOD_SQL if good else MARIADB_BAD_SQL,
            )
            yield Server(folder=place, port=port, socket=f"{place}/s", ca=place / "ca.pem")
        finally:
            stopped(process)


REDIS_GOOD = """\
bind 127.0.0.1
protected-mode yes
port 0
tls-port {port}
tls-cert-file {folder}/server.pem
tls-key-file {folder}/server.pem
tls-ca-cert-file {folder}/ca.pem
tls-auth-clients no
tls-protocols "TLSv1.2 TLSv1.3"
user default off
user qinglang_audit on >A-long-1-word ~* &* -@all +ping +info +acl|list +config|get +command|info
rename-command FLUSHALL ""
rename-command FLUSHDB ""
rename-command DEBUG ""
rename-command KEYS ""
rename-command SHUTDOWN SHUTDOWN_9f3
maxmemory 64mb
maxmemory-policy noeviction
appendonly yes
timeout 300
maxclients 200
logfile {folder}/redis.log
loglevel notice
syslog-enabled no
rdbchecksum yes
enable-debug-command no
enable-module-command no
"""
REDIS_BAD = """\
bind 0.0.0.0
protected-mode no
port {port}
save ""
appendonly no
timeout 0
"""


@contextmanager
def redis(*, good: bool) -> Iterator[Server]:
    """A Redis. The bad one lets everybody in."""
    daemon = needed("/usr/bin/redis-server")
    with folder("redis") as place:
        port = free_port()
        tls(place, "redis")
        said = (REDIS_GOOD if good else REDIS_BAD) + "dir {folder}\nunixsocket {folder}/s\n"
        (place / "redis.conf").write_text(
            said.replace("{port}", str(port)).replace("{folder}", str(place))
        )
        log = place / "out.log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                as_user("redis", [daemon, place / "redis.conf"]), stdout=out, stderr=out, cwd="/"
            )
        try:
            waited(process, place / "s", log)
            yield Server(folder=place, port=port, socket=f"{place}/s", ca=place / "ca.pem")
        finally:
            stopped(process)
