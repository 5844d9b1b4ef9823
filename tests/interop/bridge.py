"""A real bridge, heisenbridge, between a server and an IRC network: chat both ways, across a restart of the server.

Started by `run`, which installs the bridge and ngircd. Every step is one assertion or more; as each builds on the one
before it, the first that fails ends the run.
"""

import asyncio
import subprocess
import sys
import time
import urllib.parse
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from irc_network import MEMBER, WELCOME, IrcMember, IrcServer
from program import Program
from server import SERVER_NAME, OwnServer, free_port
from stage import play
from tally import Tally

BOT = f"@heisenbridge:{SERVER_NAME}"
CHANNEL = "#tea"
GHOST = f"@irc_test_{MEMBER}:{SERVER_NAME}"
# The bridge reads its rooms anew and connects before it says anything.
WITHIN_SECONDS = 60
PAUSE_SECONDS = 0.1


class Person:
    """A user who types at a server."""

    def __init__(self, server: OwnServer, session: aiohttp.ClientSession):
        self.server, self.session = server, session
        self.user_id = self.token = ""
        self._transactions = 0

    async def register(self, name: str) -> None:
        body = {"username": name, "password": f"{name} has a long one", "auth": {"type": "m.login.dummy"}}
        answer = await self.call("POST", "/register", body)
        self.user_id, self.token = answer["user_id"], answer["access_token"]

    async def call(self, method: str, path: str, body: dict | None = None) -> dict:
        url = f"{self.server.base_url}/_matrix/client/v3{path}"
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        async with self.session.request(method, url, json=body, headers=headers) as response:
            answer = await response.json()
            assert response.status == 200, f"{method} {path}: {response.status} {answer}"
            return answer

    async def say(self, room: str, text: str) -> str:
        self._transactions += 1
        path = f"/rooms/{quote(room)}/send/m.room.message/{self._transactions}"
        answer = await self.call("PUT", path, {"msgtype": "m.text", "body": text})
        return answer["event_id"]

    async def messages(self, room: str) -> list[dict]:
        answer = await self.call("GET", f"/rooms/{quote(room)}/messages?dir=b&limit=100")
        return list(reversed(answer["chunk"]))

    async def sees(self, room: str, sender: str | None, text: str) -> dict:
        """Waits for a message that holds a text."""

        async def look():
            events = await self.messages(room)
            bodies = [event for event in events if sender in (None, event["sender"])]
            found = [event for event in bodies if text in event["content"].get("body", "")]
            assert found, f"{text!r} is not among {[event['content'] for event in events]}"
            return found[-1]

        return await until(look)

    async def invited(self, name: str) -> str:
        """Waits for an invite to a room of this name, and follows it."""

        async def look():
            invites = (await self.call("GET", "/sync?timeout=0"))["rooms"]["invite"]
            names = {
                event["content"]["name"]: room
                for room, invite in invites.items()
                for event in invite["invite_state"]["events"]
                if event["type"] == "m.room.name"
            }
            found = [room for shown, room in names.items() if shown.startswith(name)]
            assert found, f"{name!r} is not among {names}"
            return found[0]

        room = await until(look)
        await self.call("POST", f"/join/{quote(room)}", {})
        return room


async def until(look):
    """Looks again and again until nothing is asserted in vain; gives back what was seen."""
    deadline = time.monotonic() + WITHIN_SECONDS
    while True:
        try:
            return await look()
        except AssertionError:
            if time.monotonic() > deadline:
                raise
        await asyncio.sleep(PAUSE_SECONDS)


def quote(text: str) -> str:
    return urllib.parse.quote(text, safe="")


class Bridge(Program):
    def __init__(self, work: Path, base_url: str):
        super().__init__(work / "bridge.log")
        self.base_url = base_url
        self.registration = work / "appservices" / "heisenbridge.yaml"
        self.registration.parent.mkdir()
        arguments = ["--generate", "--listen-port", str(free_port())]
        subprocess.run(self._command(*arguments), check=True, stdout=subprocess.DEVNULL)

    def serve(self, owner: str) -> None:
        self.start(self._command("-o", owner, self.base_url))

    def _command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "heisenbridge", "-vv", "-c", str(self.registration), *arguments]


@dataclass
class Scene:
    server: OwnServer
    bridge: Bridge
    irc: IrcServer
    carol: IrcMember
    alice: Person
    network: str = ""  # the room in which the bridge is told what to do on the network
    channel: str = ""  # the room that is the channel


