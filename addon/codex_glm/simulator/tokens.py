"""Token counts and the context cache, estimated the same way every time.

A token is taken as four characters. Wrong for any one text, close enough to see a window fill up
and a cache hit or miss.
"""

import hashlib
import json
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

CHARACTERS_PER_TOKEN = 4
"""The estimate everything here rests on."""

_BLOCK_TOKENS = 32
_MOST_BLOCKS = 100_000


def count_tokens(text: str) -> int:
    """Estimate the tokens of a text: its characters divided by four, rounded up."""
    return -(-len(text) // CHARACTERS_PER_TOKEN)


def prompt_text(body: Mapping[str, Any]) -> str:
    """Lay out what the model reads: tools first, then the messages, as GLM's chat template does."""
    listed = [body.get("tools"), body.get("messages")]
    parts = [part for value in listed if isinstance(value, list) for part in value]
    return "\n".join(json.dumps(part, ensure_ascii=False) for part in parts)


class PromptCache:
    """Remembers prompts by chained hashes of 32-token blocks, so that memory stays bounded."""

    def __init__(self, most_blocks: int = _MOST_BLOCKS) -> None:
        self._blocks: OrderedDict[bytes, None] = OrderedDict()
        self._most_blocks = most_blocks

    def admit(self, owner: str, prompt: str) -> int:
        """Return how many leading tokens of the prompt are known to its owner; remember it all."""
        cached, chained = 0, owner.encode()
        size = _BLOCK_TOKENS * CHARACTERS_PER_TOKEN
        for start in range(0, len(prompt) - size + 1, size):
            block = prompt[start : start + size].encode("utf-8", "surrogatepass")
            chained = hashlib.blake2b(chained + block, digest_size=12).digest()
            # The chain makes a block known only together with everything before it.
            cached += _BLOCK_TOKENS if chained in self._blocks else 0
            self._remember(chained)
        return cached

    def _remember(self, chained: bytes) -> None:
        self._blocks[chained] = None
        self._blocks.move_to_end(chained)
        if len(self._blocks) > self._most_blocks:
            self._blocks.popitem(last=False)
