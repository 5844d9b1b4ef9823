"""A web client, Hydrogen, in a real browser: what a person does with it who knows nothing of the network below.

Started by `run`, which installs it, with the directory where the picture is to be left. Every step builds on the one before it,
so the first that fails ends the run.
"""

import sys
import uuid
from functools import partial
from pathlib import Path

from js_person import JsPerson
from server import Server
from stage import play
from steps import web
from tally import Tally

STEPS = [
    ("log in", web.log_in),
    ("accept an invite", web.accept_invite),
    ("chat both ways", web.chat),
    ("a reaction and a redaction", web.react_and_redact),
    ("an image", web.image),
    ("chat in an encrypted room", web.encrypted_chat),
    ("unread messages", web.unread),
    ("restart the server", web.restart),
    ("reload the page", web.reload),
    ("picture", web.picture),
]


async def scenario(pictures: Path, server: Server, work: Path, tally: Tally) -> None:
    alice = JsPerson(server.base_url, work / "hydrogen.log", "hydrogen")
    bob = JsPerson(server.base_url, work / "js-sdk.log", "encrypted")
    try:
        await server.start()
        for person in (alice, bob):
            await person.open()
        desk = web.Desk(server, pictures, uuid.uuid4().hex[:8], alice, bob)
        await tally.run("hydrogen", STEPS, desk, go_on=False)
        if tally.failed:
            await alice.picture(str(work / "hydrogen.png"))
    finally:
        for person in (alice, bob):
            await person.close()


if __name__ == "__main__":
    sys.exit(play("browser", partial(scenario, Path(sys.argv[1]))))