async def greet(scene: Scene) -> None:
    await scene.alice.register("alice")
    scene.bridge.serve(scene.alice.user_id)
    wanted = {"invite": [BOT], "is_direct": True, "preset": "trusted_private_chat"}
    control = (await scene.alice.call("POST", "/createRoom", wanted))["room_id"]
    await scene.alice.sees(control, BOT, "Howdy")
    await scene.alice.say(control, "ADDNETWORK test")
    await scene.alice.sees(control, BOT, "Network added")
    await scene.alice.say(control, f"ADDSERVER test 127.0.0.1 {scene.irc.port}")
    await scene.alice.sees(control, BOT, "Server added")
    await scene.alice.say(control, "OPEN test")
    scene.network = await scene.alice.invited("test")


async def connect(scene: Scene) -> None:
    await scene.alice.say(scene.network, "NICK alice")
    await scene.alice.say(scene.network, "CONNECT")
    await scene.alice.sees(scene.network, BOT, WELCOME)
    await scene.alice.say(scene.network, f"JOIN {CHANNEL}")
    scene.channel = await scene.alice.invited(CHANNEL)
    assert "alice" in scene.carol.present, scene.carol.present


async def chat_both_ways(scene: Scene) -> None:
    await chat(scene, "before")
    members = await scene.alice.call("GET", f"/rooms/{quote(scene.channel)}/joined_members")
    assert GHOST in members["joined"], members["joined"].keys()


async def restart(scene: Scene) -> None:
    """What is said while the server is away is the bridge's to keep, and it soon gives up; but it goes on afterwards."""
    await scene.server.stop()
    await scene.server.start()
    await chat(scene, "after")


async def bridge_away(scene: Scene) -> None:
    scene.bridge.stop()

    async def is_there(expected: bool):
        assert ("alice" in scene.carol.present) == expected, scene.carol.present

    await until(lambda: is_there(False))
    for number in range(5):
        await scene.alice.say(scene.channel, f"while the bridge is away {number}")
    scene.bridge.serve(scene.alice.user_id)
    await until(lambda: is_there(True))
    await chat(scene, "at last")
    # What it was told before it had connected it could not pass on; but nothing came twice.
    passed_on = [text for _, text in scene.carol.said]
    assert len(passed_on) == len(set(passed_on)), passed_on


STEPS = [
    ("the bridge follows an invite, takes commands and opens a room for a network", greet),
    ("it connects and opens a room for a channel", connect),
    ("chat goes both ways, with a user for whoever speaks there", chat_both_ways),
    ("the chat goes on after a restart of the server", restart),
    ("a bridge that was away is told again", bridge_away),
]


async def chat(scene: Scene, when: str) -> None:
    """Three messages each way arrive once each and in order."""
    texts = [f"alice {number} {when}" for number in range(3)]
    for text in texts:
        await scene.alice.say(scene.channel, text)

    async def heard():
        said = [text for nick, text in scene.carol.said if nick == "alice" and text.endswith(when)]
        assert said == texts, scene.carol.said

    await until(heard)
    for number in range(3):
        scene.carol.say(f"{MEMBER} {number} {when}")
    await scene.alice.sees(scene.channel, GHOST, f"{MEMBER} 2 {when}")
    # The bridge puts what is said in one breath into one message.
    events = [event for event in await scene.alice.messages(scene.channel) if event["sender"] == GHOST]
    said = [text for event in events for text in event["content"].get("body", "").splitlines()]
    assert [text for text in said if text.endswith(when)] == [f"{MEMBER} {number} {when}" for number in range(3)], said


async def scenario(server: OwnServer, work: Path, tally: Tally) -> None:
    bridge, irc, carol = Bridge(work, server.base_url), IrcServer(work), IrcMember(CHANNEL)
    config = work / "config.toml"
    config.write_text(f'{config.read_text()}\n[appservices]\ndirectory = "{bridge.registration.parent}"\n')
    try:
        await irc.serve()
        await carol.join(irc.port)
        await server.start()
        async with aiohttp.ClientSession() as session:
            scene = Scene(server, bridge, irc, carol, Person(server, session))
            await tally.run("bridge", STEPS, scene, go_on=False)
    finally:
        bridge.stop()
        await carol.leave()
        irc.stop()


if __name__ == "__main__":
    sys.exit(play("bridge", scenario))
