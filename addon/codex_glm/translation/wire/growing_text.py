"""Text that comes in pieces, perhaps cut between the two halves of a UTF-16 pair.

JSON lets a sender escape a character beyond the basic plane as two halves, and a sender that
counts in UTF-16 may put them into two chunks. A half that stays alone becomes U+FFFD, as Codex's
JSON reader refuses it.
"""

from __future__ import annotations


class GrowingText:
    """Pieces of one text, joined as they come."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._half = ""

    def append(self, piece: str) -> str:
        """Take a piece; give what is certain of it."""
        text = self._half + piece
        self._half = ""
        if text and "\ud800" <= text[-1] <= "\udbff":
            self._half, text = text[-1], text[:-1]
        text = join_pairs(text)
        self._pieces.append(text)
        return text

    @property
    def value(self) -> str:
        """All that was certain."""
        return "".join(self._pieces)


def join_pairs(text: str) -> str:
    """Join UTF-16 halves into the characters that they spell; a lone half becomes U+FFFD."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text
