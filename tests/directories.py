"""A real directory for the end-to-end tests: Debian's slapd in a folder of its own.

Two users, a service account, LDAPS and StartTLS with certificates of the tests. Nothing of
the system's own slapd is read or written but its schemas and its modules.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from tests import certificates

SUFFIX = "dc=school"
PEOPLE = f"ou=people,{SUFFIX}"
SERVICE = (f"cn=gateway,{SUFFIX}", "service-password")
PASSWORDS = {"g3101": "pupil-密码-1", "t-wang": "teacher:pass word"}
ENTRIES = f"""\
dn: {SUFFIX}
objectClass: dcObject
objectClass: organization
o: School
dc: school

dn: {PEOPLE}
objectClass: organizationalUnit
ou: people

dn: {SERVICE[0]}
objectClass: organizationalRole
objectClass: simpleSecurityObject
cn: gateway
userPassword: {SERVICE[1]}

dn: uid=g3101,{PEOPLE}
objectClass: inetOrgPerson
uid: g3101
cn: Pupil
sn: Pupil
displayName: Zhang San
employeeType: student
departmentNumber: wire
userPassword: {PASSWORDS["g3101"]}

dn: uid=t-wang,{PEOPLE}
objectClass: inetOrgPerson
uid: t-wang
cn: Teacher
sn: Teacher
employeeType: teacher
departmentNumber: wire
userPassword: {PASSWORDS["t-wang"]}
"""
CONFIG = """\
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile {folder}/slapd.pid
TLSCertificateFile {folder}/server.pem
TLSCertificateKeyFile {folder}/server.pem
TLSCACertificateFile {folder}/root.pem
disallow bind_anon
database mdb
suffix "{suffix}"
directory {folder}/db
rootdn "cn=root,{suffix}"
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="{service}" read by self read by * none
"""
MAP = """\
map:
  - {when: employeeType, value: teacher, role: teacher}
  - {when: employeeType, value: student, role: pupil, stage: junior, tier: 12-16}
  - {when: departmentNumber, school: "="}
  - {when: displayName, name: "="}
cases:
  - said: {employeeType: [student], departmentNumber: [wire]}
    expect: {role: pupil, stage: junior, tier: 12-16, school: wire}
  - {said: {employeeType: [other]}}
"""


@dataclass
class Slapd:
    """A running slapd. `name` is what its certificate is made out to."""

    folder: Path
    secure: int
    plain: int
    process: subprocess.Popen[bytes]
    name: str = "localhost"

    @property
    def ca(self) -> Path:
        return self.folder / "root.pem"

    def settings(self, *lines: str, server: str = "", ways: str = "search") -> Path:
        """A directory file for this server."""
        path = self.folder / f"directory-{len(list(self.folder.glob('directory-*')))}.yaml"
        at = server or f"ldaps://{self.name}:{self.secure}"
        said = [f"id: {path.stem}", 'title: {zh: "测试目录", en: "Test directory"}']
        said += [f"servers: ['{at}']", f"trusted_ca: {self.ca}"]
        if ways == "search":
            said += [f"base: {PEOPLE}", "filter: (&(objectClass=inetOrgPerson)(uid={user}))"]
            said += [f"service_dn: {SERVICE[0]}", "service_password: service.secret"]
        else:
            said += [f"user_dn: 'uid={{user}},{PEOPLE}'"]
        path.write_text("\n".join([*said, *lines, MAP]))
        return path

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(20)

    def again(self) -> None:
        self.process = launched(self.folder, self.secure, self.plain)


def installed() -> bool:
    return shutil.which("slapd", path="/usr/sbin:/usr/bin:/sbin:/bin") is not None


def start(folder: Path) -> Slapd:
    """A fresh directory in `folder`, listening on two free ports of the loopback."""
    (folder / "db").mkdir(mode=0o700)
    root = certificates.authority("Test directory root")
    (folder / "root.pem").write_bytes(root.pem)
    certificates.write(certificates.leaf(["localhost"], root), folder / "server.pem")
    (folder / "slapd.conf").write_text(
        CONFIG.format(folder=folder, suffix=SUFFIX, service=SERVICE[0])
    )
    (folder / "service.secret").write_text(SERVICE[1] + "\n")
    (folder / "service.secret").chmod(0o600)
    done = subprocess.run(
        ["/usr/sbin/slapadd", "-f", str(folder / "slapd.conf")],
        input=ENTRIES.encode(),
        capture_output=True,
    )
    assert done.returncode == 0, done.stderr.decode()
    secure, plain = free(), free()
    process = launched(folder, secure, plain)
    return Slapd(folder=folder, secure=secure, plain=plain, process=process)


def launched(folder: Path, secure: int, plain: int) -> subprocess.Popen[bytes]:
    urls = f"ldaps://localhost:{secure}/ ldap://localhost:{plain}/"
    argv = ["/usr/sbin/slapd", "-f", str(folder / "slapd.conf"), "-h", urls, "-d", "0"]
    process = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    end = time.monotonic() + 20
    while True:
        try:
            socket.create_connection(("localhost", secure), 1).close()
            return process
        except OSError:
            assert process.poll() is None, "slapd ended"
            assert time.monotonic() < end, "slapd does not listen"
            time.sleep(0.05)


def free() -> int:
    with socket.create_server(("127.0.0.1", 0)) as one:
        return int(one.getsockname()[1])
