"""The judge: would GLM accept this request, and if not, what would it say?

Knows the documented schema and, where the documents are silent, takes the strict side: a request
that passes here has a good chance there. Imports nothing of the translator it judges.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from codex_glm.simulator.models import ModelFacts, known_models
from codex_glm.simulator.rules.fields import check_fields
from codex_glm.simulator.rules.headers import check_headers
from codex_glm.simulator.rules.messages import check_messages
from codex_glm.simulator.rules.tools import check_schemas, check_tools
from codex_glm.simulator.tokens import count_tokens, prompt_text
from codex_glm.simulator.verdict import Verdict, Violation, refused


def judge(headers: Mapping[str, str], body: object) -> Verdict:
    """Judge one chat completions request.

    Args:
        headers: Request headers; names in any case.
        body: The parsed JSON, or None if it could not be parsed.

    Returns:
        Every violation, in the order in which GLM looks: key, model, fields, messages, tools.

    """
    return Verdict((*check_headers(headers), *_check_body(body)))


def _check_body(body: object) -> Iterator[Violation]:
    if not isinstance(body, dict):
        yield refused("1210", "Incorrect API call parameters: the body must be a JSON object")
        return
    model = body.get("model")
    facts = known_models().get(model) if isinstance(model, str) else None
    if not model:
        yield refused("1213", "The model parameter was not received normally.")
    elif facts is None:
        yield refused("1211")
    yield from _check_parts(body, facts or ModelFacts(window=1048576, max_output=131072))


def _check_parts(body: Mapping[str, Any], facts: ModelFacts) -> Iterator[Violation]:
    yield from check_fields(body, facts)
    found = tuple(check_messages(body, facts))
    yield from found
    yield from check_tools(body)
    # Only a prompt that can be read has a length.
    if not found and count_tokens(prompt_text(body)) > facts.window:
        yield refused("1261")
    yield from check_schemas(body)
