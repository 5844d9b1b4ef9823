"""Encryption: matrix-js-sdk and matrix-nio users verify each other, talk in encrypted rooms, and get lost keys back.

Started by `run`, which installs both clients.
"""

import asyncio
import os
import shutil
import sys
import tempfile
from pathlib import Path

from circle import Circle
from server import OwnServer, Server
from steps import keys, secrets
from tally import Tally

STEPS = [
    ("log in", keys.log_in),
    ("cross-signing, secret storage and backup", keys.set_up),
    ("js-sdk talks to js-sdk", secrets.between_js_sdk),
    ("nio talks to nio", secrets.between_nio),
    ("all four talk", secrets.between_both),
    ("the server reads nothing", secrets.server_reads_nothing),
    ("reply, edit and redact", secrets.reply_edit_redact),
    ("people verify each other in a room", keys.verify_in_room),
    ("a second device is verified and given the secrets", keys.verify_own_device),
    ("room keys are backed up", keys.backed_up),
    ("a third device recovers everything with the recovery key", keys.recover),
    ("devices verify each other at nio", keys.verify_at_nio),
    ("a new device at nio", keys.new_device_at_nio),
    ("restart the server", secrets.after_restart),
]


async def main() -> int:
    work = Path(tempfile.mkdtemp(prefix="kith-encryption-"))
    base = os.environ.get("INTEROP_BASE")
    server = Server(base) if base else OwnServer(os.environ["KITH_BIN"], work)
    circle, tally = Circle(server, work), Tally()
    try:
        await server.start()
        await circle.open()
        await tally.run("encryption", STEPS, circle)
        malformed = [event for person in (circle.carol, circle.dave) for event in person.malformed]
        tally.check("every encrypted event is well-formed in nio's eyes", malformed)
    finally:
        await circle.close()
        await server.stop()
    if tally.failed:
        print(f"logs: {work}")
    else:
        shutil.rmtree(work)
    return tally.close()


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
