"""Accounts: registering, logging in and, at the end, logging out."""

from eventually import Skip, eventually, refused
from meeting import Meeting


async def register(meeting: Meeting) -> None:
    for person in meeting.both:
        name = f"{person.client_name.replace('-', '')}-{meeting.tag}"
        password = f"correct horse {meeting.tag} {name}"
        user_id = await person.register(name, password)
        assert user_id.startswith(f"@{name}:"), user_id
        meeting.passwords[user_id] = password


async def register_taken_name(meeting: Meeting) -> None:
    for person, user_id in zip(meeting.both, meeting.passwords, strict=True):
        await refused(person.register(user_id[1:].split(":")[0], "another password"), "M_USER_IN_USE")


async def log_in_with_wrong_password(meeting: Meeting) -> None:
    for person, user_id in zip(meeting.both, meeting.passwords, strict=True):
        await refused(person.login(user_id, "wrong"), "M_FORBIDDEN")


async def log_in(meeting: Meeting) -> None:
    for person, (user_id, password) in zip(meeting.both, meeting.passwords.items(), strict=True):
        assert await person.login(user_id, password) == user_id
        assert await person.whoami() == user_id
        assert person.device_id


async def first_sync(meeting: Meeting) -> None:
    for person in meeting.both:
        await person.start()
        assert await person.rooms() == {"joined": [], "invited": [], "left": []}


async def display_names(meeting: Meeting) -> None:
    for person in meeting.both:
        name = f"{person.client_name} the {meeting.tag}th"
        await person.set_display_name(name)
        for witness in meeting.both:

            async def name_seen(witness=witness, person=person):
                return (await witness.members(meeting.lounge)).get(person.user_id, {}).get("name")

            await eventually(name_seen, name)


async def presence(meeting: Meeting) -> None:
    shown = 0
    for person, witness in ((meeting.host, meeting.guest), (meeting.guest, meeting.host)):
        message = f"{person.client_name} is at tea {meeting.tag}"
        await person.set_presence("online", message)

        async def status_seen(person=person, witness=witness):
            return (await witness.presence(person.user_id) or {}).get("status_msg")

        try:
            await eventually(status_seen, message, within=5)
            shown += 1
        except AssertionError:
            continue
    if shown == 0:
        raise Skip("this server shows no presence")
    assert shown == 2, "presence was shown in one direction only"


async def log_out(meeting: Meeting) -> None:
    for person in meeting.both:
        await person.logout()
        await refused(person.whoami(), "M_UNKNOWN_TOKEN")
