from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from codex_glm.translation.reasoning import seal, unseal
from codex_glm.translation.redaction import FIXTURE_KEY, Private, Redactor
from codex_glm.translation.wire.wire_json import encode_text
from hypothesis import given
from hypothesis import strategies as st

from .support import CODEX

if TYPE_CHECKING:
    from collections.abc import Mapping

HERE = Private(
    secrets=("correct horse battery", 'quo"ted\\secret'),
    people=("jo", "max", "root"),
    homes=("/srv/people/jo", "/root", "C:\\Users\\Jo Doe"),
    hosts=("laptop7",),
)
GLM_KEY = "0123456789abcdef0123456789abcdef.TopSecretOfGlm"
UUID = "01a20351-c12f-7c60-bec4-c997fecc12aa"


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("", ""),
        ("nothing of anybody's: exec_command, gpt-5.5, 127.0.0.1:8080", None),
        ("sk-proj-abcdefgh1234", "[secret 1]"),
        ("ghp_abcdefgh1234 and github_pat_abcdefgh", "[secret 1] and [secret 2]"),
        (GLM_KEY, "[secret 1]"),
        (f"{GLM_KEY} {GLM_KEY}", "[secret 1] [secret 1]"),
        ("Authorization: Bearer abcd.efgh", "Authorization: [secret 1]"),
        ("eyJhbGciOiJI.eyJzdWIiOiIx.c2ln", "[secret 1]"),
        ("AKIAIOSFODNN7EXAMPLE", "[secret 1]"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMII\n-----END RSA PRIVATE KEY-----.", "[secret 1]."),
        ("-----BEGIN PRIVATE KEY-----\ncut off", "[secret 1]"),
        ("AbcdEfgh1234567890AbcdEfgh1234567890", "[secret 1]"),
        ("aVeryLongCamelCaseNameWithoutAnyDigitInIt", None),
        ("correct horse battery", "[secret 1]"),
        (json.dumps('quo"ted\\secret'), '"[secret 1]"'),
        ("API_KEY=abcd1 x", "API_KEY=[secret 1] x"),
        ('{"password": "hunter two"}', '{"password": "[secret 1]"}'),
        ("password: hunter", None),
        ('{"password": "hunter2"}', '{"password": "[secret 1]"}'),
        ('{\\"password\\":\\"hunter2\\"}', '{\\"password\\":\\"[secret 1]\\"}'),
        ("max_output_tokens=20000 token = call() KEY_TOKEN=$OTHER", None),
        ("org-AbCd1234567 user-defined", "[secret 1] user-defined"),
        ("ask jo@x.example.org", "ask person1@example.com"),
        ("git clone git@git.firm.example:a/b.git", "git clone https://git.example/repository1.git"),
        ("https://me:pw@firm.example/a/b.git", "https://git.example/repository1.git"),
        ("https://github.com/some/thing/issues", "https://git.example/repository1.git/issues"),
        ("https://me:pw@firm.example/x", "https://user1@firm.example/x"),
        ("/home/ann/x /Users/ann/y", "/home/user/x /Users/user/y"),
        (r"C:\Users\ann\x", r"C:\Users\user\x"),
        (json.dumps(r"C:\Users\ann\x"), json.dumps(r"C:\Users\user\x")),
        (r"C:\Users\Jo Doe\x", r"/home/user\x"),
        ("/srv/people/jo/x /rootfs /root/y", "/home/user/x /rootfs /home/user/y"),
        ("jo and joe, max-width, root", "user and joe, max-width, root"),
        (f"thread {UUID}", "thread 00000000-0000-4000-8000-000000000001"),
        (f"msg_{UUID}", "msg_00000000-0000-4000-8000-000000000001"),
        ("a" * 40, f"{1:040x}"),
        ("call_3532c842716b4c72a7dd7498", None),
        ("on laptop7 and box.lan", "on host1.example and host2.example"),
        ("self.local() local/path", None),
        ("10.0.0.5 10.0.0.6 10.0.0.5", "192.0.2.1 192.0.2.2 192.0.2.1"),
    ],
)
def test_texts(text: str, clean: str | None) -> None:
    assert Redactor(HERE).text(text) == (text if clean is None else clean)


