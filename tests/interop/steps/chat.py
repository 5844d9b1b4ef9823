"""Chat in the lounge: each verb from each side, seen on both."""

from eventually import eventually, refused
from meeting import Meeting


async def messages_both_ways(meeting: Meeting) -> None:
    for turn in range(3):
        for person in meeting.both:
            body = f"{person.client_name} says {turn} \N{WAVING HAND SIGN}"
            event = await person.send_text(meeting.lounge, body)
            meeting.said.append(body)
            meeting.events[f"{person.client_name} {turn}"] = event
            for witness in meeting.both:
                shown = await sees(witness, meeting, event, body=body)
                assert shown["sender"] == person.user_id, shown


async def reply(meeting: Meeting) -> None:
    for person, other in ((meeting.host, meeting.guest), (meeting.guest, meeting.host)):
        original = meeting.events[f"{other.client_name} 0"]
        body = f"{person.client_name} replies"
        event = await person.reply(meeting.lounge, original, body)
        meeting.said.append(body)
        for witness in meeting.both:
            await sees(witness, meeting, event, body=body, reply_to=original)


async def edit(meeting: Meeting) -> None:
    for person in meeting.both:
        event = meeting.events[f"{person.client_name} 1"]
        body = f"{person.client_name} thinks better of it"
        await person.edit(meeting.lounge, event, body)
        for witness in meeting.both:
            await sees(witness, meeting, event, body=body, edited=True)


async def react(meeting: Meeting) -> None:
    """Both react alike to the same message; reacting alike twice is refused."""
    event = meeting.events[f"{meeting.host.client_name} 1"]
    for person in meeting.both:
        await person.react(meeting.lounge, event, "\N{THUMBS UP SIGN}")
        await refused(person.react(meeting.lounge, event, "\N{THUMBS UP SIGN}"), "M_DUPLICATE_ANNOTATION")
    for witness in meeting.both:
        await sees(witness, meeting, event, reactions={"\N{THUMBS UP SIGN}": 2})


async def redact(meeting: Meeting) -> None:
    for person in meeting.both:
        event = meeting.events[f"{person.client_name} 2"]
        await person.redact(meeting.lounge, event, "a slip of the tongue")
        meeting.said.remove(f"{person.client_name} says 2 \N{WAVING HAND SIGN}")
        for witness in meeting.both:
            await sees(witness, meeting, event, redacted=True, body=None)


async def redact_without_power(meeting: Meeting) -> None:
    event = meeting.events[f"{meeting.host.client_name} 1"]
    await refused(meeting.guest.redact(meeting.lounge, event, "not mine"), "M_FORBIDDEN")


async def typing(meeting: Meeting) -> None:
    for person, witness in ((meeting.host, meeting.guest), (meeting.guest, meeting.host)):
        for now in (True, False):
            await person.set_typing(meeting.lounge, now)

            async def seen(person=person, witness=witness):
                return person.user_id in await witness.typing(meeting.lounge)

            await eventually(seen, now)


async def read_receipts(meeting: Meeting) -> None:
    for person, witness in ((meeting.host, meeting.guest), (meeting.guest, meeting.host)):
        body = f"{witness.client_name} wants to be read"
        event = await witness.send_text(meeting.lounge, body)
        meeting.said.append(body)
        await sees(person, meeting, event, body=body)

        async def unread(person=person):
            return (await person.room(meeting.lounge))["unread"]

        await eventually(unread, lambda count: count >= 1)
        await person.read(meeting.lounge, event)
        await eventually(unread, 0)
        await eventually(lambda w=witness, p=person: w.read_up_to(meeting.lounge, p.user_id), event)


async def sees(witness, meeting: Meeting, event: str, **expected) -> dict:
    """Until `witness` shows the message of the lounge with all of `expected`."""
    return await shows(witness, meeting.lounge, event, **expected)


async def shows(witness, room: str, event: str, **expected) -> dict:
    """Until `witness` shows the message of a room with all of `expected`."""

    def as_expected(shown):
        return shown is not None and all(shown[key] == value for key, value in expected.items())

    try:
        return await eventually(lambda: witness.message(room, event), as_expected)
    except AssertionError as error:
        raise AssertionError(f"{witness.client_name} should show {expected}: {error}") from None
