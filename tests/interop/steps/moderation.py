"""Leaving and being made to: leave, kick, ban, unban, mute by power level and unmute."""

from eventually import eventually, refused
from meeting import Meeting
from steps.chat import sees
from steps.rooms import sees_memberships


async def leave(meeting: Meeting) -> None:
    await meeting.guest.leave(meeting.lounge)
    await is_out(meeting)
    await comes_back(meeting)


async def kick(meeting: Meeting) -> None:
    await refused(meeting.guest.kick(meeting.lounge, meeting.host.user_id, "no power"), "M_FORBIDDEN")
    await meeting.host.kick(meeting.lounge, meeting.guest.user_id, "a lesson")
    await is_out(meeting)
    await comes_back(meeting)


async def ban(meeting: Meeting) -> None:
    await refused(meeting.guest.ban(meeting.lounge, meeting.host.user_id, "no power"), "M_FORBIDDEN")
    await meeting.host.ban(meeting.lounge, meeting.guest.user_id, "a harder lesson")
    await is_out(meeting)
    # The specification says M_FORBIDDEN; Synapse says M_BAD_STATE of the same 403, and clients take either.
    await refused(meeting.guest.join(meeting.alias), "M_FORBIDDEN", "M_BAD_STATE")
    await refused(meeting.host.invite(meeting.lounge, meeting.guest.user_id), "M_FORBIDDEN", "M_BAD_STATE")


async def unban(meeting: Meeting) -> None:
    await meeting.host.unban(meeting.lounge, meeting.guest.user_id)
    await comes_back(meeting)


async def mute(meeting: Meeting) -> None:
    await set_power(meeting, -1)
    await refused(meeting.guest.send_text(meeting.lounge, "may I?"), "M_FORBIDDEN")


async def unmute(meeting: Meeting) -> None:
    await set_power(meeting, 0)
    event = await meeting.guest.send_text(meeting.lounge, "free again")
    meeting.said.append("free again")
    for witness in meeting.both:
        await sees(witness, meeting, event, body="free again")


async def set_power(meeting: Meeting, level: int) -> None:
    await meeting.host.set_power(meeting.lounge, meeting.guest.user_id, level)
    for witness in meeting.both:

        async def power(witness=witness):
            return (await witness.members(meeting.lounge))[meeting.guest.user_id]["power"]

        await eventually(power, level)


async def is_out(meeting: Meeting) -> None:
    await sees_memberships(meeting.host, meeting, meeting.lounge, None)
    await eventually(meeting.guest.rooms, lambda rooms: meeting.lounge in rooms["left"])
    await refused(meeting.guest.send_text(meeting.lounge, "still here"), "M_FORBIDDEN")


async def comes_back(meeting: Meeting) -> None:
    assert await meeting.guest.join(meeting.alias) == meeting.lounge
    await eventually(meeting.guest.rooms, lambda rooms: meeting.lounge in rooms["joined"])
    for person in meeting.both:
        await sees_memberships(person, meeting, meeting.lounge, "join")
