"""Ways into a room of the other server, and ways out that one chooses oneself."""

from visit import Visit, agree, everybody_sees_membership, sees_event, sees_membership
from waiting import eventually, refused

PUBLIC = {"join_rule": "public"}


def by_alias(visit: Visit) -> None:
    visit.lounge = visit.new_room(
        preset="public_chat",
        visibility="public",
        name=f"Lounge {visit.tag}",
        topic="Where servers meet",
        room_alias_name=f"lounge-{visit.tag}",
    )
    assert visit.host.state(visit.lounge, "m.room.create").get("room_version") == visit.version
    assert visit.guest.join(visit.alias) == visit.lounge
    everybody_sees_membership(visit, visit.lounge, visit.guest, "join")
    agree(visit.both, visit.lounge)
    shown = eventually(lambda: visit.guest.synced().rooms[visit.lounge], lambda room: room.membership == "join")
    assert shown.state["m.room.name", ""] == {"name": f"Lounge {visit.tag}"}, shown.state


def by_id(visit: Visit) -> None:
    """The first of a server names one that is in the room; the second needs no help any more."""
    room = visit.new_room(preset="public_chat", name="By id")
    assert visit.guest.join(room, via=visit.home) == room
    # Synapse answers a join before it knows the room's members.
    eventually(lambda: visit.friend.join(room), room)
    for person in (visit.guest, visit.friend):
        everybody_sees_membership(visit, room, person, "join")
    agree(visit.both, room)


def by_invitation(visit: Visit) -> None:
    visit.den = visit.new_room(preset="private_chat", name=f"Den {visit.tag}")
    refused(lambda: visit.guest.join(visit.den, via=visit.home), "M_FORBIDDEN")
    visit.host.invite(visit.den, visit.guest)
    shown = eventually(lambda: visit.guest.synced().rooms[visit.den], lambda room: room.membership == "invite")
    assert shown.stripped["m.room.name", ""] == {"name": f"Den {visit.tag}"}, shown.stripped
    assert shown.stripped["m.room.member", visit.guest.id]["membership"] == "invite", shown.stripped
    visit.guest.join(visit.den)
    everybody_sees_membership(visit, visit.den, visit.guest, "join")
    # Now the guest brings somebody of the host's server.
    visit.host.set_levels(visit.den, {visit.guest.id: 50})
    eventually(lambda: visit.guest.state(visit.den, "m.room.power_levels")["users"].get(visit.guest.id), 50)
    visit.guest.invite(visit.den, visit.mate)
    eventually(lambda: visit.mate.synced().rooms[visit.den].membership, "invite")
    visit.mate.join(visit.den)
    everybody_sees_membership(visit, visit.den, visit.mate, "join")
    agree(visit.both, visit.den)


def invitation_refused(visit: Visit) -> None:
    room = visit.new_room(preset="private_chat")
    visit.host.invite(room, visit.friend)
    eventually(lambda: visit.friend.synced().rooms[room].membership, "invite")
    visit.friend.leave(room)
    eventually(lambda: visit.friend.synced().rooms[room].membership, "leave")
    sees_membership(visit.host, room, visit.friend, "leave")


def invitation_taken_back(visit: Visit) -> None:
    room = visit.new_room(preset="private_chat")
    visit.host.invite(room, visit.friend)
    eventually(lambda: visit.friend.synced().rooms[room].membership, "invite")
    visit.host.kick(room, visit.friend, "a mistake")
    eventually(lambda: visit.friend.synced().rooms[room].membership, "leave")
    refused(lambda: visit.friend.join(room, via=visit.home), "M_FORBIDDEN")


def leaving_and_coming_back(visit: Visit) -> None:
    """What was said meanwhile is there afterwards."""
    visit.guest.leave(visit.lounge)
    sees_membership(visit.host, visit.lounge, visit.guest, "leave")
    for number in range(3):
        visit.said.append(f"said to nobody {number}")
        visit.host.say(visit.lounge, visit.said[-1])
    visit.host.set_state(visit.lounge, "m.room.topic", {"topic": "Where servers meet again"})
    visit.guest.join(visit.alias)
    everybody_sees_membership(visit, visit.lounge, visit.guest, "join")
    agree(visit.both, visit.lounge)
    visit.said.append("back again")
    event = visit.guest.say(visit.lounge, "back again")
    sees_event(visit.host, visit.lounge, event)
    missing = lambda: set(visit.said) - set(visit.guest.texts(visit.lounge))  # noqa: E731
    eventually(missing, set())


