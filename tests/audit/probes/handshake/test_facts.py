"""What a door saw becomes one document; what it did not see becomes gaps."""

from audit.probes.handshake.facts import Seen, Trust, document
from tests.audit.probes.handshake.made import certificate, der, key


def test_a_good_server() -> None:
    seen = Seen(
        versions={"tls1_2": True, "tls1_3": True, "tls1_0": False},
        accepted={"tls1_2": [0xC02F], "tls1_3": [0x1301]},
        chain=[der(certificate("a.test", key()))],
        renegotiation=True,
        trust=Trust(trusted=False, said="self-signed certificate"),
    )
    found = document(seen, host="a.test", port=443, starttls="", now=1.0)
    assert (found["modern"], found["forward_secrecy"], found["gaps"]) == (True, True, [])
    assert found["certificate"]["matches_name"] is True
    assert found["chain"]["trusted"] is False
    assert not any(found["weak"].values())
    assert "stapled" not in found


def test_an_old_server_that_showed_no_certificate() -> None:
    seen = Seen(versions={"ssl3": True}, accepted={"ssl3": [0x000A, 0x0005]}, stapled=False)
    found = document(seen, host="a.test", port=443, starttls="smtp", now=1.0)
    assert found["cbc_in_old"] == ["TLS_RSA_WITH_3DES_EDE_CBC_SHA"]
    assert (found["modern"], found["forward_secrecy"], found["certificate"]) == (False, False, None)
    assert [one["path"] for one in found["gaps"]] == ["certificate", "chain"]
    assert "trusted" not in found["chain"]


def test_the_national_suites_and_their_certificate() -> None:
    seen = Seen(
        versions={"tlcp": True},
        accepted={"tlcp": [0xE013]},
        tlcp_chain=[der(certificate("a.test", key()))],
    )
    found = document(seen, host="a.test", port=443, starttls="", now=1.0)
    assert found["national"]["suites"] == ["ECC_SM4_CBC_SM3"]
    assert found["national"]["certificate"]["names"] == ["a.test"]
    assert found["secure_renegotiation"] is None
    only = Seen(versions={"tls1_3": True}, accepted={"tls1_3": [0x1301]})
    assert document(only, host="a", port=1, starttls="", now=1.0)["secure_renegotiation"] is True
