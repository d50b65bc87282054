"""The doctor at the proxy's door: does it let Codex in, with the token that Codex shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codex_glm.commands.codex_config import (
    ConfigError,
    chosen,
    provider,
    read_config,
    shown_tokens,
)
from codex_glm.commands.findings import ok, wrong
from codex_glm.sidecalls.client import SideCallError, SideClient

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from codex_glm.commands.codex_config import Table
    from codex_glm.commands.findings import Finding
    from codex_glm.commands.settings_file import ProxySettings

_SECONDS = 10.0


async def check_token(
    environ: Mapping[str, str], home: Path, settings: ProxySettings
) -> list[Finding]:
    """Ask the running proxy for its models, as Codex would; says nothing where none are asked for.

    What is wrong with config.toml is told elsewhere, and so is a variable that is not set.
    """
    table = _table(home)
    if table is None or _is_unset(table, environ):
        return []
    for token in shown_tokens(table, environ) or [""]:
        if not await _is_refused(settings, token):
            taken = ok("token", "the proxy takes the client's token that Codex shows")
            return [taken] if settings.tokens else []
    return [_refused(table)]


def _table(home: Path) -> Table | None:
    """Give the table of the user's own provider: Codex's own one shows what is not known here."""
    try:
        name, table = provider(chosen(read_config(home)))
    except (FileNotFoundError, ConfigError):
        return None
    return None if name == "openai" else table


def _is_unset(table: Table, environ: Mapping[str, str]) -> bool:
    return bool(table.get("env_key")) and not environ.get(str(table["env_key"]))


async def _is_refused(settings: ProxySettings, token: str) -> bool:
    try:
        await SideClient(settings.origin, token, _SECONDS).get_json("/v1/models")
    except SideCallError as error:
        return error.status == 401
    return False


def _refused(table: Table) -> Finding:
    words = "the proxy asks its clients for a token (glm_client_tokens), and refuses what "
    if variable := table.get("env_key"):
        mend = f"export {variable}=…  (a token that the proxy knows)"
        return wrong("token", f"{words}{variable} holds (env_key)", mend)
    mend = 'put env_key = "MY_TOKEN" in place of experimental_bearer_token, and export MY_TOKEN=…'
    return wrong("token", f"{words}Codex shows (401)", mend)