def knocking(visit: Visit) -> None:
    room = visit.new_room(
        preset="private_chat",
        name="Knock first",
        initial_state=[{"type": "m.room.join_rules", "state_key": "", "content": {"join_rule": "knock"}}],
    )
    refused(lambda: visit.guest.join(room, via=visit.home), "M_FORBIDDEN")
    visit.guest.knock(room, visit.home, "let me in")
    shown = eventually(lambda: visit.guest.synced().rooms[room], lambda room: room.membership == "knock")
    assert shown.stripped["m.room.name", ""] == {"name": "Knock first"}, shown.stripped
    sees_membership(visit.host, room, visit.guest, "knock")
    assert visit.host.state(room, "m.room.member", visit.guest.id)["reason"] == "let me in"
    visit.host.invite(room, visit.guest)
    eventually(lambda: visit.guest.synced().rooms[room].membership, "invite")
    visit.guest.join(room)
    everybody_sees_membership(visit, room, visit.guest, "join")
    # Another one is not let in, and a third changes their mind.
    visit.friend.knock(room, visit.home, "me too")
    everybody_sees_membership(visit, room, visit.friend, "knock")
    visit.host.kick(room, visit.friend, "no")
    sees_membership(visit.guest, room, visit.friend, "leave")
    visit.friend.knock(room, visit.home, "please")
    sees_membership(visit.host, room, visit.friend, "knock")
    visit.friend.leave(room)
    sees_membership(visit.host, room, visit.friend, "leave")
    agree(visit.both, room)


def restricted(visit: Visit) -> None:
    """Members of one room may join another."""
    club = visit.new_room(preset="private_chat", name="Club", invite=[visit.guest.id])
    rule = {"join_rule": "restricted", "allow": [{"type": "m.room_membership", "room_id": club}]}
    room = visit.new_room(
        preset="private_chat",
        name="For members of the club",
        initial_state=[{"type": "m.room.join_rules", "state_key": "", "content": rule}],
    )
    eventually(lambda: visit.guest.synced().rooms[club].membership, "invite")
    visit.guest.join(club)
    sees_membership(visit.host, club, visit.guest, "join")
    refused(lambda: visit.friend.join(room, via=visit.home), "M_FORBIDDEN")
    visit.guest.join(room, via=visit.home)
    everybody_sees_membership(visit, room, visit.guest, "join")
    by = visit.guest.state(room, "m.room.member", visit.guest.id)["join_authorised_via_users_server"]
    assert by == visit.host.id, by
    # The guest's server is in the room now, and still nobody of it may vouch for a friend.
    refused(lambda: visit.friend.join(room, via=visit.home), "M_FORBIDDEN")
    visit.host.invite(club, visit.friend)
    eventually(lambda: visit.friend.synced().rooms[club].membership, "invite")
    visit.friend.join(club)
    sees_membership(visit.host, club, visit.friend, "join")
    visit.friend.join(room, via=visit.home)
    everybody_sees_membership(visit, room, visit.friend, "join")
    agree(visit.both, room)


def knock_restricted(visit: Visit) -> None:
    """Members of one room may join another, everybody else may knock."""
    club = visit.new_room(preset="public_chat", name="Open club")
    rule = {"join_rule": "knock_restricted", "allow": [{"type": "m.room_membership", "room_id": club}]}
    room = visit.new_room(
        preset="private_chat",
        initial_state=[{"type": "m.room.join_rules", "state_key": "", "content": rule}],
    )
    visit.friend.knock(room, visit.home, "not in the club")
    sees_membership(visit.host, room, visit.friend, "knock")
    visit.guest.join(club, via=visit.home)
    visit.guest.join(room, via=visit.home)
    everybody_sees_membership(visit, room, visit.guest, "join")
    agree(visit.both, room)
