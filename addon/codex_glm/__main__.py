"""`codex-glm`: every command of this package. Each imports what it needs when it runs."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from codex_glm import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence

_CONFIG = click.option("--config", default="", metavar="FILE", help="Another settings file.")
_SET = click.option(
    "--set", "sets", multiple=True, metavar="NAME=VALUE", help="An option of the proxy; repeatable."
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="%(prog)s %(version)s")
def main() -> None:
    """Run OpenAI Codex on GLM through mitmproxy, and see both sides of every turn."""


def _tool(name: str, words: str, *, hidden: bool = False) -> None:
    """Make the command that becomes one of mitmproxy's programs; it passes all options on."""

    @main.command(
        name, help=words, hidden=hidden, context_settings={"ignore_unknown_options": True}
    )
    @_CONFIG
    @click.argument("options", nargs=-1, type=click.UNPROCESSED, metavar="[OPTION OF MITMPROXY]...")
    def become(config: str, options: Sequence[str]) -> None:
        from codex_glm.proxy.launch import start

        start.become("web" if name == "run" else name, list(options), config)


_tool("run", "Run the proxy with its web page (mitmweb).")
_tool("web", "The same as run.", hidden=True)
_tool("dump", "Run the proxy in the terminal, one line for each turn (mitmdump).")
_tool("console", "Run the proxy with mitmproxy's console.")


@main.command(context_settings={"allow_interspersed_args": False})
@click.option("--web", is_flag=True, help="With mitmweb's page.")
@_CONFIG
@_SET
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
def forward(command: Sequence[str], config: str, sets: Sequence[str], *, web: bool) -> None:
    """Run the forward proxy for an unmodified Codex; or COMMAND through one, such as `codex`."""
    from codex_glm.proxy.launch import forward_start

    sys.exit(forward_start.run(command, sets, config, web=web))


@main.command()
@click.option("--base", default="", metavar="URL", help="The proxy's URL, if not the settings'.")
@_CONFIG
@_SET
def codex(base: str, config: str, sets: Sequence[str]) -> None:
    """Set Codex up for this proxy, in CODEX_HOME (default ~/.codex)."""
    from codex_glm.commands import codex as command

    command.set_up_codex(base, config, sets)


@main.command()
def undo() -> None:
    """Put Codex's settings back as they were."""
    from codex_glm.commands import codex as command

    command.undo_codex()


@main.command()
@click.option("--free", is_flag=True, help="Ask GLM nothing that may cost.")
@_CONFIG
def doctor(*, free: bool, config: str) -> None:
    """Find out what is wrong, and what mends it; ends with 1 if anything is."""
    from codex_glm.commands import doctor as command

    command.run(config, paid=not free)


@main.command()
@click.option("--out", default="glm-models.json", show_default=True, help="Where to.")
@click.option("--codex", default="", metavar="VERSION", help="For which Codex, such as 0.135.0.")
@click.option("--strict", is_flag=True, help="Refuse any wrong setting, as the proxy does.")
@_CONFIG
@_SET
def catalog(out: str, codex: str, config: str, sets: Sequence[str], *, strict: bool) -> None:
    """Write the model catalogue as a file for Codex."""
    from codex_glm.proxy.launch import catalog_file

    catalog_file.write(out, codex, config, sets, strict=strict)


@main.command()
@click.option("--url", default="", help="Where, if not at the settings' address.")
@click.option("--quiet", is_flag=True, help="Only the exit code tells.")
@_CONFIG
def health(url: str, config: str, *, quiet: bool) -> None:
    """Show the state of the running proxy; ends with 1 if it does not answer."""
    from codex_glm.commands import health as command

    command.show(url, config, quiet=quiet)


@main.command()
@click.option("--new", is_flag=True, help="Put a copy of it where it is yours to edit.")
def config(*, new: bool) -> None:
    """Show which settings file is read, and from where."""
    from codex_glm.commands import settings_copy

    settings_copy.show(os.environ, new=new)


@main.command()
@click.option("--port", default=18766, show_default=True, help="0 takes a free port.")
@click.option(
    "--scenario", "scenarios", multiple=True, type=click.Path(path_type=Path), metavar="FILE",
    help="In place of the scenarios that ship with the package; repeatable.",
)  # fmt: skip
@click.option("--pace", default=0.02, show_default=True, help="Seconds between two chunks.")
@click.option(
    "--plan", type=click.Path(path_type=Path), metavar="FILE",
    help="The plan that is told, in place of the one that ships with the package.",
)  # fmt: skip
def simulator(port: int, scenarios: Sequence[Path], pace: float, plan: Path | None) -> None:
    """Run the simulated GLM alone, for other tools."""
    from codex_glm.simulator import alone

    alone.run(port, scenarios, pace, plan)


if __name__ == "__main__":
    main(prog_name="codex-glm")
