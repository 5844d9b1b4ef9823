"""Encrypted rooms: who says something in them is read by everybody there, and by nobody else."""

from circle import Circle
from eventually import Skip, eventually
from steps.chat import shows


async def between_js_sdk(circle: Circle) -> None:
    circle.den = await meet(circle.alice, [circle.bob], f"Den {circle.tag}")
    circle.said |= await talk(circle.den, circle.at_js_sdk, "hello")


async def between_nio(circle: Circle) -> None:
    circle.cellar = await meet(circle.carol, [circle.dave], f"Cellar {circle.tag}")
    await talk(circle.cellar, [circle.carol, circle.dave], "hello")


async def between_both(circle: Circle) -> None:
    circle.hall = await meet(circle.alice, [circle.bob, circle.carol, circle.dave], f"Hall {circle.tag}")
    await talk(circle.hall, circle.everybody, "hello")


async def server_reads_nothing(circle: Circle) -> None:
    for event, body in circle.said.items():
        kept = await circle.bob.kept_by_the_server(circle.den, event)
        assert kept["type"] == "m.room.encrypted", kept
        assert body not in str(kept), kept


async def reply_edit_redact(circle: Circle) -> None:
    """What relates to an encrypted message is encrypted too, except for the relation."""
    people = [circle.alice, circle.carol]
    for person, other in (people, reversed(people)):
        event = await person.send_text(circle.hall, f"{person.client_name} has an idea")
        for witness in circle.everybody:
            await shows(witness, circle.hall, event, encrypted=True, edited=False)
        answer = await other.reply(circle.hall, event, f"{other.client_name} likes it")
        await person.edit(circle.hall, event, f"{person.client_name} has a better idea")
        for witness in circle.everybody:
            await shows(witness, circle.hall, answer, body=f"{other.client_name} likes it", reply_to=event)
            await shows(witness, circle.hall, event, body=f"{person.client_name} has a better idea", edited=True)
        await other.redact(circle.hall, answer, "said too much")
        for witness in circle.everybody:
            await shows(witness, circle.hall, answer, redacted=True, body=None)


async def after_restart(circle: Circle) -> None:
    """The keys that wait at the server, and those that are on their way, outlive it."""
    if not circle.server.can_restart:
        raise Skip("not ours to restart")
    await circle.server.stop()
    await circle.server.start()
    # A client backs off while its server is away, so it takes as long as its patience.
    event = await circle.alice.send_text(circle.hall, "is everybody back?")
    for witness in circle.everybody:
        await eventually(lambda w=witness: w.message(circle.hall, event), lambda seen: seen, within=60)
    await talk(circle.hall, circle.everybody, "after the restart")


async def meet(host, guests: list, name: str) -> str:
    room = await host.create_room(name=name, encrypted=True)
    for guest in guests:
        await host.invite(room, guest.user_id)
        await guest.join(room)
    for person in [host, *guests]:

        async def joined(person=person):
            members = await person.members(room)
            return sorted(user for user, member in members.items() if member["membership"] == "join")

        await eventually(joined, sorted(each.user_id for each in [host, *guests]))
    return room


async def talk(room: str, people: list, words: str) -> dict[str, str]:
    """Each says something that all of them read; gives back what was said, by event id."""
    said = {}
    for person in people:
        body = f"{person.client_name} says {words}"
        event = await person.send_text(room, body)
        said[event] = body
        for witness in people:
            shown = await shows(witness, room, event, body=body, encrypted=True)
            assert shown["sender"] == person.user_id, shown
    return said
