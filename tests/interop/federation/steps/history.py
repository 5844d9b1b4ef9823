"""History that was there before one came, and rooms that go on elsewhere."""

from visit import Visit, agree, everybody_sees_membership, sees_event, sees_membership
from waiting import eventually

FILLERS = 200
NEWEST = 10


def backfill(visit: Visit) -> None:
    """Somebody who comes late pages back to the beginning, in order, with nothing missing and nothing twice."""
    room = visit.new_room(preset="public_chat", name="Long talk")
    said = [f"line {number}" for number in range(FILLERS)]
    for text in said:
        visit.host.say(room, text)
    visit.guest.join(room, via=visit.home)
    sees_membership(visit.host, room, visit.guest, "join")
    for number in range(NEWEST):
        person, other = visit.turns[number % 2]
        said.append(f"after the guest came {number}")
        sees_event(other, room, person.say(room, said[-1]))
    found = visit.guest.texts(room)
    assert found == said, f"{len(found)} of {len(said)}: {_first_difference(found, said)}"
    first = visit.guest.history(room)[0]
    assert first["type"] == "m.room.create", first
    agree(visit.both, room)


def hidden_history(visit: Visit) -> None:
    """Where newcomers may not see what was before, they do not, whichever server keeps it."""
    room = visit.new_room(preset="public_chat")
    visit.host.set_state(room, "m.room.history_visibility", {"history_visibility": "joined"})
    visit.host.say(room, "among ourselves")
    visit.guest.join(room, via=visit.home)
    sees_membership(visit.host, room, visit.guest, "join")
    sees_event(visit.guest, room, visit.host.say(room, "for everybody"))
    assert visit.guest.texts(room) == ["for everybody"]


def time_travel(visit: Visit) -> None:
    """An event near a moment is found, also where this server has to ask for it."""
    room = visit.new_room(preset="public_chat")
    event = visit.host.say(room, "once upon a time")
    moment = visit.host.event(room, event)["origin_server_ts"]
    for number in range(30):
        visit.host.say(room, f"since then {number}")
    visit.guest.join(room, via=visit.home)
    sees_membership(visit.host, room, visit.guest, "join")
    query = {"ts": moment, "dir": "f"}
    found = visit.guest.call("GET", "rooms", room, "timestamp_to_event", root="_matrix/client/v1", **query)
    assert found["event_id"] == event, found
    around = visit.guest.get("rooms", room, "context", event, limit=4)
    assert around["event"]["event_id"] == event, around


def upgrade(visit: Visit) -> None:
    old = visit.new_room(preset="public_chat", name="Old house")
    visit.guest.join(old, via=visit.home)
    sees_membership(visit.host, old, visit.guest, "join")
    new = visit.host.post("rooms", old, "upgrade", body={"new_version": visit.version})["replacement_room"]
    eventually(lambda: visit.guest.state(old, "m.room.tombstone")["replacement_room"], new)
    assert visit.guest.join(new, via=visit.home) == new
    everybody_sees_membership(visit, new, visit.guest, "join")
    create = visit.guest.state(new, "m.room.create")
    assert create["predecessor"]["room_id"] == old, create
    assert visit.guest.state(new, "m.room.name") == {"name": "Old house"}
    agree(visit.both, new)


def _first_difference(found: list[str], wanted: list[str]) -> str:
    for place, (one, other) in enumerate(zip(found, wanted)):
        if one != other:
            return f"at {place}: {one!r} instead of {other!r}"
    return f"missing {wanted[len(found):][:3]!r}, too many {found[len(wanted):][:3]!r}"
