"""Rooms: creating them, finding them, getting in by invitation and by alias."""

from eventually import eventually
from meeting import Meeting


async def create_public_room(meeting: Meeting) -> None:
    topic = "Where the clients meet"
    meeting.lounge = await meeting.host.create_room(
        name=meeting.lounge_name, topic=topic, alias=meeting.alias_localpart, open=True
    )
    room = await eventually(lambda: meeting.host.room(meeting.lounge), lambda seen: seen and seen["alias"])
    assert (room["name"], room["topic"], room["alias"]) == (meeting.lounge_name, topic, meeting.alias), room
    assert meeting.lounge not in (await meeting.guest.rooms())["joined"]


async def find_in_directory(meeting: Meeting) -> None:
    for person in meeting.both:

        async def found(person=person):
            return await person.search_directory(meeting.tag)

        [entry] = await eventually(found, lambda rooms: len(rooms) == 1)
        assert entry["room_id"] == meeting.lounge and entry["name"] == meeting.lounge_name, entry
        assert await person.search_directory("no room is called like this") == []


async def join_by_alias(meeting: Meeting) -> None:
    assert await meeting.guest.join(meeting.alias) == meeting.lounge
    for person in meeting.both:
        await sees_memberships(person, meeting, meeting.lounge, "join")
        room = await person.room(meeting.lounge)
        assert room["name"] == meeting.lounge_name, room


async def invite(meeting: Meeting) -> None:
    meeting.den = await meeting.host.create_room(name=f"Den {meeting.tag}", topic="By invitation")
    await eventually(meeting.host.rooms, lambda rooms: meeting.den in rooms["joined"])
    await meeting.host.invite(meeting.den, meeting.guest.user_id)
    await eventually(meeting.guest.rooms, lambda rooms: meeting.den in rooms["invited"])
    assert await meeting.guest.join(meeting.den) == meeting.den
    await eventually(meeting.guest.rooms, lambda rooms: meeting.den in rooms["joined"])
    for person in meeting.both:
        await sees_memberships(person, meeting, meeting.den, "join")


async def sees_memberships(person, meeting: Meeting, room: str, guest_membership: str | None) -> None:
    """Until `person` sees the host in the room, and the guest with the given membership (None: not in the room)."""

    async def memberships():
        members = await person.members(room)
        guest = members.get(meeting.guest.user_id, {}).get("membership")
        return members.get(meeting.host.user_id, {}).get("membership"), None if guest in ("leave", "ban") else guest

    await eventually(memberships, ("join", guest_membership))
