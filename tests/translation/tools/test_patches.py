from __future__ import annotations

import json
import re

import pytest
from codex_glm.translation.tools.patches import (
    BEGIN,
    END,
    EXPLANATION,
    unwrap_arguments,
    unwrap_patch,
)
from hypothesis import given
from hypothesis import strategies as st

BODY = f"{BEGIN}\n*** Update File: a.py\n@@ def f():\n-  x\n+  y"
PATCH = f"{BODY}\n{END}"
ESCAPED = PATCH.replace("\n", "\\n")


@pytest.mark.parametrize(
    "text",
    [
        PATCH,
        f"{PATCH}\n",
        f"\n\n{PATCH}\n\n",
        PATCH.replace("\n", "\r\n"),
        f"{PATCH}  \n",
        "",
        "no patch",
        BODY,
        f"{BODY}\n```",
        f"```\n{BODY}",
        f"{PATCH}\n{PATCH}",
        f"{PATCH}\n*** Update File: b.py\n@@\n-a\n+b",
        f"*** Update File: b.py\n{PATCH}",
        f"cd sub && apply_patch <<'EOF'\n{PATCH}\nEOF",
        f"cd sub\napply_patch <<'EOF'\n{PATCH}\nEOF",
        f"apply_patch <<'EOF'\n{PATCH}\nEOF\npython a.py",
        f"In the folder that `cd sub` leads to:\n{PATCH}",
        f"{PATCH} and more",
        f'apply_patch "{PATCH}"',
        json.dumps({"input": PATCH, "workdir": "sub"}),
        json.dumps(["rm", "-r", PATCH]),
        json.dumps({"input": "no patch"}),
        json.dumps([]),
        f"[{PATCH}",
        f'{ESCAPED}"',
        f"  {BEGIN}\n{BODY}",
        f"+lost\n{PATCH}",
    ],
)
def test_what_is_bare_or_uncertain_stays(text: str) -> None:
    assert unwrap_patch(text) == (text, ())


@pytest.mark.parametrize(
    ("text", "notes"),
    [
        (f"```patch\n{PATCH}\n```", ["left out around the patch: ```patch … ```"]),
        (f"~~~\n{PATCH}\n~~~\n", ["left out around the patch: ~~~ … ~~~"]),
        (f"Here is it:\n\n{PATCH}", ["left out around the patch: Here is it:"]),
        (f"{PATCH}\nThis adds y.", ["left out around the patch: This adds y."]),
        (f'{PATCH}"}}', ['left out around the patch: "}']),
        (f"{PATCH}</arg_value>", ["left out around the patch: </arg_value>"]),
        (f"apply_patch <<'EOF'\n{PATCH}\nEOF", 1),
        (f'$ apply_patch << "EOF"\n{PATCH}\nEOF\n', 1),
        (f"```bash\napplypatch <<-PATCH\n{PATCH}\nPATCH\n```", 1),
        (f"<<EOF\n{PATCH}\nEOF", 1),
        (json.dumps({"input": PATCH}), ["the patch was written as JSON"]),
        (json.dumps({"patch": PATCH}), ["the patch was written as JSON"]),
        (json.dumps(["apply_patch", PATCH]), ["the patch was written as JSON"]),
        (json.dumps({"command": ["apply_patch", PATCH]}), ["the patch was written as JSON"]),
        (json.dumps(["bash", "-lc", f"apply_patch <<'EOF'\n{PATCH}\nEOF"]), 2),
        (json.dumps(PATCH), ["the patch was written as JSON"]),
        (f'{{"input":"{PATCH}"}}', ["the patch was written as JSON"]),
        (json.dumps({"input": json.dumps({"input": PATCH})}), 1),
        (ESCAPED, ["the patch was escaped twice"]),
    ],
)
def test_a_wrapping_comes_off_and_is_noted(text: str, notes: list[str] | int) -> None:
    found = unwrap_patch(text)
    assert found.text.strip() == PATCH
    assert (
        found.notes == tuple(notes) if isinstance(notes, list) else len(set(found.notes)) == notes
    )


@pytest.mark.parametrize(
    "text",
    [
        f"```\n{BODY}\n```",
        f"apply_patch <<'EOF'\n{BODY}\nEOF",
        f"```sh\napply_patch <<'EOF'\n{BODY}\nEOF\n```\n",
    ],
)
def test_a_missing_end_is_added_where_the_wrapping_had_one(text: str) -> None:
    found = unwrap_patch(text)
    assert found.text == PATCH
    assert "was added" in found.notes[0]
    assert len(found.notes) == 2


def test_layers_come_to_an_end() -> None:
    text = PATCH
    for _ in range(6):
        text = json.dumps({"input": text})
    assert unwrap_patch(text).text.startswith("{")


lines = st.sampled_from(
    [
        *(
            BEGIN,
            END,
            "```",
            "```diff",
            "~~~",
            "EOF",
            "apply_patch <<'EOF'",
            "+a",
            "-b",
            " c",
            "@@",
        ),
        *("*** Add File: x", "cd x", "Some words.", '"}', f"{END} of it", "\r", "+```", "+EOF", ""),
    ]
)


@given(st.lists(lines, max_size=12).map("\n".join))
def test_no_change_is_invented_or_lost(text: str) -> None:
    """Each line of a change, of a section or of a place comes through, and none is added."""
    found = unwrap_patch(text)
    assert _changes(found.text) == _changes(text)
    assert unwrap_patch(found.text).text == found.text
    assert (found.text == text) == (not found.notes)


def _changes(text: str) -> list[str]:
    return re.findall(r"^(?:[+@]|-\S|\*\*\* (?!Begin Patch|End Patch)).*$", text, re.MULTILINE)


@given(st.text())
def test_no_text_raises(text: str) -> None:
    assert unwrap_patch(text) == (text, ())


def test_the_example_is_a_patch() -> None:
    begin, end = EXPLANATION.index(f"\n{BEGIN}\n"), EXPLANATION.index(f"\n{END}\n")
    example = EXPLANATION[begin + 1 : end].split("\n")[1:]
    assert all(line.startswith(("*** ", "@@", " ", "+", "-")) for line in example)


@pytest.mark.parametrize(
    ("arguments", "patch"),
    [
        (json.dumps({"input": f"```\n{PATCH}\n```"}), PATCH),
        (json.dumps({"input": PATCH}), None),
        (json.dumps({"input": 7}), None),
        (json.dumps({"patch": f"```\n{PATCH}\n```"}), None),
        ('{"input":"', None),
    ],
)
def test_unwrap_arguments(arguments: str, patch: str | None) -> None:
    found = unwrap_arguments(arguments)
    assert bool(found.notes) == (patch is not None)
    assert found.text == arguments if patch is None else json.loads(found.text) == {"input": patch}
