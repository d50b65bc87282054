"""`make compat`: which features of Codex work, version by version.

Each cell has a simulator, a proxy, a Codex and a home of its own. The tables are written into
README.md beside this file and, in short, into the one of the project.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from codex_cli_bin import bundled_codex_path  # type: ignore[import-untyped]  # it has no py.typed
from codex_glm.simulator.scenarios import load_scenarios
from codex_glm.simulator.thread import SimulatorThread

from tests.e2e.checks import check_received, check_secrets
from tests.e2e.codex import forward_codex, glm_codex
from tests.e2e.proxy_process import FORWARD, REVERSE, ProxyProcess

from .drive import drive
from .evidence import Evidence, read_flow
from .expect import missing, problems
from .feature import PYPI, Feature, Version, feature, load
from .table import Cell, write_pages

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from codex_glm.simulator.engine import Received

    from tests.e2e.codex import Codex

PROJECT = Path(__file__).parents[2]
KEY = "0123456789abcdef0123456789abcdef.SecretOfTheTable"
MCP_SERVER = PROJECT / "tests/e2e/mcp_server.py"
TOKEN_SHAPE = re.compile(r"ey[\w-]+\.ey[\w-]+\.[\w-]+")
AT_ONCE = 2


def codex_binary(version: Version) -> Path:
    """Give the Codex of a version, installed if need be; it must be of that very version."""
    if version.source == PYPI:
        path = bundled_codex_path()
    else:
        command = [str(PROJECT / ".ci/codex"), version.version]
        path = Path(
            subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
        )
    said = subprocess.run([path, "--version"], check=True, capture_output=True, text=True).stdout
    if said.split() != ["codex-cli", version.version]:
        raise SystemExit(f"{path} is {said.strip()}, not {version.version}")
    return Path(path)


def prove(chosen: Feature, version: str, binary: Path) -> Cell:
    """Run one feature with one version."""
    begun = time.monotonic()
    try:
        with tempfile.TemporaryDirectory() as folder:
            cell = judge(chosen, version, _run(chosen, binary, Path(folder)))
    except Exception as error:  # noqa: BLE001  # whatever it is, it belongs into the table
        where = traceback.extract_tb(error.__traceback__)[-1]
        cell = Cell("fails", f"{type(error).__name__}: {error} ({where.line})")
    return cell.after(time.monotonic() - begun)


def _run(chosen: Feature, binary: Path, folder: Path) -> Evidence:
    options = [part for k, v in chosen.proxy.items() for part in ("--set", f"{k}={v}")]
    with SimulatorThread([*chosen.script(), *load_scenarios()]) as simulator:
        environment = {"GLM_API_BASE": simulator.base_url, "GLM_API_KEY": KEY}
        arguments = [*(FORWARD if chosen.forward else REVERSE), *options]
        with ProxyProcess(folder / "proxy", arguments, environment=environment) as proxy:
            codex = _codex(chosen, binary, folder / "codex", proxy)
            outcome = drive(chosen, codex)
        received = list(simulator.received)
    check_received(received, KEY)
    check_secrets(proxy, KEY)
    check_logins(proxy, received, chosen.home.values())
    return Evidence(outcome, [read_flow(flow) for flow in proxy.flows()], received, codex.work)


def check_logins(proxy: ProxyProcess, received: Sequence[Received], files: Iterable[str]) -> None:
    """Check that no token of a login of Codex is in GLM's requests, the log or the saved flows."""
    saved = proxy.dump.read_bytes() + proxy.output.encode()
    for token in (token for file in files for token in TOKEN_SHAPE.findall(file)):
        assert token.encode() not in saved, "a login's token was saved"
        assert not any(token.encode() in one.raw for one in received), "a login's token reached GLM"


def _codex(chosen: Feature, binary: Path, folder: Path, proxy: ProxyProcess) -> Codex:
    if chosen.forward:
        codex = forward_codex(folder, proxy)
    else:
        codex = glm_codex(folder, proxy.base, **chosen.provider)
    codex.binary = binary
    _write(codex.work, chosen.files)
    _write(codex.home / ".codex", chosen.home)
    places = {"{python}": sys.executable, "{mcp_server}": str(MCP_SERVER)}
    for key, value in chosen.settings.items():
        codex.settings[key] = value
        for place, path in places.items():
            codex.settings[key] = codex.settings[key].replace(place, path)
    return codex


def _write(folder: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        data = bytes.fromhex(text[4:]) if text.startswith("hex:") else text.encode()
        (folder / name).write_bytes(data)


def judge(chosen: Feature, version: str, evidence: Evidence) -> Cell:
    """Say what a run came to."""
    absence, known = missing(chosen.offered, evidence), version in chosen.absent
    if absence:
        return Cell("not offered" if known else "fails", absence)
    if known:
        return Cell("fails", "it is offered, although the row says that it is not")
    found = problems(chosen.expect, evidence)
    return Cell("fails", "; ".join(found)) if found else Cell("ok", chosen.note)


def main() -> None:
    """Fill the table, or show the cells that are named on the command line."""
    options = _options()
    versions, rows = load()
    chosen = [v for v in versions if not options.version or v.version in options.version]
    rows = [row for row in rows if not options.feature or row["name"] in options.feature]
    cells = fill(chosen, rows)
    if not (options.version or options.feature):
        write_pages(versions, rows, cells)
    sys.exit(any(cell.state == "fails" for cell in cells.values()))


def fill(
    versions: Sequence[Version], rows: Sequence[dict[str, Any]]
) -> dict[tuple[str, str], Cell]:
    """Run every row with every version; the key of a cell is (row, version)."""
    binaries = {version.version: codex_binary(version) for version in versions}
    places = [(row, version) for row in rows for version in binaries]
    cells = {}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        runs = [(r, v, pool.submit(prove, feature(r, v), v, binaries[v])) for r, v in places]
        for row, version, run in runs:
            cells[row["name"], version] = run.result()
            print(f"{version:8} {row['name']:24} {run.result().line()}", flush=True)  # noqa: T201
    return cells


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.compat.run", description=__doc__)
    parser.add_argument("feature", nargs="*", help="rows to run; without any, all")
    parser.add_argument("--version", action="append", default=[], help="a version of the table")
    return parser.parse_args()


if __name__ == "__main__":
    main()
