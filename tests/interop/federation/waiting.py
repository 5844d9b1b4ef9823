"""Waiting for what one server will have told the other."""

import time

from api import Refused

WITHIN_SECONDS = 40
PAUSE_SECONDS = 0.1


def eventually(look, expected, within: float = WITHIN_SECONDS):
    """Looks again and again until `expected` (a predicate, or the value itself) is met; gives back what was seen.

    A refusal counts as not there yet."""
    deadline = time.monotonic() + within
    while True:
        try:
            seen = look()
            met = expected(seen) if callable(expected) else seen == expected
        except Refused as refusal:
            seen, met = refusal, False
        if met:
            return seen
        if time.monotonic() > deadline:
            wanted = "it" if callable(expected) else repr(expected)
            raise AssertionError(f"waited {within} s for {wanted}; last seen: {seen!r}")
        time.sleep(PAUSE_SECONDS)


def refused(attempt, *errcodes: str) -> None:
    """The server must refuse `attempt` with one of these codes."""
    try:
        done = attempt()
    except Refused as refusal:
        assert refusal.errcode in errcodes, f"expected {errcodes}: {refusal}"
    else:
        raise AssertionError(f"was allowed ({done!r}), expected {errcodes}")
