"""What is well, what is wrong, and what mends it."""

from __future__ import annotations

import asyncio
import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

from codex_glm.commands.check_codex import check_codex
from codex_glm.commands.check_glm import KNOWN_BASES, check_glm
from codex_glm.commands.check_proxy import check_proxy, check_settings
from codex_glm.commands.check_token import check_token
from codex_glm.commands.codex_home import home_folder
from codex_glm.commands.findings import wrong
from codex_glm.commands.settings_file import SettingsError, read_settings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from codex_glm.commands.findings import Finding

_SIGNS = {
    "ok": ("✓", "green"),
    "note": ("!", "yellow"),
    "wrong": ("✗", "red"),
    "skipped": ("-", "dim"),
}


@dataclass(frozen=True, slots=True)
class Patient:
    """What the doctor looks at."""

    environ: Mapping[str, str]
    paid: bool = True
    """Whether turns, searches and images may be asked of GLM, which may cost a little."""
    config: str = ""
    """Another settings file."""
    known_bases: Sequence[str] = KNOWN_BASES


async def examine(patient: Patient) -> list[Finding]:
    """Look at everything, in the order in which a request goes."""
    try:
        settings = read_settings(patient.environ, patient.config)
    except SettingsError as error:
        return [wrong("settings", str(error), "correct it")]
    home = home_folder(patient.environ)
    proxy = await check_proxy(settings)
    return [
        await asyncio.to_thread(check_settings, patient.environ, patient.config, settings),
        *await asyncio.to_thread(check_codex, patient.environ, home, settings),
        *proxy,
        *(await check_token(patient.environ, home, settings) if proxy[0].state == "ok" else []),
        *await check_glm(settings, paid=patient.paid, known=patient.known_bases),
    ]


def show(findings: Sequence[Finding], console: Console, secret: str = "", home: str = "") -> None:
    """Print the findings; `secret` is masked, should anybody's words hold it, `home` is `~`."""

    def masked(words: str) -> str:
        words = words.replace(secret, "<GLM key>") if secret else words
        return words.replace(f"{home}/", "~/") if home else words

    table = Table.grid(padding=(0, 1))
    for each in findings:
        sign, style = _SIGNS[each.state]
        words = Text(masked(each.words))
        if each.mend:
            words.append(f"\n→ {masked(each.mend)}", "bold")
        table.add_row(Text(sign, style), Text(each.name), words)
    console.print(table)
    console.print(_summary(findings))


def _summary(findings: Sequence[Finding]) -> Text:
    count = sum(each.state == "wrong" for each in findings)
    if not count:
        return Text("\nNothing is wrong.", "green")
    return Text(f"\n{count} {'thing is' if count == 1 else 'things are'} wrong.", "red")


def run(config: str, *, paid: bool) -> None:
    """Examine, print, and end with 0 where nothing is wrong, else with 1."""
    findings = asyncio.run(examine(Patient(os.environ, paid=paid, config=config)))
    try:
        secret = read_settings(os.environ, config).key
    except SettingsError:
        secret = ""
    show(findings, Console(highlight=False), secret, os.environ.get("HOME", ""))
    sys.exit(any(each.state == "wrong" for each in findings))
