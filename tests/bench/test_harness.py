"""The harness of `make bench`: it counts right, judges right, and runs. Nothing here is timed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.bench import run, table
from tests.bench.columns import columns
from tests.bench.metrics import Metric, Values, groups
from tests.bench.processes import Pair
from tests.bench.request import LONG, USUAL, body
from tests.bench.targets import verdicts
from tests.bench.wire import Order, Piece, read_order, read_reply

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
FIRST, SECOND = b"4.0.a~ ", b"4.1.b~ "


def chat(text: bytes) -> bytes:
    return b'data: {"choices":[{"delta":{"content":"%s"}}]}\n\n' % text


def delta(text: bytes) -> bytes:
    return b'event: x\ndata: {"type": "response.output_text.delta", "delta": "%s"}\n\n' % text


DONE = b"data: [DONE]\n\n"
WHOLE = b'data: {"type":"response.output_text.done","text":"4.0.a~ 4.1.b~ "}\n\n'
COMPLETED = b'data: {"type":"response.completed","response":{"output":["4.0.a~ 4.1.b~ "]}}\n\n'
FAILED = b'data: {"type":"response.failed","response":{}}\n\n'


def framed(*events: bytes, end: bytes = b"0\r\n\r\n") -> bytes:
    return HEAD + b"".join(b"%x\r\n%s\r\n" % (len(event), event) for event in events) + end


def cut(wire: bytes, step: int) -> list[Piece]:
    return [Piece(at, wire[at : at + step]) for at in range(0, len(wire), step)]


@pytest.mark.parametrize("step", [1, 3, 50, 10_000])
@pytest.mark.parametrize(
    "events",
    [
        (chat(FIRST), chat(SECOND), DONE),
        (delta(FIRST), delta(SECOND), WHOLE, COMPLETED),
        (delta(FIRST + SECOND), WHOLE, COMPLETED, DONE),
        (delta(FIRST) + delta(SECOND)[:9], delta(SECOND)[9:], COMPLETED),
    ],
)
def test_a_reply_is_read_however_it_is_cut(events: Sequence[bytes], step: int) -> None:
    reply = read_reply(cut(framed(*events), step))
    assert reply.is_right(4, 1, over=True)
    assert [arrival.stamped for arrival in reply.arrivals] == [10, 11]
    assert reply.status == 200


def test_an_event_arrives_when_its_last_byte_does() -> None:
    wire = framed(chat(FIRST), chat(SECOND), DONE)
    before = wire.index(b"\n\n", wire.index(FIRST))
    pieces = [Piece(1, wire[:before]), Piece(2, wire[before:-5]), Piece(3, wire[-5:])]
    assert [arrival.arrived for arrival in read_reply(pieces).arrivals] == [2, 2]


@pytest.mark.parametrize(
    "wire",
    [
        framed(chat(FIRST), DONE),
        framed(chat(SECOND), chat(FIRST), DONE),
        framed(chat(FIRST), chat(FIRST), chat(SECOND), DONE),
        framed(chat(FIRST), chat(b"5.1.b~ "), DONE),
        framed(chat(FIRST), chat(SECOND)),
        framed(delta(FIRST), delta(SECOND), FAILED),
        framed(delta(FIRST), delta(SECOND), COMPLETED, COMPLETED),
        framed(chat(FIRST), chat(SECOND), DONE, end=b""),
    ],
    ids=["lost", "mixed-up", "twice", "another's", "no-end", "failed", "two-ends", "cut"],
)
def test_a_wrong_reply_is_seen(wire: bytes) -> None:
    assert not read_reply(cut(wire, 50)).is_right(4, 1, over=True)


@pytest.mark.parametrize("dialect", ["responses", "chat"])
def test_a_request_carries_its_order_and_its_size(dialect: Any) -> None:
    order = Order(3, 20, 30, 1)
    for history, least, most in ((USUAL, 17_000, 25_000), (LONG, 1_900_000, 2_300_000)):
        written = body(dialect, "glm-5.2", order, history)
        assert read_order(written) == order
        assert least < len(written) < most
    assert read_order(b'{"messages": []}') is None


@pytest.mark.parametrize("rate", [0, 100])
def test_streams_that_are_held_give_all_events(rate: int) -> None:
    with Pair(None) as pair:
        target = [pair.port, "/v4/chat/completions", "chat", "glm-5.2", "k"]
        assert pair.ask("open", target=target, count=5, events=20, rate=rate) == 5
        pair.begin("flow", events=5 * 21, seconds=20)
        pair.upstream.tell("go")
        assert pair.client.answer() == 5 * 21
        sent = pair.finish()
        assert sent == {str(number): 20 for number in range(5)}
        judged = pair.ask("drain", sent=sent, seconds=20, begin=0, end=1 << 62)
        assert (judged["right"], judged["open"], judged["within"]) == (5, 0, 100)
        taken = pair.ask("turns", target=target, count=3, fresh=True, events=4, history=(0, 0))
        assert (taken["connections"], taken["bad"], len(taken["text"])) == (3, 0, 3)


SAMPLES: dict[str, dict[str, list[float]]] = {
    "text_kept": {"direct": [1], "passthrough": [3], "mitmdump": [2, 4, 6], "LiteLLM": [9]},
    "start": {"passthrough": [0.8], "mitmdump": [1.0]},
    "flat_1_cpu": {"passthrough": [20], "mitmdump": [30]},
    "flat_1_rate": {"direct": [9000], "passthrough": [500], "mitmdump": [250]},
}


def test_values_are_medians_and_what_is_added_is_above_direct() -> None:
    values = Values(SAMPLES)
    added = Metric("text_kept", "first text", "ms", added=True, p95="text_kept")
    assert values.of(added, "mitmdump") == 3
    assert values.p95(added, "mitmdump") == 5
    assert values.ratio(added, "mitmdump") == 1.5
    assert values.ratio(added, "mitmdump", "LiteLLM") == 3 / 8
    assert values.of(added, "opencodex") is None


def test_a_ratio_is_of_each_round_where_rounds_gave_one_figure() -> None:
    cost = Metric("cpu", "cost", "µs")
    drifting = {"passthrough": [10.0, 20.0, 40.0], "mitmdump": [5.0, 12.0, 20.0]}
    assert Values({"cpu": drifting}).ratio(cost, "mitmdump") == 0.5
    uneven = {**drifting, "mitmdump": [5.0, 12.0]}
    assert Values({"cpu": uneven}).ratio(cost, "mitmdump") == 8.5 / 20
    many = {name: values * 10 for name, values in drifting.items()}
    assert Values({"cpu": many}).ratio(cost, "mitmdump") == 12 / 20


def test_aims_are_held_or_not_or_not_measured() -> None:
    held = {v.aim: v.held for v in verdicts(Values(SAMPLES), (1,), ["LiteLLM", "opencodex"])}
    assert held["start to first turn < 1.2 s"] is True
    assert held["flat out, CPU for an event ≤ 0.5 of passthrough"] is False
    assert held["ahead of LiteLLM"] is True
    assert held["ahead of opencodex"] is None
    assert None in held.values()


def test_the_page_is_written_between_its_marks(tmp_path: Path) -> None:
    named = {"direct": "direct", "passthrough": "passthrough", "mitmdump": "own"}
    kinds = {**named, "LiteLLM": "python", "relay": "compiled"}
    kept = [{"name": n, "kind": k, "about": "a", "version": ""} for n, k in kinds.items()]
    problems = {"LiteLLM": ["flat 1: a | b\nc"]}
    told = {"about": "Taken now.", "columns": kept, "streams": [1]}
    page = tmp_path / "page.md"
    page.write_text(f"before\n{table.BEGIN}\nold\n{table.END}\nafter\n")
    (tmp_path / "run.json").write_text(
        json.dumps({**told, "samples": SAMPLES, "problems": problems})
    )
    table.put(table.render(json.loads((tmp_path / "run.json").read_text())), page)
    text = page.read_text()
    assert text.startswith(f"before\n{table.BEGIN}\nTaken now.\n")
    assert text.endswith(f"{table.END}\nafter\n")
    assert "| mitmdump | 3.00 (5.00) x1.50 |" in text
    assert "- LiteLLM, flat 1: a \\| b c" in text
    assert "\nold\n" not in text
    with pytest.raises(ValueError, match="no place"):
        table.put("x", tmp_path / "run.json")


def test_the_page_of_the_project_has_a_place_for_the_tables() -> None:
    text = table.PAGE.read_text("utf-8")
    assert text.index(table.BEGIN) < text.index(table.END)


def test_all_metrics_have_names_of_their_own() -> None:
    keys = [metric.key for group in groups((1, 32)) for metric in group.metrics]
    assert len(keys) == len(set(keys))


def test_a_short_run_measures_a_column(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    chosen = ("direct", "mitmdump")
    assert [column.name for column in columns(tmp_path, {}, set(chosen))] == list(chosen)
    wanted = ["--columns", ",".join(chosen), "--rows", "turn,flat", "--streams", "2"]
    run.main(["--quick", "--no-install", "--no-pin", *wanted])
    (kept,) = (tmp_path / "codex-glm/bench/results").glob("*.json")
    found = json.loads(kept.read_text())
    assert found["problems"] == {}
    for metric in ("text_kept", "total_fresh", "flat_2_cpu", "flat_2_rate"):
        assert min(found["samples"][metric]["mitmdump"]) > 0
    assert "### Streams as fast as they go" in capsys.readouterr().out
