"""How a Codex can be signed in at OpenAI. All of it is made up."""

from __future__ import annotations

import base64
import json
import time
from typing import TYPE_CHECKING

from .codex import OPENAI_KEY

if TYPE_CHECKING:
    from .codex import Codex

ACCOUNT = "0a1b2c3d-account-of-the-tests"
REFRESH = "rt-refresh-token-of-the-tests"
_DAY = 86400
_SIGNATURE = "c2lnbmF0dXJlLW9mLXRoZS10ZXN0cw"

SECRETS = (OPENAI_KEY, ACCOUNT, REFRESH, _SIGNATURE)
"""What nobody but Codex and the proxy's memory may hold; each token ends in the signature."""

KINDS = ("API key", "ChatGPT", "ChatGPT, expired")
"""An expired login is to be renewed before anything else."""


def sign_in(codex: Codex, kind: str) -> None:
    """Sign a Codex in, in one of the `KINDS`."""
    if kind == "API key":
        codex.variables["CODEX_API_KEY"] = OPENAI_KEY
        return
    now = int(time.time())
    age, left = (60 * _DAY, -_DAY) if "expired" in kind else (60, 9 * _DAY)
    claims = {
        "iss": "https://auth.openai.com",
        "iat": now - age,
        "exp": now + left,
        "email": "somebody@example.com",
        "https://api.openai.com/auth": {
            "chatgpt_plan_type": "plus",
            "chatgpt_account_id": ACCOUNT,
            "chatgpt_user_id": "user-of-the-tests",
        },
    }
    token = f"{_part({'alg': 'none'})}.{_part(claims)}.{_SIGNATURE}"
    tokens = {"id_token": token, "access_token": token, "refresh_token": REFRESH}
    login = {
        "auth_mode": "chatgpt",
        "OPENAI_API_KEY": None,
        "tokens": {**tokens, "account_id": ACCOUNT},
        "last_refresh": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now - age)),
    }
    (codex.home / ".codex/auth.json").write_text(json.dumps(login))


def _part(value: dict[str, object]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()
