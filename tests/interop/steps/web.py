"""A web client: Alice types and clicks in Hydrogen, and Bob answers from matrix-js-sdk."""

import base64
import struct
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from eventually import Skip, eventually
from server import Server
from steps.chat import shows

IMAGE_WIDTH, IMAGE_HEIGHT = 60, 40


@dataclass
class Desk:
    server: Server
    pictures: Path
    tag: str
    alice: Any  # in the browser
    bob: Any
    names: dict[str, str] = field(default_factory=dict)  # of rooms, by their ids
    garden: str = ""
    cave: str = ""  # encrypted


async def log_in(desk: Desk) -> None:
    name, password = f"alice-{desk.tag}", f"correct horse {desk.tag}"
    user_id = await desk.bob.register(name, password)
    bob_id = await desk.bob.register(f"bob-{desk.tag}", password)
    await desk.bob.login(bob_id, password)
    await desk.bob.start()
    await desk.alice.login(name, password)
    assert desk.alice.user_id == user_id
    assert await desk.alice.rooms() == []


async def accept_invite(desk: Desk) -> None:
    """What was said before is shown to whoever comes later."""
    desk.garden = await open_room(desk, "Garden", encrypted=False)
    early = await desk.bob.send_text(desk.garden, "the roses are out")
    await come_in(desk, desk.garden)
    await on_the_page(desk, event_id=early, body="the roses are out", own=False)


async def chat(desk: Desk) -> None:
    await both_ways(desk, desk.garden, "hello \N{WAVING HAND SIGN}")


async def react_and_redact(desk: Desk) -> None:
    event = await desk.bob.send_text(desk.garden, "who likes roses?")
    await on_the_page(desk, event_id=event)
    await desk.bob.react(desk.garden, event, "\N{ROSE}")
    await on_the_page(desk, event_id=event, reactions=["\N{ROSE} 1"])
    await desk.bob.redact(desk.garden, event, "silly question")
    await on_the_page(desk, event_id=event, body=lambda body: "who likes roses?" not in body and "deleted" in body)


async def image(desk: Desk) -> None:
    """A browser asks for it from another origin, and with the account's token."""
    file = base64.b64encode(png()).decode()
    event = await desk.bob.send_image(desk.garden, "rose.png", file, IMAGE_WIDTH, IMAGE_HEIGHT)
    await on_the_page(desk, event_id=event, image=[IMAGE_WIDTH, IMAGE_HEIGHT])


async def encrypted_chat(desk: Desk) -> None:
    desk.cave = await open_room(desk, "Cave", encrypted=True)
    await come_in(desk, desk.cave)
    await eventually(desk.alice.composer, lambda text: "encrypted" in text)
    await both_ways(desk, desk.cave, "a secret")


async def unread(desk: Desk) -> None:
    """Counted in a room that is not open, and no more once it has been for a while."""
    await desk.alice.open_room(desk.names[desk.garden])
    await badge(desk, desk.garden, "")
    await desk.alice.open_room(desk.names[desk.cave])
    for number in (1, 2):
        event = await desk.bob.send_text(desk.garden, f"where are you? {number}")
        await badge(desk, desk.garden, str(number))
    await desk.alice.open_room(desk.names[desk.garden])
    await on_the_page(desk, event_id=event)
    await badge(desk, desk.garden, "")
    await eventually(lambda: desk.bob.read_up_to(desk.garden, desk.alice.user_id), event)


async def restart(desk: Desk) -> None:
    if not desk.server.can_restart:
        raise Skip("not ours to restart")
    await desk.server.stop()
    await desk.server.start()
    event = await desk.bob.send_text(desk.garden, "is the page still there?")
    # A client backs off while its server is away, so it takes as long as its patience.
    await on_the_page(desk, within=60, event_id=event)
    await both_ways(desk, desk.garden, "after the restart")


async def reload(desk: Desk) -> None:
    """The page takes up where its store left off."""
    before = await desk.alice.messages()
    await desk.alice.reload()
    await eventually(lambda: names_shown(desk), sorted(desk.names.values()))
    await desk.alice.open_room(desk.names[desk.garden])
    await on_the_page(desk, event_id=before[-1]["event_id"], body=before[-1]["body"])
    await both_ways(desk, desk.garden, "after the reload")


async def picture(desk: Desk) -> None:
    path = desk.pictures / "hydrogen.png"
    path.unlink(missing_ok=True)
    await desk.alice.picture(str(path))
    header = path.read_bytes()[:24]
    width, height = struct.unpack(">II", header[16:])
    assert header.startswith(b"\x89PNG") and width > 800 and height > 500, header
    print(f"      what the page shows at the end: {path}")


async def open_room(desk: Desk, name: str, encrypted: bool) -> str:
    room = await desk.bob.create_room(name=f"{name} {desk.tag}", encrypted=encrypted)
    desk.names[room] = f"{name} {desk.tag}"
    return room


async def come_in(desk: Desk, room: str) -> None:
    await desk.bob.invite(room, desk.alice.user_id)
    await eventually(lambda: names_shown(desk), sorted(desk.names.values()))
    await desk.alice.accept_invite(desk.names[room])

    async def joined():
        return (await desk.bob.members(room)).get(desk.alice.user_id, {}).get("membership")

    await eventually(joined, "join")


async def both_ways(desk: Desk, room: str, words: str) -> None:
    event = await desk.bob.send_text(room, f"bob says {words}")
    await on_the_page(desk, event_id=event, body=f"bob says {words}", own=False)
    await desk.alice.send_text(f"alice says {words}")
    shown = await on_the_page(
        desk, body=f"alice says {words}", own=True, event_id=lambda event: (event or "").startswith("$")
    )
    encrypted = room == desk.cave
    await shows(desk.bob, room, shown["event_id"], body=f"alice says {words}", sender=desk.alice.user_id, encrypted=encrypted)


async def on_the_page(desk: Desk, within: float = 20, **expected) -> dict:
    """The message of the open room that has all of `expected`, each a value or a predicate."""

    def fits(message: dict) -> bool:
        return all(want(message[key]) if callable(want) else message[key] == want for key, want in expected.items())

    messages = await eventually(desk.alice.messages, lambda seen: any(map(fits, seen)), within)
    return next(filter(fits, messages))


async def names_shown(desk: Desk) -> list[str]:
    return sorted(room["name"] for room in await desk.alice.rooms())


async def badge(desk: Desk, room: str, expected: str) -> None:
    async def shown():
        return {each["name"]: each["badge"] for each in await desk.alice.rooms()}.get(desk.names[room])

    await eventually(shown, expected)


def png() -> bytes:
    """A picture of one colour."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", IMAGE_WIDTH, IMAGE_HEIGHT, 8, 2, 0, 0, 0)
    rows = (b"\0" + b"\xd0\x20\x50" * IMAGE_WIDTH) * IMAGE_HEIGHT
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
