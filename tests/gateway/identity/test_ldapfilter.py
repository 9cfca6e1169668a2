"""Filters: RFC 4515's own examples, and names that try to be more than a value."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.identity.ber import elements
from gateway.identity.ldapfilter import compiled, escaped, filled, named


@pytest.mark.parametrize(
    ("said", "first"),
    [
        ("(cn=Babs Jensen)", 0xA3),
        ("(!(cn=Tim Howes))", 0xA2),
        ("(&(objectClass=Person)(|(sn=Jensen)(cn=Babs J*)))", 0xA0),
        ("(o=univ*of*mich*)", 0xA4),
        ("(seeAlso=)", 0xA3),
        ("(cn=*)", 0x87),
        ("(a>=1)", 0xA5),
        ("(a<=1)", 0xA6),
        ("(a~=1)", 0xA8),
        ("(cn:caseExactMatch:=Fred)", 0xA9),
        ("(memberOf:1.2.840.113556.1.4.1941:=cn=g)", 0xA9),
        ("(sn:dn:2.4.6.8.10:=Barney)", 0xA9),
        (r"(o=Parens R Us \28for all your parenthetical needs\29)", 0xA3),
        (r"(bin=\00\00\00\04)", 0xA3),
        ("(sn=Lučić)", 0xA3),
    ],
)
def test_rfc_4515(said: str, first: int) -> None:
    ((tag, _),) = elements(compiled(said))
    assert tag == first


@pytest.mark.parametrize(
    "said",
    ["", "cn=a", "(cn=a", "(cn=a))", "(&(a=b)", "(a)", "(=a)", r"(a=\zz)", r"(a=\2)", "(a=x**y)",
     "(a b=c)", "(" * 40 + "a=b" + ")" * 40, "(!" * 40 + "(a=b)" + ")" * 40, "(a:=b)"],
)  # fmt: skip
def test_bad_filters(said: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        compiled(said)


@pytest.mark.parametrize("user", ["*", "a)(uid=*", "\\", "a\0b", "张三", "", "(|(uid=*))"])
def test_a_name_is_a_value(user: str) -> None:
    ((tag, content),) = elements(compiled(filled("(uid={user})", user)))
    assert tag == 0xA3
    (_, name), (_, value) = elements(content)
    assert (name, value) == (b"uid", user.encode())


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=40))
def test_any_name_is_a_value(user: str) -> None:
    try:
        plain = user.encode()
    except UnicodeEncodeError:
        return
    assert escaped(user).isascii()
    ((tag, content),) = elements(compiled(filled("(uid={user})", user)))
    assert tag == 0xA3
    assert list(elements(content))[1][1] == plain


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="()&|!=*\\:<>~a1 ", max_size=30))
def test_any_filter(said: str) -> None:
    try:
        made = compiled(said)
    except ValueError:
        return
    assert len(list(elements(made))) == 1


@pytest.mark.parametrize(
    ("user", "dn"),
    [
        ("g3101", "uid=g3101,dc=x"),
        ("a,dc=evil", r"uid=a\2cdc\3devil,dc=x"),
        (" a", r"uid=\20a,dc=x"),
        ("张", r"uid=\e5\bc\a0,dc=x"),
        ('"+;<>#', r"uid=\22\2b\3b\3c\3e\23,dc=x"),
    ],
)
def test_dn(user: str, dn: str) -> None:
    assert named("uid={user},dc=x", user) == dn
