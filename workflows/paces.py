"""The pace of nodes, counted in Redis so that all workers keep it together."""

from __future__ import annotations

from uuid import UUID

from portal.common.store import RedisStore

_store = RedisStore("pace")


class WorkspacePaces:
    """The engine's port: paces of one workspace are apart from those of others."""

    def __init__(self, workspace_id: UUID) -> None:
        self._workspace_id = workspace_id

    async def take(self, key: str, limit: int, per: float, /) -> float:
        return await _store.take(f"{self._workspace_id}:{key}", limit=limit, per=per)
