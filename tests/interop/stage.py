"""What every scenario stands on: a directory for data and logs, a server, and a tally of what passed."""

import asyncio
import os
import shutil
import tempfile
from pathlib import Path

from server import OwnServer, Server
from tally import Tally


def play(name: str, scenario) -> int:
    """Plays `scenario`, a coroutine that is given a server not yet started, the directory and the tally; the exit status."""
    return asyncio.run(_play(name, scenario))


async def _play(name: str, scenario) -> int:
    work = Path(tempfile.mkdtemp(prefix=f"kith-{name}-"))
    base = os.environ.get("INTEROP_BASE")
    server = Server(base) if base else OwnServer(os.environ["KITH_BIN"], work)
    tally = Tally()
    try:
        await scenario(server, work, tally)
    except BaseException:
        print(f"logs: {work}")
        raise
    finally:
        await server.stop()
    if tally.failed:
        print(f"logs: {work}")
    else:
        shutil.rmtree(work)
    return tally.close()
