"""Intake: a body on its way into an upload, hashed and written by another thread while the next bytes come in."""

from __future__ import annotations

import asyncio

from ecr_publish.local.contents import Upload

BATCH = 1 << 20  # bytes: for fewer the way to another thread takes longer than the work


class Intake:
    """One body. At most two batches are in memory: one is written, one comes in."""

    def __init__(self, session: Upload) -> None:
        self._session = session
        self._held: list[bytes] = []
        self._size = 0
        self._writing: asyncio.Task[None] | None = None

    async def take(self, block: bytes) -> None:
        """The next bytes."""
        self._held.append(block)
        self._size += len(block)
        if self._size >= BATCH:
            await self._written()
            batch, self._held, self._size = self._held, [], 0
            self._writing = asyncio.create_task(asyncio.to_thread(_write, self._session, batch))

    async def rest(self) -> None:
        """Return when everything that came is written."""
        await self._written()
        if self._held:
            _write(self._session, self._held)
            self._held = []

    async def _written(self) -> None:
        if self._writing is not None:
            await self._writing
            self._writing = None


def _write(session: Upload, batch: list[bytes]) -> None:
    session.write(b"".join(batch))


async def settled(session: Upload) -> None:
    """Have a large upload on the disk before it is completed, without anybody else waiting for that."""
    if session.size >= BATCH:
        await asyncio.to_thread(session.sync)
