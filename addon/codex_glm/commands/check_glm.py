"""The doctor at GLM: the key, the base that it belongs to, and what it may do there."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from codex_glm.commands import probes
from codex_glm.commands.base_url import base_parts, is_plain
from codex_glm.commands.check_key import NEW_KEY, key_shape, no_key
from codex_glm.commands.findings import note, ok, skipped, wrong
from codex_glm.commands.places import command
from codex_glm.sidecalls.client import SideCallError, SideClient
from codex_glm.translation.errors import Advice, Failure, upstream_failure
from codex_glm.translation.models import FLAGSHIP, base_kind, served_models, vision_model

if TYPE_CHECKING:
    from collections.abc import Awaitable, Sequence

    from codex_glm.commands.findings import Finding
    from codex_glm.commands.settings_file import ProxySettings

KNOWN_BASES = (
    "https://open.bigmodel.cn/api/coding/paas/v4",
    "https://open.bigmodel.cn/api/paas/v4",
    "https://api.z.ai/api/coding/paas/v4",
    "https://api.z.ai/api/paas/v4",
)
_RUN = command("run")
_OTHER_BASE = f"export GLM_API_BASE={{base}}, then {_RUN}"
_BAD_ENDS = ("/responses", "/v1", "/anthropic", "/models")
_SECONDS = 60.0
_MENDS = {
    "key": NEW_KEY,
    "balance": "set GLM_API_BASE to the product of the key, or top up",
    "model": f"{command('run', '--set glm_model_map=*=MODEL')} with a model of your plan",
    "plan_limit": "wait for the reset, or name another place in glm_failover",
    "plan_ended": "renew the plan, or export another GLM_API_KEY",
    "permission": "ask GLM's support what the account may do",
    "parameter": "update codex-glm; if it stays, report it",
}


async def check_glm(
    settings: ProxySettings, *, paid: bool, known: Sequence[str] = KNOWN_BASES
) -> list[Finding]:
    """Look at the key and at GLM; without `paid` nothing is asked that may cost."""
    if settings.simulator == "on" or not settings.key:
        return [no_key(settings)]
    base = _base_shape(settings.glm_base, settings.base_source)
    if base.state == "wrong":
        return [base]
    findings = [key_shape(settings), base]
    if findings[0].state == "wrong":
        return findings
    client = SideClient(settings.glm_base, settings.key, _SECONDS)
    listed = await _check_list(client, known)
    findings += listed
    if any(each.state == "wrong" for each in listed):
        return findings
    if paid:
        findings += await _check_turns(client)
    else:
        findings.append(skipped("turns", "not asked, as they may cost (--free)"))
    return [*findings, *await _check_native(client)]


def _base_shape(base: str, source: str) -> Finding:
    mend = _OTHER_BASE.format(base=KNOWN_BASES[0])
    parts = base_parts(base)
    if parts is None:
        words = "no http URL that can be a base; it is not shown, as it may hold a secret"
        return wrong("base", f"{source}: {words}", mend)
    if is_plain(parts):
        return wrong("base", f"{base} ({source}): plain http would show the key", mend)
    kind = base_kind(base)
    if kind != "other" and base.endswith(_BAD_ENDS):
        return wrong("base", f"{base} ({source}) is no base of chat completions", mend)
    if kind == "other":
        return note("base", f"{base} ({source}) is none of GLM's own")
    return ok("base", f"{base} ({source}): {_product(kind)}")


def _product(kind: str) -> str:
    return "Coding Plan" if kind.endswith("plan") else "pay as you go"


async def _check_list(client: SideClient, known: Sequence[str]) -> list[Finding]:
    try:
        names = await probes.model_names(client)
    except SideCallError as error:
        return await _list_failed(client, known, error)
    accepted = ok("GLM", f"{client.base} answers and takes the key")
    wanted = served_models(base_kind(client.base))
    if FLAGSHIP not in names:
        words = f"GLM's list lacks {FLAGSHIP} (the list is not always complete); it has: "
        return [accepted, note("models", words + ", ".join(sorted(names)))]
    return [accepted, ok("models", ", ".join(n for n in wanted if n in names))]


async def _list_failed(
    client: SideClient, known: Sequence[str], error: SideCallError
) -> list[Finding]:
    if error.status == 0:
        return [_unreachable(client.base, error.message)]
    failed = _failure(client, error)
    if failed.rule in ("key", "balance", "permission"):
        found = [_said("GLM", failed)]
        return [*found, *await _try_others(client, known)]
    return [note("models", f"{client.base} gives no list of models ({error})")]


def _unreachable(base: str, message: str) -> Finding:
    host = urlsplit(base).hostname
    lowered = message.lower()
    if (
        "name" in lowered and ("resol" in lowered or "known" in lowered)
    ) or "getaddrinfo" in lowered:
        return wrong("GLM", f"the name {host} is not found ({message})", "check GLM_API_BASE, DNS")
    if "certificate" in lowered:
        mend = "check the clock and what inspects TLS on the way; GLM's certificate is not trusted"
        return wrong("GLM", f"no trust in {host}: {message}", mend)
    return wrong("GLM", f"no connection to {host}: {message}", "check the network, GLM_API_BASE")


async def _try_others(client: SideClient, known: Sequence[str]) -> list[Finding]:
    """Ask GLM's other bases for their list, if the base in use is one of them; and say so."""
    others = [base for base in known if base != client.base] if client.base in known else []
    taken = []
    for base in others:
        try:
            await probes.model_names(SideClient(base, client.key, 20.0))
        except SideCallError:
            continue
        taken.append(base)
    if not others:
        return []
    asked = "GLM's other bases were asked for their models too (GET /models, free of charge): "
    if not taken:
        return [note("other bases", asked + "none takes this key")]
    words = f"{asked}the key is taken at {', '.join(taken)}"
    return [wrong("other bases", words, _OTHER_BASE.format(base=taken[0]))]


