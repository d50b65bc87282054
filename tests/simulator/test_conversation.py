"""What the simulator takes for the user's words, and how far it sees the turn."""

import pytest
from codex_glm.simulator.conversation import read_conversation, user_words

from .samples import body, called, image, output, text, tool, user

ENVIRONMENT = "<environment_context>\n  <cwd>/w</cwd>\n</environment_context>"
AGENTS = "# AGENTS.md instructions for /w\n\n<INSTRUCTIONS>\nbe brief\n</INSTRUCTIONS>"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("do it", "do it"),
        (ENVIRONMENT, ""),
        (AGENTS, ""),
        (f"{AGENTS}\n{ENVIRONMENT}", ""),
        (f"{AGENTS}\n{ENVIRONMENT}\ndo it", "do it"),
        ("<environment_context>\nnever closed", ""),
        ("# AGENTS.md\nnever closed", ""),
        ("<subagent_notification>\n{}\n</subagent_notification>", ""),
        ("<turn_aborted>\nby the user\n</turn_aborted>", ""),
        ("<model_switch>\nnow glm-5\n</model_switch>\ngo on", "go on"),
        ([text(ENVIRONMENT), text("do it")], "do it"),
        ([text('<image name=[Image #1] path="a.png">'), image(), text("</image>")], ""),
        ([text('<image name="a">'), image(), text("</image>"), text("look")], "look"),
        ("say <environment_context> aloud", "say <environment_context> aloud"),
    ],
)
def test_user_words(content: object, words: str) -> None:
    assert user_words(content) == words


def test_rounds_count_from_the_last_words() -> None:
    read = read_conversation(
        body(
            user("first"),
            called("c1"),
            output("c1", "old"),
            user("second"),
            called("c2", "c3"),
            output("c2", "two"),
            output("c3", "three"),
            user(ENVIRONMENT),
            called("c4"),
            output("c4", "four"),
            tools=[tool(), tool("mcp__a__b")],
        )
    )
    assert (read.prompt, read.rounds, read.last_output) == ("second", 2, "four")
    assert (read.messages, read.tools) == (10, ("exec_command", "mcp__a__b"))


def test_new_words_start_a_new_turn() -> None:
    read = read_conversation(body(user("a"), called("c1"), output("c1", "x"), user("b")))
    assert (read.prompt, read.rounds, read.last_output) == ("b", 0, "")


def test_image_of_a_tool_is_no_prompt() -> None:
    shown = user([text("image of c1"), image()])
    read = read_conversation(body(user("go"), called("c1"), output("c1"), shown))
    assert (read.prompt, read.rounds) == ("go", 1)


def test_key_names_the_turn() -> None:
    start = [user("go")]
    later = [*start, called("c1"), output("c1")]
    turn = read_conversation(body(*start)).key
    assert read_conversation(body(*later)).key == turn
    assert read_conversation(body(*later, user("go"))).key != turn
    assert read_conversation(body(user("stop"))).key != turn