def test_values() -> None:
    value = {
        "model": "max",
        "text": "max",
        "reasoning": {"effort": "max"},
        "/home/ann/work": {"has_changes": True},
        "account_id": "short",
        "x-codex-installation-id": "any",
        "remote_urls": ["git.firm"],
        "password": "",
        "properties": {"password": {"type": "string"}},
        "arguments": '{"cmd":"ls /home/ann", "token":"t"}',
        "count": 5,
        "none": None,
        "image_url": "data:image/jpeg;base64,AAAA",
        "sent": ["jo", ["jo"]],
    }
    before = encode_text(value)
    clean = Redactor(HERE).json(value)
    assert encode_text(value) == before
    assert clean == {
        "model": "max",
        "text": "user",
        "reasoning": {"effort": "max"},
        "/home/user/work": {"has_changes": True},
        "account_id": "[secret 1]",
        "x-codex-installation-id": "[secret 2]",
        "remote_urls": ["[secret 3]"],
        "password": "",
        "properties": {"password": {"type": "string"}},
        "arguments": '{"cmd":"ls /home/user","token":"[secret 4]"}',
        "count": 5,
        "none": None,
        "image_url": clean["image_url"] if isinstance(clean, dict) else "",
        "sent": ["user", ["user"]],
    }
    assert str(clean).count("data:image/png;base64,iVBOR") == 1


@pytest.mark.parametrize(
    ("arguments", "clean"),
    [
        ('{"a": 1}', '{"a": 1}'),
        ("no JSON of jo", "no JSON of user"),
        ('["jo"]', '["user"]'),
    ],
)
def test_json_inside_a_string(arguments: str, clean: str) -> None:
    assert Redactor(HERE).json({"arguments": arguments}) == {"arguments": clean}


@pytest.mark.parametrize("text", ["thought of jo", "no envelope of jo"])
def test_sealed_thinking_can_be_read_in_a_fixture(text: str) -> None:
    sealed = text if text.startswith("no") else seal(text, "glm-5.3", b"the key of somebody")
    clean = Redactor(HERE).json({"encrypted_content": sealed})
    assert isinstance(clean, dict)
    opened = unseal(clean["encrypted_content"], "glm-5.3", FIXTURE_KEY)
    if opened.refused:
        assert clean["encrypted_content"] == "no envelope of user"
    else:
        assert opened.text == "thought of user"
    assert bool(opened.refused) is text.startswith("no")
    long = Redactor(longest=5).json({"encrypted_content": sealed})
    assert "chars]" in str(long)


def test_long_texts_are_told_by_their_length() -> None:
    redactor = Redactor(longest=20)
    assert redactor.json({"x" * 64: 1, "y" * 65: 2}) == {"x" * 64: 1, "[name of 65 chars]": 2}
    value = {"text": "word " * 300, "arguments": encode_text({"cmd": "x" * 30}), "id": "y" * 20}
    assert redactor.json(value) == {
        "text": "[text: 1,500 chars]",
        "arguments": '{"cmd":"[cmd: 30 chars]"}',
        "id": "y" * 20,
    }
    assert redactor.json("z" * 21) == "[text: 21 chars]"


def test_addresses_never_run_out() -> None:
    redactor = Redactor()
    clean = [redactor.text(f"10.0.{i // 250}.{i % 250}") for i in range(600)]
    assert all(1 <= int(each.rpartition(".")[2]) <= 254 for each in clean)


