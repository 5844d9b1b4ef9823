"""History: paging back through the lounge, and what is left of everything after a restart."""

from eventually import Skip, eventually
from js_person import JsPerson
from meeting import Meeting
from nio_person import NioPerson
from steps.chat import sees

FILLERS = 30
PAGE_EVENTS = 7


async def fill(meeting: Meeting) -> None:
    """More than one page and more than an initial sync brings."""
    for number in range(FILLERS):
        person = meeting.both[number % 2]
        body = f"filler {number}"
        await person.send_text(meeting.lounge, body)
        meeting.said.append(body)
    for person in meeting.both:
        event = await person.send_text(meeting.lounge, f"{person.client_name} is done")
        meeting.said.append(f"{person.client_name} is done")
        for witness in meeting.both:
            await sees(witness, meeting, event, body=f"{person.client_name} is done")


async def page_back(meeting: Meeting) -> None:
    for person in meeting.both:
        await reads_everything(person, meeting)


async def restart(meeting: Meeting) -> None:
    """The clients stay as they are, logged in and syncing; the server goes away under them and comes back."""
    if not meeting.server.can_restart:
        raise Skip("not ours to restart")
    await meeting.server.stop()
    await meeting.server.start()


async def chat_after_restart(meeting: Meeting) -> None:
    for person in meeting.both:
        body = f"{person.client_name} is back"
        event = await person.send_text(meeting.lounge, body)
        meeting.said.append(body)
        for witness in meeting.both:
            # A client backs off while its server is away, so this takes as long as its patience.
            await eventually(lambda w=witness, e=event: w.message(meeting.lounge, e), lambda seen: seen, within=60)
            await sees(witness, meeting, event, body=body)


async def nothing_lost(meeting: Meeting) -> None:
    """A device that logs in anew, and so has nothing but what the server kept, shows everything."""
    for person in meeting.both:
        fresh = type(person)(meeting.server.base_url, meeting.logs / f"{person.client_name}-fresh.log")
        await fresh.open()
        try:
            await fresh.login(person.user_id, meeting.passwords[person.user_id])
            assert fresh.device_id != person.device_id
            await fresh.start()
            await compare(fresh, person, meeting)
            await reads_everything(fresh, meeting)
            await fresh.logout()
        finally:
            await fresh.close()


async def compare(fresh: JsPerson | NioPerson, person: JsPerson | NioPerson, meeting: Meeting) -> None:
    known = await person.rooms()
    found = await fresh.rooms()
    assert set(found["joined"]) == set(known["joined"]), f"joined {found}, was {known}"
    for room in known["joined"]:
        before, after = await person.room(room), await fresh.room(room)
        for what in ("name", "topic", "alias", "tags"):
            assert after[what] == before[what], f"{what} of {room} is {after[what]!r}, was {before[what]!r}"
        before, after = await person.members(room), await fresh.members(room)
        present = {user for user, member in before.items() if member["membership"] == "join"}
        assert {user: before[user] for user in present} == {user: after.get(user) for user in present}
    kind = f"org.kith.interop.{meeting.tag}"
    assert await fresh.account_data(kind) == await person.account_data(kind)
    newest = await person.read_up_to(meeting.lounge, person.user_id)
    if newest is not None:
        await eventually(lambda: fresh.read_up_to(meeting.lounge, person.user_id), lambda seen: seen is not None)


async def reads_everything(person: JsPerson | NioPerson, meeting: Meeting) -> None:
    history = await person.history(meeting.lounge, PAGE_EVENTS)
    ids = [event["event_id"] for event in history]
    assert len(ids) == len(set(ids)), "an event was shown twice"
    assert history[0]["type"] == "m.room.create", f"the first event is {history[0]}"
    assert not [event for event in history[1:] if event["type"] == "m.room.create"]
    # Edits are messages of their own in some clients and overlays in others; what was said plainly is the same in all.
    edited = {f"{each.client_name} says 1 \N{WAVING HAND SIGN}" for each in meeting.both}
    said = [body for body in meeting.said if body not in edited]
    plain = [event["body"] for event in history if event["type"] == "m.room.message" and event["body"] in said]
    assert plain == said, f"{person.client_name} read {plain}, said was {said}"
