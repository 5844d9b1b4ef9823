"""A program of matrix-rust-sdk, which matrix-sdk/ holds: two people, sliding sync and encryption.

Started by `run`, which compiles the program and names it.
"""

import asyncio
import sys
from functools import partial
from pathlib import Path

from server import Server
from stage import play
from tally import Tally


async def scenario(program: str, server: Server, work: Path, tally: Tally) -> None:
    """The program says of each step how it went, in a line that begins with ok or FAIL."""
    await server.start()
    with (work / "matrix-sdk.log").open("ab") as log:
        meeting = await asyncio.create_subprocess_exec(
            program, server.base_url, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=log
        )
    async for line in meeting.stdout:
        print(line.decode().rstrip(), flush=True)
        tally.passed += line.startswith(b"ok ")
        tally.failed += line.startswith(b"FAIL ")
    if await meeting.wait() != 0 and not tally.failed:
        tally.check("the program comes to its end", [f"status {meeting.returncode}"])


if __name__ == "__main__":
    sys.exit(play("matrix-sdk", partial(scenario, sys.argv[1])))
