"""Options to settings, and the key: tables, no proxy."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from codex_glm.proxy.config.api_key import HIDDEN, ApiKey
from codex_glm.proxy.config.options import read_key, read_settings
from codex_glm.proxy.config.settings import DEFAULT_BASE, Settings
from codex_glm.proxy.health import health, key_source
from codex_glm.proxy.launch.simulation import Simulation
from codex_glm.proxy.turns.retry import RetryLimits
from codex_glm.proxy.turns.under_way import Turns
from codex_glm.proxy.turns.upstream import Upstream, address, chat_request
from codex_glm.translation.request.side_requests import SideChoice
from codex_glm.translation.request.sight import ImageSettings
from mitmproxy.exceptions import OptionsError

from .support import KEY

ENVIRONMENT = "GLM_API_BASE in the environment"
ZAI = "https://api.z.ai/api/paas/v4"


def settings(
    environ: dict[str, str] | None = None, key: ApiKey | None = None, **options: object
) -> Settings:
    given = {
        "glm_api_base": "",
        "glm_model_map": [],
        "glm_effort": "",
        "glm_small_model": "",
        "glm_side_model": [],
        "glm_tool_stream": True,
        "glm_simulator": "off",
        "glm_failover": [],
        "glm_retries": "6",
        "glm_retry_seconds": "180",
        "glm_concurrency": "0",
        "glm_keepalive": "10",
        "glm_fast_lane": True,
        "glm_client_tokens": [],
        "glm_host_names": [],
        "glm_stop_seconds": "30",
        "glm_allow_hosts": [],
        "glm_record": "",
        "glm_web_search": True,
        "glm_search_engine": "",
        "glm_images": "describe",
        "glm_rows": "auto",
        "glm_keep_bytes": "256MB",
        "glm_max_body": "64MB",
        "glm_vision_model": "",
        **options,
    }
    told: Any = SimpleNamespace(**given)
    return read_settings(told, environ or {}, key)


@pytest.mark.parametrize(
    ("option", "environment", "base", "source"),
    [
        ("", "", DEFAULT_BASE, "default"),
        ("", "  ", DEFAULT_BASE, "default"),
        ("", ZAI, ZAI, ENVIRONMENT),
        (ZAI, "https://other.example/v4", ZAI, "glm_api_base"),
        (f" {ZAI}/ ", "", ZAI, "glm_api_base"),
        (f"{ZAI}/chat/completions", "", ZAI, "glm_api_base"),
        ("HTTPS://API.Z.AI/api/paas/v4", "", ZAI, "glm_api_base"),
        ("http://127.0.0.1:8000/v1", "", "http://127.0.0.1:8000/v1", "glm_api_base"),
        ("http://127.9.9.9/v1", "", "http://127.9.9.9/v1", "glm_api_base"),
        ("http://localhost:1", "", "http://localhost:1", "glm_api_base"),
        ("http://[::1]:8000/v1", "", "http://[::1]:8000/v1", "glm_api_base"),
    ],
)
def test_base(option: str, environment: str, base: str, source: str) -> None:
    read = settings({"GLM_API_BASE": environment}, glm_api_base=option)
    assert (read.base, read.base_source) == (base, source)


@pytest.mark.parametrize(
    "url",
    [
        "api.z.ai",
        "ftp://api.z.ai/v4",
        "https://",
        "https:///v4",
        "https://api.z.ai:x/v4",
        "https://api.z.ai:99999/v4",
        "https://[::1/v4",
        "https://me:pw@api.z.ai/v4",
        "https://:pw@api.z.ai/v4",
        "https://api.z.ai/v4?a=b",
        "https://api.z.ai/v4#a",
        "http://api.z.ai/v4",
        "http://localhost.example/v4",
        "http://127.0.0.1.example/v4",
        "http://192.168.0.1/v4",
        "http://0.0.0.0/v4",
    ],
)
def test_bad_base_is_named(url: str) -> None:
    with pytest.raises(OptionsError, match=r"^glm_api_base: "):
        settings(glm_api_base=url)
    with pytest.raises(OptionsError, match=rf"^{ENVIRONMENT}: "):
        settings({"GLM_API_BASE": url})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("glm_effort", "turbo"),
        ("glm_rows", "maybe"),
        ("glm_allow_hosts", ["https://example.com"]),
        ("glm_allow_hosts", ["chatgpt.com"]),
        ("glm_keep_bytes", ""),
        ("glm_max_body", "much"),
        ("glm_keep_bytes", "-1"),
        ("glm_keep_bytes", "256 MB left"),
        ("glm_images", ""),
        ("glm_images", "show"),
        ("glm_vision_model", "GLM-5.3"),
        ("glm_simulator", "maybe"),
        ("glm_simulator", ""),
        ("glm_model_map", ["gpt-5"]),
        ("glm_model_map", ["gpt-5="]),
        ("glm_model_map", ["=glm-5.3"]),
        ("glm_model_map", ["a=b", "c d=e"]),
        ("glm_side_model", ["review"]),
        ("glm_side_model", ["reviews=glm-5.3"]),
        ("glm_failover", [ZAI]),
        ("glm_failover", [f"{ZAI}=UNSET"]),
        ("glm_failover", ["http://api.z.ai=HOME"]),
        ("glm_retries", "many"),
        ("glm_retries", "-1"),
        ("glm_retries", "nan"),
        ("glm_retry_seconds", "1h"),
        ("glm_retry_seconds", "3601"),
        ("glm_concurrency", "1001"),
        ("glm_stop_seconds", "-1"),
        ("glm_stop_seconds", "1h"),
        ("glm_keepalive", "0"),
        ("glm_keepalive", ""),
    ],
)
def test_bad_value_is_named(name: str, value: object) -> None:
    with pytest.raises(OptionsError, match=rf"^{name}: "):
        settings({"HOME": "k"}, None, **{name: value})


SECRET = "abcdef0123456789.SECRET"


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("glm_failover", [f"{ZAI}={SECRET}"], f"named for {ZAI} is not set; name one, not the key"),
        ("glm_failover", [f"{SECRET}={ZAI}"], "give a URL such as"),
        ("glm_failover", [SECRET], "write BASE=NAME"),
        ("glm_failover", [f"{ZAI}={SECRET}=A"], "give a URL such as"),
        ("glm_failover", [f"http://api.z.ai/v4={SECRET}=A"], "give a URL such as"),
        ("glm_api_base", SECRET, "give a URL such as"),
        ("glm_api_base", f"https://me:{SECRET}@api.z.ai/v4", "give a URL such as"),
        ("glm_api_base", f"https://me:{SECRET}@api.z.ai:x/v4", "give a URL such as"),
        ("glm_api_base", f"https://api.z.ai/v4?{SECRET}", "give a URL such as"),
        ("glm_api_base", f"https://api.z.ai/v4#{SECRET}", "give a URL such as"),
    ],
)
def test_a_key_in_the_wrong_place_is_not_shown(name: str, value: object, said: str) -> None:
    with pytest.raises(OptionsError, match=rf"^{name}: .*{said}") as refused:
        settings({"A": SECRET}, None, **{name: value})
    assert "SECRET" not in str(refused.value)


def test_good_values() -> None:
    read = settings(
        glm_effort=" High ", glm_simulator="AUTO", glm_model_map=["gpt-5 = glm-5.3", "*=glm-4.7"]
    )
    assert (read.effort, read.simulator) == ("high", "auto")
    assert read.model_map == (("gpt-5", "glm-5.3"), ("*", "glm-4.7"))
    for_translation = read.translation(ApiKey(KEY, "here"))
    assert (for_translation.base, for_translation.effort) == ("bigmodel-plan", "high")
    assert KEY not in repr(for_translation)
    assert for_translation.seal_key != settings().translation(ApiKey("other", "")).seal_key


def test_side_requests() -> None:
    read = settings(glm_small_model=" GLM-4.7 ", glm_side_model=["title = GLM-5", "*=asked"])
    expected = SideChoice("glm-4.7", (("title", "glm-5"), ("*", "asked")))
    assert read.side == read.translation(ApiKey(KEY, "")).side == expected
    turns = Turns(Simulation())
    assert health(read, turns)["small_model"] == "glm-4.7"
    assert health(settings(glm_small_model="OFF"), turns)["small_model"] == "none"
    assert health(settings(), turns)["small_model"] == "glm-5.3-flash"


def test_a_folder_for_records() -> None:
    assert settings(glm_record=" ").record is None
    assert settings(glm_record="~/there").record == Path.home() / "there"


def test_limits_and_places() -> None:
    read = settings(
        {"SPARE": "of.spare"},
        glm_failover=[f"{ZAI}/=SPARE", f"{ZAI} = SPARE"],
        glm_retries="2",
        glm_retry_seconds="7.5",
        glm_concurrency="3",
        glm_keepalive="0.5",
    )
    assert read.failover == (Upstream(ZAI, ApiKey("of.spare", "SPARE in the environment")),) * 2
    assert read.retries == RetryLimits(2, 7.5)
    assert (read.concurrency, read.keepalive) == (3, 0.5)
    assert "of.spare" not in repr(read)
    assert [place.product for place in read.failover] == ["payg"] * 2
    plan = Upstream(DEFAULT_BASE, ApiKey(KEY, ""))
    assert (plan.product, Upstream("https://a.example", plan.key).product) == ("plan", "other")


@pytest.mark.parametrize(
    ("given", "size"),
    [
        ("0", 0),
        ("1000", 1000),
        ("1000b", 1000),
        ("1k", 1024),
        (" 1.5 KiB ", 1536),
        ("256MB", 256 << 20),
        ("2g", 2 << 30),
        ("1TB", 1 << 40),
    ],
)
def test_sizes(given: str, size: int) -> None:
    assert settings(glm_keep_bytes=given).keep_bytes == size


@pytest.mark.parametrize(
    ("given", "name"),
    [(" GLM-4.6V ", "glm-4.6v"), ("glm-7v", "glm-7v"), ("Qwen-VL", "Qwen-VL"), ("", "")],
)
def test_images(given: str, name: str) -> None:
    read = settings(glm_images=" Route ", glm_vision_model=given)
    assert read.images == ImageSettings("route", name)
    assert read.translation(ApiKey("", "none")).images == read.images


@pytest.mark.parametrize(
    ("mode", "modalities"),
    [("describe", ["text", "image"]), ("route", ["text", "image"]), ("omit", ["text"])],
)
def test_the_catalogue_tells_whether_images_are_of_use(mode: str, modalities: list[str]) -> None:
    entries: Any = settings(glm_images=mode).catalog("0.163.0")["models"]
    assert entries[0]["input_modalities"] == modalities


@pytest.mark.parametrize(
    ("simulator", "has_key", "simulated"),
    [
        ("off", True, False),
        ("off", False, False),
        ("auto", True, False),
        ("auto", False, True),
        ("on", True, True),
        ("on", False, True),
    ],
)
def test_simulated(simulator: str, has_key: bool, simulated: bool) -> None:
    read = settings(key=ApiKey(KEY, "here") if has_key else None, glm_simulator=simulator)
    assert read.simulated is simulated


def test_rank_of_keys() -> None:
    environ = {"GLM_API_KEY": f" {KEY}\n"}
    option = ApiKey("from.option", "option glm_api_key")
    assert settings(environ, option).key == option
    assert settings(environ).key == ApiKey(KEY, "GLM_API_KEY in the environment")
    assert settings({"GLM_API_KEY": "  "}).key is None


@pytest.mark.parametrize(
    ("value", "key"),
    [(KEY, KEY), (f" {KEY} ", KEY), ("sk-any-shape", "sk-any-shape"), ("", None), (HIDDEN, None)],
)
def test_read_key(value: str, key: str | None) -> None:
    read = read_key(value, "here")
    assert (read.value if read else None) == key


@pytest.mark.parametrize("value", ["two words", "a\nb", "ключ", "a\x00b", "Bearer abc.def"])
def test_bad_key_is_refused_and_not_shown(value: str) -> None:
    with pytest.raises(OptionsError, match=r"^GLM_API_KEY .*: a key is one word") as refused:
        settings({"GLM_API_KEY": value})
    assert value not in str(refused.value)


@pytest.mark.parametrize(
    ("base", "expected"),
    [
        (DEFAULT_BASE, ("open.bigmodel.cn", 443)),
        ("https://api.z.ai:8443/v4", ("api.z.ai", 8443)),
        ("http://[::1]/v1", ("::1", 80)),
    ],
)
def test_address(base: str, expected: tuple[str, int]) -> None:
    assert address(base) == expected
    request = chat_request(Upstream(base, ApiKey(KEY, "")), b"")
    assert (request.host, request.port) == expected


@pytest.mark.parametrize(
    ("key", "simulator", "source", "upstream"),
    [
        (ApiKey(KEY, "GLM_API_KEY"), "off", "GLM_API_KEY", DEFAULT_BASE),
        (None, "off", "missing", DEFAULT_BASE),
        (None, "auto", "none needed", "simulator"),
        (ApiKey(KEY, "GLM_API_KEY"), "on", "none needed", "simulator"),
    ],
)
def test_health(key: ApiKey | None, simulator: str, source: str, upstream: str) -> None:
    read = settings(key=key, glm_simulator=simulator, glm_model_map=["mine=glm-4.7"])
    turns = Turns(Simulation())
    turns.served, turns.side_calls = 7, {"image": {"asked": 2, "failed": 1}}
    turns.unknowns.counts["item_type"] = {"foo": 3}
    told = health(read, turns)
    assert key_source(read).startswith(source)
    assert told["key"] == key_source(read)
    assert (told["upstream"], told["turns_served"]) == (upstream, 7)
    assert told["unknown"] == {"item_type": {"foo": 3}}
    assert told["side_calls"] == {"image": {"asked": 2, "failed": 1}}
    models = told["models"]
    assert isinstance(models, dict)
    assert models["mine"] == "glm-4.7"
    assert {"gpt-5", "gpt-5-codex"} < set(models)
    assert KEY not in str(told)
