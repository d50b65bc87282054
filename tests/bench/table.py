"""The results as Markdown, between two marks of the page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from .metrics import DIRECT, OWN, PASSTHROUGH, Group, Metric, Values, groups
from .targets import advantages, verdicts

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

BEGIN, END = "<!-- bench: begin -->", "<!-- bench: end -->"
PAGE = Path(__file__).with_name("README.md")
HELD = {True: "held", False: "**not held**", None: "not measured"}


def render(run: Mapping[str, Any]) -> str:
    """Render a run: `about`, `columns`, `streams`, `samples` and `problems`, as `run` saves it."""
    values, counts = Values(run["samples"]), run["streams"]
    names = [column["name"] for column in run["columns"]]
    compiled = [c["name"] for c in run["columns"] if c["kind"] == "compiled"]
    others = [c["name"] for c in run["columns"] if c["kind"] in ("python", "javascript")]
    parts = [
        run["about"],
        _table(["column", "what it is"], [[c["name"], _about(c)] for c in run["columns"]]),
        _titled("Aims", "", _aims(values, counts, others)),
        *(_group(group, values, names) for group in groups(counts)),
        _titled(
            "This addon on mitmdump against each rival",
            "How many times better (below 1: worse); times hold the direct way's.",
            _rivals(values, counts, [*others, *compiled]),
        ),
        _ceiling(values, counts),
        _problems(run["problems"]),
    ]
    return "\n\n".join(part for part in parts if part)


def _about(column: Mapping[str, Any]) -> str:
    return f"{column['about']} ({column['version']})" if column["version"] else str(column["about"])


def _titled(title: str, about: str, table: str) -> str:
    return "\n\n".join(part for part in (f"### {title}", about, table) if part) if table else ""


def _aims(values: Values, counts: Sequence[int], rivals: Sequence[str]) -> str:
    found = verdicts(values, counts, rivals)
    return _table(["aim", "measured", ""], [[v.aim, v.measured, HELD[v.held]] for v in found])


def _group(group: Group, values: Values, names: Sequence[str]) -> str:
    metrics = [metric for metric in group.metrics if values.samples.get(metric.key)]
    lines = []
    for name in names:
        cells = [_cell(metric, values, name) for metric in metrics]
        if any(cells):
            lines.append([name, *cells])
    head = ["", *(f"{m.title}, {m.unit}" if m.unit else m.title for m in metrics)]
    return _titled(group.title, group.about, _table(head, lines)) if lines else ""


def _cell(metric: Metric, values: Values, column: str) -> str:
    value = values.raw(metric.key, column) if column == DIRECT else values.of(metric, column)
    if value is None:
        return ""
    if not metric.unit and metric.digits == 2:
        return f"{value:.1%}"
    text = f"{value:,.{metric.digits}f}"
    if column == DIRECT:
        return f"({text})" if metric.added else text if metric.better == "more" else ""
    p95 = values.p95(metric, column)
    text += f" ({p95:,.{metric.digits}f})" if p95 is not None else ""
    ratio = values.ratio(metric, column) if column != PASSTHROUGH else None
    return f"{text} x{_times(ratio)}" if ratio is not None else text


def _times(ratio: float) -> str:
    return f"{ratio:.2f}" if ratio < 10 else f"{ratio:.0f}"


def _rivals(values: Values, counts: Sequence[int], rivals: Sequence[str]) -> str:
    found = {rival: dict(advantages(values, rival, counts)) for rival in rivals}
    metrics = dict.fromkeys(metric for times in found.values() for metric in times)
    lines = []
    for metric in metrics:
        cells = [_times(found[r][metric]) if metric in found[r] else "" for r in rivals]
        lines.append([metric.title, *cells])
    return _table([OWN, *rivals], lines) if lines else ""


def _ceiling(values: Values, counts: Sequence[int]) -> str:
    lines = []
    for kind in ("paced", "flat"):
        for count in counts:
            name = f"{kind}_{count}"
            costs = [values.raw(f"{name}_{who}_cpu", DIRECT) for who in ("client", "upstream")]
            rate = values.raw(f"{name}_rate", DIRECT) if kind == "flat" else 30.0 * count
            if rate and None not in costs:
                cells = [f"{cost:.1f}" for cost in costs if cost is not None]
                lines.append([f"{kind}, {count}", *cells, f"{rate:,.0f}"])
    head = ["streams", "client, µs an event", "upstream, µs an event", "events/s"]
    about = "On the direct way: what they can do when nothing is between them."
    return _titled("Client and upstream", about, _table(head, lines)) if lines else ""


def _problems(problems: Mapping[str, Sequence[str]]) -> str:
    lines = [f"- {column}, {words}" for column, found in problems.items() for words in found]
    return _titled("What failed", "", "\n".join(_plain(line) for line in lines))


def _plain(text: str) -> str:
    return " ".join(text.split())[:400].replace("|", "\\|")


def _table(head: Sequence[str], body: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *body]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def put(text: str, page: Path = PAGE) -> None:
    """Put a text between the marks of a page; raises ValueError if it has none."""
    head, begin, rest = page.read_text("utf-8").partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"{page} has no place for the tables")
    page.write_text(f"{head}{BEGIN}\n{text}\n{END}{tail}", "utf-8")
