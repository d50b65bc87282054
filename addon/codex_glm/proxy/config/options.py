"""The addon's options, read and checked into `Settings`."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

from mitmproxy.exceptions import OptionsError

from codex_glm.commands.base_url import base_parts, is_plain
from codex_glm.proxy.config.api_key import HIDDEN, ApiKey
from codex_glm.proxy.config.settings import DEFAULT_BASE, Settings
from codex_glm.proxy.entry.client_tokens import read_tokens
from codex_glm.proxy.forward.hosts import AllowedHosts
from codex_glm.proxy.shown import rows
from codex_glm.proxy.turns.follow_up import SearchLimits
from codex_glm.proxy.turns.retry import RetryLimits
from codex_glm.proxy.turns.upstream import Upstream
from codex_glm.translation.models import MODELS
from codex_glm.translation.request.side_requests import KINDS, SideChoice
from codex_glm.translation.request.sight import ImageSettings

if TYPE_CHECKING:
    from mitmproxy.addonmanager import Loader
    from mitmproxy.options import Options

    from codex_glm.translation.request.sight import Mode

EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max", "ultra")
IMAGE_MODES = ("describe", "route", "omit")
SIMULATOR_CHOICES = ("off", "auto", "on")
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgt]?)(?:i?b)?", re.IGNORECASE)
_RULE = re.compile(r"\s*(\S+)\s*=\s*(\S+)\s*")

_OPTIONS: tuple[tuple[str, type | object, object, str], ...] = (
    ("glm_api_key", str, "", "The GLM API key; better given as GLM_API_KEY in the environment."),
    ("glm_api_base", str, "", f"Base URL of GLM. Default: GLM_API_BASE, else {DEFAULT_BASE}"),
    ("glm_model_map", Sequence[str], [], "Own model names, asked=model; `*` matches anything."),
    ("glm_small_model", str, "", "The model for titles and the like; off: none of its own."),
    ("glm_side_model", Sequence[str], [], "Other models for side requests, KIND=MODEL."),
    ("glm_effort", str, "", "Reasoning effort for every turn, instead of what Codex asks."),
    ("glm_tool_stream", bool, True, "Ask GLM for tool arguments in fragments."),
    ("glm_failover", Sequence[str], [], "Further places, BASE=NAME of the key's variable."),
    ("glm_retries", str, "6", "Tries of the proxy's own before it reports an error; 0: none."),
    ("glm_retry_seconds", str, "180", "Age of a turn after which no further try begins."),
    ("glm_concurrency", str, "0", "Turns of one key at once; 0: as many as GLM bears."),
    ("glm_keepalive", str, "10", "Seconds of silence after which Codex gets a sign of life."),
    ("glm_web_search", bool, True, "Run Codex's web searches through GLM's search API."),
    ("glm_search_engine", str, "", "GLM's search engine. Default: the base's own."),
    ("glm_images", str, "describe", "Images for a text-only model: describe, route, omit."),
    ("glm_vision_model", str, "", "Who describes them or answers. Default: the base's own choice."),
    ("glm_allow_hosts", Sequence[str], [], "Hosts to let through in forward mode, HOST[:PORT]."),
    ("glm_quota", bool, True, "Ask GLM how much of the plan is used, for Codex's /status."),
    ("glm_record", str, "", "A folder for turns as test fixtures, without what is private."),
    ("glm_rows", str, "auto", "Rows for GLM's side: on, off, auto (in mitmweb, console, HAR)."),
    ("glm_keep_bytes", str, "256MB", "What the view may hold before old bodies go; 0: no limit."),
    ("glm_max_body", str, "64MB", "The most that a request's body may have, decoded too."),
    ("glm_fast_lane", bool, True, "Stream past mitmproxy's layers where these are known."),
    ("glm_simulator", str, "off", "Answer from the embedded simulator: off, on, auto (no key)."),
    ("glm_client_tokens", Sequence[str], [], "Clients' tokens, NAME=VARIABLE or NAME=PATH."),
    ("glm_host_names", Sequence[str], [], "Names that clients may call the proxy by, HOST[:PORT]."),
    ("glm_stop_seconds", str, "30", "Seconds that turns have to finish when asked to stop."),
    ("glm_config", str, "", "The settings file. Default: as `codex-glm config` shows it."),
)


def declare(loader: Loader | Options) -> None:
    """Declare all options to mitmproxy.

    Those with a shape of their own are text and read here: mitmproxy leaves an addon out without
    a word when `--set` gives one of its typed options a bad value (observed on 12.3.1).
    """
    for name, kind, default, words in _OPTIONS:
        loader.add_option(name, kind, default, words)  # type: ignore[arg-type]  # as declared


def read_settings(
    options: Options, environ: Mapping[str, str], given_key: ApiKey | None
) -> Settings:
    """Read and check the options; `given_key` is what `glm_api_key` held.

    Raises OptionsError with the name of the option that is wrong.
    """
    base, source = _read_base(options.glm_api_base, environ)
    tries = _read_number("glm_retries", options.glm_retries, 0, 100)
    seconds = _read_number("glm_retry_seconds", options.glm_retry_seconds, 0, 3600)
    return Settings(
        base=base,
        base_source=source,
        key=given_key or read_key(environ.get("GLM_API_KEY", ""), "GLM_API_KEY in the environment"),
        model_map=tuple(_read_rule("glm_model_map", rule) for rule in options.glm_model_map),
        side=SideChoice(
            options.glm_small_model.strip().lower(),
            tuple(_read_side(rule) for rule in options.glm_side_model),
        ),
        effort=_read_choice("glm_effort", options.glm_effort, ("", *EFFORTS)),
        tool_stream=options.glm_tool_stream,
        simulator=_read_choice("glm_simulator", options.glm_simulator, SIMULATOR_CHOICES),
        failover=tuple(_read_place(place, environ) for place in options.glm_failover),
        retries=RetryLimits(int(tries), seconds),
        concurrency=int(_read_number("glm_concurrency", options.glm_concurrency, 0, 1000)),
        web_search=options.glm_web_search,
        searching=SearchLimits(engine=options.glm_search_engine.strip()),
        images=_read_images(options.glm_images, options.glm_vision_model),
        allowed_hosts=_read_hosts(options.glm_allow_hosts),
        record=Path(options.glm_record).expanduser() if options.glm_record.strip() else None,
        fast_lane=options.glm_fast_lane,
        keepalive=_read_number("glm_keepalive", options.glm_keepalive, 0.05, 3600),
        tokens=read_tokens(options.glm_client_tokens, environ),
        host_names=tuple(name.strip() for name in options.glm_host_names),
        stop_seconds=_read_number("glm_stop_seconds", options.glm_stop_seconds, 0, 3600),
        rows=_read_choice("glm_rows", options.glm_rows, rows.CHOICES),
        max_body=read_size("glm_max_body", options.glm_max_body),
        keep_bytes=read_size("glm_keep_bytes", options.glm_keep_bytes),
    )


def read_key(value: str, source: str) -> ApiKey | None:
    """Take a key as it was given in `source`; None where that holds none, or only its mask.

    Raises OptionsError for a value that no HTTP header can carry.
    """
    key = value.strip()
    if not key or key == HIDDEN:
        return None
    if not key.isascii() or not key.isprintable() or " " in key:
        raise OptionsError(f"{source}: a key is one word of printable ASCII characters")
    return ApiKey(key, source)


def _read_base(option: str, environ: Mapping[str, str]) -> tuple[str, str]:
    for value, source in (
        (option, "glm_api_base"),
        (environ.get("GLM_API_BASE", ""), "GLM_API_BASE in the environment"),
        (DEFAULT_BASE, "default"),
    ):
        if value.strip():
            return _check_base(value.strip(), source), source
    raise AssertionError("the default is never empty")


def _check_base(url: str, source: str) -> str:
    url = url.rstrip("/").removesuffix("/chat/completions")
    parts = base_parts(url)
    if parts is None:
        # A key in the wrong place, or a password, is not to be shown.
        shown = f", not {url}" if "://" in url and not set("@=?#") & set(url) else ""
        raise OptionsError(f"{source}: give a URL such as {DEFAULT_BASE}{shown}")
    if is_plain(parts):
        raise OptionsError(f"{source}: plain http would show the key; use https, not {url}")
    return parts._replace(netloc=parts.netloc.lower()).geturl()


def _read_rule(name: str, rule: str) -> tuple[str, str]:
    matched = _RULE.fullmatch(rule)
    if not matched:
        raise OptionsError(f"{name}: write asked=model, not {rule!r}")
    return matched[1], matched[2]


def _read_side(rule: str) -> tuple[str, str]:
    kind, model = _read_rule("glm_side_model", rule)
    if kind not in ("*", *KINDS):
        raise OptionsError(f"glm_side_model: {kind!r} is none of {', '.join(KINDS)}, *")
    return kind, model.lower()


def _read_choice(name: str, value: str, choices: Sequence[str]) -> str:
    value = value.strip().lower()
    if value not in choices:
        raise OptionsError(f"{name}: {value!r} is none of {', '.join(filter(None, choices))}")
    return value


def _read_place(place: str, environ: Mapping[str, str]) -> Upstream:
    matched = _RULE.fullmatch(place)
    if not matched:
        # What was written is not shown, here and below: it may hold a key.
        raise OptionsError("glm_failover: write BASE=NAME, NAME being the variable with its key")
    base, name = _check_base(matched[1], "glm_failover"), matched[2]
    key = read_key(environ.get(name, ""), f"{name} in the environment")
    if key is None:
        words = f"the environment variable named for {base} is not set; name one, not the key"
        raise OptionsError(f"glm_failover: {words}")
    return Upstream(base, key)


def _read_images(mode: str, vision_model: str) -> ImageSettings:
    name = vision_model.strip()
    name = name.lower() if name.lower().startswith("glm-") else name
    if name in MODELS and not MODELS[name].images:
        raise OptionsError(f"glm_vision_model: {name} reads text only")
    chosen = _read_choice("glm_images", mode, IMAGE_MODES)
    return ImageSettings(mode=cast("Mode", chosen), vision_model=name)


def _read_hosts(rules: Sequence[str]) -> AllowedHosts:
    try:
        return AllowedHosts.read(rules)
    except ValueError as error:
        raise OptionsError(f"glm_allow_hosts: {error}") from error


def _read_number(name: str, value: str, low: float, high: float) -> float:
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not low <= number <= high:
        raise OptionsError(f"{name}: {value!r} is no number from {low:g} to {high:g}")
    return number


def read_size(name: str, value: str) -> int:
    """Read bytes, or a number with k, M, G or T, which are powers of 1024, as in `256MB`."""
    matched = _SIZE.fullmatch(value.strip())
    if not matched:
        raise OptionsError(f"{name}: {value!r} is no size such as 256MB, 1g, or 0 for no limit")
    return int(float(matched[1]) * 1024 ** " kmgt".index(matched[2].lower() or " "))
