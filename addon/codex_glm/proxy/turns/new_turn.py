"""A turn as it begins: the place where its id and its time come from."""

from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING

from codex_glm.proxy.turns.exchange import Exchange
from codex_glm.proxy.turns.retry import Retries
from codex_glm.proxy.turns.turn import Turn
from codex_glm.translation.reply.translate import ReplyTranslator
from codex_glm.translation.wire.wire_json import encode_json

if TYPE_CHECKING:
    from mitmproxy import http

    from codex_glm.proxy.config.settings import Settings
    from codex_glm.proxy.turns.gate import Gate
    from codex_glm.proxy.turns.repeats import Repeats
    from codex_glm.proxy.turns.upstream import Upstream
    from codex_glm.translation.request.context import TranslatedRequest, TranslationSettings


def new_turn(
    translated: TranslatedRequest,
    flow: http.HTTPFlow,
    thread: str,
    gates: dict[Upstream, Gate],
    settings: Settings,
    translation: TranslationSettings,
    repeats: Repeats,
) -> Turn:
    """Begin a turn. `thread` is Codex's name for the conversation; `gates` are in order of use."""
    context = translated.context
    reply = ReplyTranslator(context, f"resp_{uuid.uuid4().hex}", _clock(), _clock)
    reply.stream.last_try = repeats.is_last_try(thread)
    return Turn(
        context=context,
        client_request=flow.request,
        client_id="" if flow.is_replay else flow.client_conn.id,
        exchanges=[Exchange(next(iter(gates)).url, encode_json(translated.chat_body))],
        upstreams=tuple(gates),
        gates=gates,
        reply=reply,
        thread=thread,
        repeats=repeats,
        retries=Retries(settings.retries),
        translation=translation,
        searching=settings.searching,
    )


def _clock() -> int:
    """Give the time as the dialect has it: whole seconds."""
    return int(time.time())
