"""The doctor at the key, before GLM is asked: is it one, and where does it come from."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from codex_glm.commands.findings import note, ok, wrong
from codex_glm.commands.places import command
from codex_glm.translation.models import base_kind

if TYPE_CHECKING:
    from codex_glm.commands.findings import Finding
    from codex_glm.commands.settings_file import ProxySettings

NEW_KEY = (
    f"export GLM_API_KEY=…  (a key of z.ai or bigmodel.cn, `id.secret`), then {command('run')}"
)
"""What mends a key that is none."""
_SHAPE = re.compile(r"[0-9A-Za-z_-]{8,128}\.[0-9A-Za-z_-]{8,128}")
_NO_KEYS = (
    (r".*\s", "there is a blank in it"),
    (r".*[^\x21-\x7e]", "there are characters in it that no key has"),
)
"""What no header can carry; bases of one's own have keys of any other shape."""
_ODD_KEYS = (
    (r"sk-", "it begins with sk-, as the keys of OpenAI do"),
    (r"(?i)bearer\b", "it begins with Bearer; give the key alone"),
    (r"[\"'<]", "there are quotes or brackets around it"),
    *_NO_KEYS,
    (r"(?i).*(your|xxx|\.\.\.)", "it looks like the placeholder of a manual"),
    (r"[^.]*$", "it has no dot; a GLM key is `id.secret`"),
)


def no_key(settings: ProxySettings) -> Finding:
    """Say what it means that there is no key to look at."""
    if settings.simulator == "on":
        return note("key", "none needed: glm_simulator is on, every answer is scripted")
    words = "there is none in GLM_API_KEY; without one every answer is scripted or refused"
    return wrong("key", words, NEW_KEY)


def key_shape(settings: ProxySettings) -> Finding:
    """Look at the key without asking anybody; a base of one's own may have keys of any shape."""
    own = base_kind(settings.glm_base) != "other"
    for pattern, words in _ODD_KEYS if own else _NO_KEYS:
        if re.match(pattern, settings.key):
            return wrong("key", f"{settings.key_source}: {words}", NEW_KEY)
    if not own:
        return ok("key", f"{settings.key_source}, for a base that is none of GLM's own")
    if not _SHAPE.fullmatch(settings.key):
        return note("key", f"{settings.key_source}: not of the usual shape `id.secret`")
    return ok("key", f"{settings.key_source}, of the shape `id.secret`")
