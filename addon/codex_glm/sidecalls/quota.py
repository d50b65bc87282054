"""A key's plan: how much of its windows is used, from GLM itself."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from codex_glm.sidecalls.client import SideCallError
from codex_glm.translation.quota import PATH, QuotaError, read_quota

if TYPE_CHECKING:
    from codex_glm.sidecalls.client import SideClient
    from codex_glm.translation.quota import Quota


async def ask_quota(client: SideClient) -> Quota:
    """Ask for the plan of the client's key; its base is a `quota_root`.

    Raises SideCallError, also where the answer has a shape that is not known.
    """
    answer = await client.get_json(PATH)
    try:
        return read_quota(answer, int(time.time()))
    except QuotaError as unknown:
        raise SideCallError("", str(unknown), 200) from None
