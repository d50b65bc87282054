"""Message content: strings, text parts, and images where a vision model takes them."""

from collections.abc import Iterator
from typing import Any

from codex_glm.simulator.models import ModelFacts
from codex_glm.simulator.pictures import PictureError, read_picture
from codex_glm.simulator.verdict import Violation, refused

_PART_KEYS = {
    "text": {"type", "text"},
    "image_url": {"type", "image_url"},
    "video_url": {"type", "video_url"},
    "file": {"type", "file"},
}


def plain_text(content: object) -> str:
    """Join the text of a content value; anything that is not text counts as nothing."""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    texts = [part.get("text") for part in parts if isinstance(part, dict)]
    return "\n".join(text for text in texts if isinstance(text, str))


def image_urls(content: object) -> list[str]:
    """Give the addresses of the images in a content value."""
    parts = content if isinstance(content, list) else []
    images = [part.get("image_url") for part in parts if isinstance(part, dict)]
    return [str(image.get("url")) for image in images if isinstance(image, dict)]


def check_content(content: object, where: str, role: str, facts: ModelFacts) -> Iterator[Violation]:
    """Check one message's content; `where` names it in the message, `role` says whose it is."""
    if isinstance(content, str):
        return
    if not isinstance(content, list) or not content:
        yield refused("1214", f"Invalid {where} parameter: must be a string or an array of parts")
        return
    for index, part in enumerate(content):
        yield from _check_part(part, f"{where}[{index}]", role, facts)


def _check_part(part: Any, where: str, role: str, facts: ModelFacts) -> Iterator[Violation]:
    kind = part.get("type") if isinstance(part, dict) else None
    if not isinstance(kind, str) or kind not in _PART_KEYS:
        yield refused("1214", f"Invalid messages.content.type parameter at {where}: {kind!r}")
    elif set(part) != _PART_KEYS[kind]:
        yield refused("1210", f"Unknown or missing parameter at {where}: {sorted(part)}")
    elif kind == "text":
        if not isinstance(part["text"], str):
            yield refused("1214", f"Invalid {where}.text parameter: must be a string")
    else:
        yield from _check_media(part, where, role, facts)


def _check_media(
    part: dict[str, Any], where: str, role: str, facts: ModelFacts
) -> Iterator[Violation]:
    if role == "tool":
        # Reported for images in tool messages, 2026; the code beside the status is not known.
        yield refused("1214", f"Invalid {where}: a tool message holds text only", status=422)
    elif not facts.vision:
        yield refused("1210", f"{where}: this model does not take {part['type']}")
    elif role != "user":
        yield refused("1210", f"{where}: {part['type']} belongs into a user message")
    elif part["type"] == "image_url":
        yield from _check_image(part["image_url"], f"{where}.image_url")


def _check_image(image: object, where: str) -> Iterator[Violation]:
    url = image.get("url") if isinstance(image, dict) else None
    if not isinstance(image, dict) or set(image) != {"url"}:
        yield refused("1210", f"Unknown or missing parameter at {where}: only url is known")
    elif not isinstance(url, str) or not url:
        yield refused("1210", f"Invalid {where}.url parameter: must be a string")
    else:
        try:
            read_picture(url)
        except PictureError as error:
            yield refused("1210", f"Invalid {where}.url parameter: {error}")
