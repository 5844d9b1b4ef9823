"""Waiting for what a client will show once its next sync has come in."""

import asyncio
import time

from refusal import Refused

WITHIN_SECONDS = 15
PAUSE_SECONDS = 0.05


class Skip(Exception):
    """Raised by a step that this server rightly has nothing to show for."""


async def eventually(look, expected, within: float = WITHIN_SECONDS):
    """Looks again and again until `expected` (a predicate, or the value itself) is met; gives back what was seen."""
    deadline = time.monotonic() + within
    while True:
        seen = await look()
        if expected(seen) if callable(expected) else seen == expected:
            return seen
        if time.monotonic() > deadline:
            wanted = "it" if callable(expected) else repr(expected)
            raise AssertionError(f"waited {within} s for {wanted}; last seen: {seen!r}")
        await asyncio.sleep(PAUSE_SECONDS)


async def refused(attempt, *errcodes: str) -> None:
    """The server must refuse `attempt` with one of these codes."""
    try:
        done = await attempt
    except Refused as refusal:
        assert refusal.errcode in errcodes, f"refused with {refusal.errcode}, expected {errcodes}: {refusal}"
    else:
        raise AssertionError(f"was allowed ({done!r}), expected {errcodes}")
