"""What belongs to one person alone: account data and tags."""

from eventually import eventually
from meeting import Meeting


async def account_data(meeting: Meeting) -> None:
    kind = f"org.kith.interop.{meeting.tag}"
    for person, other in ((meeting.host, meeting.guest), (meeting.guest, meeting.host)):
        content = {"kept_by": person.client_name, "list": [1, 2, {"deep": True}]}
        await person.set_account_data(kind, content)
        await eventually(lambda p=person: p.account_data(kind), content)
        assert (await other.account_data(kind) or {}).get("kept_by") != person.client_name


async def tags(meeting: Meeting) -> None:
    for person, order in ((meeting.host, 0.25), (meeting.guest, 0.75)):
        await person.set_tag(meeting.lounge, "m.favourite", order)

        async def seen(person=person):
            return (await person.room(meeting.lounge))["tags"]

        await eventually(seen, {"m.favourite": order})
