"""Content parts of messages and tool outputs: what GLM reads of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ..errors import RequestError

if TYPE_CHECKING:
    from ..wire.wire_json import JsonObject
    from .sight import Sight

_TEXT_PARTS = frozenset({"input_text", "output_text", "text", "summary_text", "reasoning_text"})


class Content(NamedTuple):
    """The readable content of one item, in order: strings are text, objects are chat parts."""

    parts: tuple[str | JsonObject, ...]

    @property
    def text(self) -> str:
        """All text, one part a line."""
        return "\n".join(part for part in self.parts if isinstance(part, str))

    @property
    def media(self) -> tuple[JsonObject, ...]:
        """The parts that are no text, ready for a user message of a vision model."""
        return tuple(part for part in self.parts if not isinstance(part, str))


class ContentReader:
    """Reads content for one model: what it cannot see is named in the text and in the receipt."""

    def __init__(self, sight: Sight) -> None:
        self._sight = sight

    def read(self, content: object, param: str) -> Content:
        """Read a string, a list of parts or nothing; raises RequestError for other values."""
        if content is None:
            return Content(())
        if isinstance(content, str):
            return Content((content,) if content else ())
        if not isinstance(content, list):
            raise RequestError(f"{param} must be a string or a list of parts", param=param)
        parts = [self._read_part(part, f"{param}[{i}]") for i, part in enumerate(content)]
        return Content(tuple(part for part in parts if part != ""))

    def without_media(self, content: Content) -> Content:
        """Put notes in place of images and files, for roles that have none in GLM's dialect."""
        note = "GLM takes it in a user message only"
        parts = (p if isinstance(p, str) else self._sight.omit(note) for p in content.parts)
        return Content(tuple(parts))

    def _read_part(self, part: object, param: str) -> str | JsonObject:
        if not isinstance(part, dict):
            raise RequestError(f"{param} must be an object", param=param)
        kind = str(part.get("type"))
        if kind in _TEXT_PARTS:
            return _text(part, "text", param)
        if kind == "refusal":
            return _text(part, "refusal", param)
        if kind == "encrypted_content":  # sub-agents' messages; plain text in practice
            return _text(part, "encrypted_content", param)
        if kind == "input_image":
            return self._read_image(part, param)
        if kind == "input_file":
            return self._read_file(part)
        text = part.get("text")
        return self._sight.foreign(kind, text if isinstance(text, str) else "")

    def _read_image(self, part: JsonObject, param: str) -> str | JsonObject:
        url = part.get("image_url")
        if not isinstance(url, str):
            if part.get("file_id"):
                return self._sight.omit("its file_id means nothing to GLM")
            raise RequestError(f"{param}.image_url must be a string", param=f"{param}.image_url")
        return self._sight.show(url)

    def _read_file(self, part: JsonObject) -> str | JsonObject:
        data, url = part.get("file_data"), part.get("file_url")
        name = part.get("filename") or "file"
        if self._sight.blind:
            return self._sight.omit(self._sight.blind, f"file {name}")
        if isinstance(data, str):
            return {"type": "file", "file": {"file_data": data, "filename": name}}
        if isinstance(url, str):
            return {"type": "file", "file": {"file_url": url}}
        return self._sight.omit("its file_id means nothing to GLM", f"file {name}")


def _text(part: JsonObject, key: str, param: str) -> str:
    text = part.get(key)
    if not isinstance(text, str):
        raise RequestError(f"{param}.{key} must be a string", param=f"{param}.{key}")
    return text