async def _check_turns(client: SideClient) -> list[Finding]:
    kind = base_kind(client.base)
    try:
        answer = await probes.ask(client, FLAGSHIP, "Reply with the word ok.")
    except SideCallError as error:
        return [_said("turn", _failure(client, error))]
    findings = [_streamed(answer)]
    if findings[0].state == "wrong":
        return findings
    thought = "thinking comes with the answer"
    findings.append(
        ok("thinking", thought) if answer.thinking else note("thinking", "none came; GLM may skip")
    )
    findings.append(await _tried(client, "tools", _tools(client)))
    if model := vision_model(kind):
        findings.append(await _tried(client, "vision", _vision(client, model)))
    findings.append(await _tried(client, "search", _search(client)))
    return findings


def _streamed(answer: probes.Answer) -> Finding:
    mend = "try again; if it stays, look at the turn in mitmweb"
    if answer.finish not in ("stop", "length", "tool_calls"):
        return wrong("turn", f"the stream ended with {answer.finish or 'nothing'}", mend)
    if not (answer.text or answer.thinking or answer.calls):
        return wrong("turn", "the stream brought no words", mend)
    return ok("turn", f"{FLAGSHIP} answers, in {answer.chunks} pieces")


async def _tried(client: SideClient, name: str, probe: Awaitable[Finding]) -> Finding:
    try:
        return await probe
    except SideCallError as error:
        return _said(name, _failure(client, error))


async def _tools(client: SideClient) -> Finding:
    answer = await probes.ask(client, FLAGSHIP, f"Call {probes.TOOL} with the command `echo ok`.")
    if probes.TOOL in answer.calls:
        return ok("tools", "GLM calls the tool that it is given")
    return wrong("tools", "GLM did not call the tool that it was told to call", "try again")


async def _vision(client: SideClient, model: str) -> Finding:
    answer = await probes.ask(client, model, "Which colour is this?", image=True)
    if answer.text or answer.thinking:
        return ok("vision", f"{model} takes images")
    return wrong(
        "vision", f"{model} said nothing of an image", "set glm_images: omit, or try again"
    )


async def _search(client: SideClient) -> Finding:
    return ok("search", f"GLM searches the web (results: {await probes.search(client)})")


async def _check_native(client: SideClient) -> list[Finding]:
    parts = urlsplit(client.base)
    if not parts.path.endswith("/paas/v4"):
        return []
    native = f"{parts.scheme}://{parts.netloc}/api/v1"
    try:
        await probes.model_names(SideClient(native, client.key, 20.0))
    except SideCallError as error:
        return [note("Responses", f"no endpoint of GLM's own seen at {native} ({error})")]
    return [ok("Responses", f"GLM has an endpoint of its own at {native}; not used here")]


def _failure(client: SideClient, error: SideCallError) -> Failure:
    advice = Advice(served_models(base_kind(client.base)))
    said = {"code": error.code, "message": error.message} if error.code or error.message else {}
    return upstream_failure(said, error.status, advice)


def _said(name: str, failed: Failure) -> Finding:
    if failed.rule == "unknown" and "HTTP 200" in failed.message:
        return wrong(name, failed.message, "check GLM_API_BASE")
    return wrong(name, failed.message, _MENDS.get(failed.rule, "try again in a minute"))
