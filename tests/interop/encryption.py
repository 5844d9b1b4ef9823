"""Encryption: matrix-js-sdk and matrix-nio users verify each other, talk in encrypted rooms, and get lost keys back.

Started by `run`, which installs both clients.
"""

import sys
from pathlib import Path

from circle import Circle
from server import Server
from stage import play
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
    ("room keys are backed up", keys.backed_up),
    ("a second device is verified and given the secrets", keys.verify_own_device),
    ("a third device recovers everything with the recovery key", keys.recover),
    ("devices verify each other at nio", keys.verify_at_nio),
    ("a new device at nio", keys.new_device_at_nio),
    ("restart the server", secrets.after_restart),
]


async def scenario(server: Server, work: Path, tally: Tally) -> None:
    circle = Circle(server, work)
    try:
        await server.start()
        await circle.open()
        await tally.run("encryption", STEPS, circle)
        malformed = [event for person in (circle.carol, circle.dave) for event in person.malformed]
        tally.check("every encrypted event is well-formed in nio's eyes", malformed)
    finally:
        await circle.close()


if __name__ == "__main__":
    sys.exit(play("encryption", scenario))
