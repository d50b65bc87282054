"""What is this machine alone, and what the proxy may be called."""

from __future__ import annotations

import pytest
from codex_glm.proxy.entry.addresses import exposed, is_loopback, is_own_host

HERE = ("127.0.0.1", 18765)
THERE = ("192.168.1.5", 18765)
SINK = "reverse:http://glm.invalid"


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "127.9.9.9", "::1", "[::1]", "localhost", "LOCALHOST.", "::ffff:127.0.0.1"],
)
def test_loopback(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host",
    [
        "",
        "0.0.0.0",
        "::",
        "[::]",
        "192.168.1.5",
        "::ffff:192.168.1.5",
        "localhost.example",
        "1",
        "*",
        "127.0.0.1.example",
        "127.1",
        "2130706433",
        "0x7f000001",
        "fe80::1%lo",
    ],
)
def test_not_loopback(host: str) -> None:
    assert not is_loopback(host)


@pytest.mark.parametrize(
    ("modes", "listen_host", "open_to_others"),
    [
        ([SINK], "127.0.0.1", False),
        ([SINK], "::1", False),
        ([SINK], "localhost", False),
        ([f"{SINK}@127.0.0.1:8080"], "", False),
        ([f"{SINK}@[::1]:8080"], "", False),
        (["regular@127.0.0.1:8080"], "0.0.0.0", False),
        (["local:codex"], "", False),
        ([SINK], "", True),
        ([SINK], "0.0.0.0", True),
        ([SINK], "::", True),
        ([SINK], "192.168.1.5", True),
        (["regular"], "", True),
        (["socks5"], "", True),
        ([f"{SINK}@8080"], "", True),
        ([f"{SINK}@:8080"], "127.0.0.1", True),
        ([f"{SINK}@0.0.0.0:8080"], "127.0.0.1", True),
        ([f"{SINK}@:::8080"], "127.0.0.1", True),
        ([f"{SINK}@box.lan:8080"], "127.0.0.1", True),
        (["regular@127.0.0.1:8080", f"{SINK}@0.0.0.0:8081"], "127.0.0.1", True),
    ],
)
def test_exposed(modes: list[str], listen_host: str, open_to_others: bool) -> None:
    assert exposed(modes, listen_host) == (modes[-1:] if open_to_others else [])


@pytest.mark.parametrize(
    ("header", "sockname", "names", "own"),
    [
        ("127.0.0.1:18765", HERE, (), True),
        ("localhost:18765", HERE, (), True),
        ("LocalHost:18765", HERE, (), True),
        ("[::1]:18765", ("::1", 18765, 0, 0), (), True),
        ("127.0.0.1", ("127.0.0.1", 80), (), True),
        ("192.168.1.5:18765", THERE, (), True),
        ("192.168.1.5:18765", ("::ffff:192.168.1.5", 18765, 0, 0), (), True),
        ("localhost:18765", THERE, (), True),
        ("box.lan:18765", THERE, ("box.lan",), True),
        ("BOX.lan:9", THERE, ("box.LAN",), True),
        ("localhost:9000", HERE, ("localhost:9000",), True),
        ("box.lan", THERE, ("box.lan:80",), True),
        ("", HERE, (), False),
        ("127.0.0.1", HERE, (), False),
        ("localhost:9000", HERE, (), False),
        ("localhost:x", HERE, (), False),
        ("evil.example:18765", HERE, (), False),
        ("localhost.evil.example:18765", HERE, (), False),
        ("127.0.0.1.evil.example:18765", HERE, (), False),
        ("127.0.0.1:18765, evil.example", HERE, (), False),
        ("evil@127.0.0.1:18765", HERE, (), False),
        ("0.0.0.0:18765", HERE, (), False),
        ("192.168.1.6:18765", THERE, (), False),
        ("box.lan:18765", THERE, ("box.lan:80",), False),
        ("other.lan:18765", THERE, ("box.lan",), False),
    ],
)
def test_own_host(
    header: str, sockname: tuple[object, ...], names: tuple[str, ...], own: bool
) -> None:
    assert is_own_host(header, sockname, names) is own