@pytest.mark.parametrize(
    "piece", ["g", "a-", "aA", "a.", "a@", "://", "=", '"', "\\", "x:", "eyJ", " "]
)
def test_long_texts_are_read_in_one_go(piece: str) -> None:
    text = piece * (200_000 // len(piece))
    assert Redactor(HERE).text(text) == text


def test_recorded_requests_keep_their_shape() -> None:
    for path in sorted(CODEX.glob("*.json")):
        value = json.loads(path.read_text("utf-8"))
        assert shape(Redactor(HERE).json(value)) == shape(value), path.name


def shape(value: object) -> object:
    if isinstance(value, dict):
        return [shape(each) for each in value.values()]
    return [shape(each) for each in value] if isinstance(value, list) else type(value)


WORD = st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=16)
HEX = st.text("0123456789abcdef", min_size=32, max_size=32)
NAME = st.text("abcdefghijklmnopqrstuvwxyz", min_size=3, max_size=12)
"""What is planted, and what of it must be nowhere afterwards."""
PLANTED = st.one_of(
    WORD.map(lambda w: (f"sk-{w}", w)),
    WORD.map(lambda w: (f"ghp_{w}", w)),
    WORD.map(lambda w: (f"Bearer {w}", w)),
    WORD.map(lambda w: (f"MY_SECRET={w}x", w)),
    st.tuples(HEX, WORD).map(lambda p: (f"{p[0]}.{p[1]}", p[1])),
    st.sampled_from(HERE.secrets).map(lambda s: (s, s)),
    NAME.map(lambda n: (f"/home/zz{n}/x", f"zz{n}")),
    NAME.map(lambda n: (f"zz{n}@mail.example.org", f"zz{n}")),
    NAME.map(lambda n: (f"git@zz{n}.example:zz{n}/zz{n}.git", f"zz{n}")),
    NAME.map(lambda n: (f"https://zz{n}:zz{n}@h.example/", f"zz{n}")),
    st.just((" on laptop7 ", "laptop7")),
    st.just((" by jo ", " jo ")),
    st.uuids().map(lambda u: (str(u), str(u))),
)
AROUND = st.text(" \n.,;:!?(){}[]<>äß漢😀", max_size=8)


@st.composite
def planted_texts(draw: st.DrawFn) -> tuple[str, list[str]]:
    """Give a text with secrets in it, and what must not survive."""
    pieces = draw(st.lists(st.tuples(AROUND, PLANTED, AROUND), min_size=1, max_size=4))
    return "".join(f"{a}{p} {b}" for a, (p, _), b in pieces), [s for _, (_, s), _ in pieces]


@st.composite
def planted_values(draw: st.DrawFn) -> tuple[object, list[str]]:
    """Give a JSON value with secrets at any depth: as text, as key, in JSON inside a string."""
    text, secrets = draw(planted_texts())
    value: object = text
    for step in draw(st.lists(st.sampled_from(["list", "key", "under", "inner"]), max_size=4)):
        match step:
            case "list":
                value = [0, value, None]
            case "key":
                value = {text: value}
            case "under":
                value = {"content": value, "type": "message"}
            case _:
                value = {"arguments": encode_text({"cmd": value})}
    return value, secrets


@given(planted_texts())
def test_no_secret_survives_in_a_text(planted: tuple[str, list[str]]) -> None:
    text, secrets = planted
    clean = Redactor(HERE).text(text)
    assert [secret for secret in secrets if secret in clean] == []


@given(planted_values())
def test_no_secret_survives_in_a_value(planted: tuple[object, list[str]]) -> None:
    value, secrets = planted
    clean = encode_text(Redactor(HERE).json(value))
    written = [json.dumps(secret)[1:-1] for secret in secrets]
    assert [secret for secret in [*secrets, *written] if secret in clean] == []


@given(planted_values())
def test_the_same_again(planted: tuple[Mapping[str, object], list[str]]) -> None:
    value, _ = planted
    assert Redactor(HERE).json(value) == Redactor(HERE).json(value)
    redactor = Redactor(HERE)
    assert redactor.json(value) == redactor.json(value)
