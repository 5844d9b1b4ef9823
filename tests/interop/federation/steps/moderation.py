"""Power across servers: muting, kicking, banning, and whole servers shut out."""

from visit import Visit, agree, everybody_sees_membership, sees_event, sees_membership
from waiting import eventually, refused


def mute(visit: Visit) -> None:
    _set_level(visit, -1)
    refused(lambda: visit.guest.say(visit.lounge, "may I?"), "M_FORBIDDEN")
    _set_level(visit, 0)
    event = visit.guest.say(visit.lounge, "free again")
    sees_event(visit.host, visit.lounge, event)
    agree(visit.both, visit.lounge)


def kick(visit: Visit) -> None:
    refused(lambda: visit.guest.kick(visit.lounge, visit.host), "M_FORBIDDEN")
    visit.host.kick(visit.lounge, visit.guest, "a lesson")
    eventually(lambda: visit.guest.synced().rooms[visit.lounge].membership, "leave")
    refused(lambda: visit.guest.say(visit.lounge, "am I out?"), "M_FORBIDDEN")
    visit.guest.join(visit.alias)
    everybody_sees_membership(visit, visit.lounge, visit.guest, "join")
    agree(visit.both, visit.lounge)


def ban(visit: Visit) -> None:
    refused(lambda: visit.guest.ban(visit.lounge, visit.host), "M_FORBIDDEN")
    visit.host.ban(visit.lounge, visit.guest, "a harder lesson")
    eventually(lambda: visit.guest.synced().rooms[visit.lounge].membership, "leave")
    # The specification says M_FORBIDDEN; Synapse says M_BAD_STATE of the same 403, and clients take either.
    refused(lambda: visit.guest.join(visit.alias), "M_FORBIDDEN", "M_BAD_STATE")
    refused(lambda: visit.host.invite(visit.lounge, visit.guest), "M_FORBIDDEN", "M_BAD_STATE")
    visit.host.unban(visit.lounge, visit.guest)
    visit.guest.join(visit.alias)
    everybody_sees_membership(visit, visit.lounge, visit.guest, "join")
    agree(visit.both, visit.lounge)


def moderation_from_afar(visit: Visit) -> None:
    """Somebody with power on the other server moderates people of this one."""
    _set_level(visit, 50)
    visit.mate.join(visit.alias)
    sees_membership(visit.guest, visit.lounge, visit.mate, "join")
    visit.guest.kick(visit.lounge, visit.mate, "from afar")
    sees_membership(visit.host, visit.lounge, visit.mate, "leave")
    eventually(lambda: visit.mate.synced().rooms[visit.lounge].membership, "leave")
    visit.guest.ban(visit.lounge, visit.mate, "for good")
    sees_membership(visit.host, visit.lounge, visit.mate, "ban")
    refused(lambda: visit.mate.join(visit.alias), "M_FORBIDDEN", "M_BAD_STATE")
    visit.guest.unban(visit.lounge, visit.mate)
    sees_membership(visit.host, visit.lounge, visit.mate, "leave")
    visit.mate.join(visit.alias)
    sees_membership(visit.guest, visit.lounge, visit.mate, "join")
    agree(visit.both, visit.lounge)


def server_acl(visit: Visit) -> None:
    """A server that is shut out is not heard; what it said is there once it is let in again."""
    room = visit.new_room(preset="public_chat", name="Gated")
    visit.guest.join(room, via=visit.home)
    sees_membership(visit.host, room, visit.guest, "join")
    sees_event(visit.guest, room, visit.host.say(room, "before"))
    acl = {"allow": ["*"], "allow_ip_literals": True}
    visit.host.set_state(room, "m.room.server_acl", {**acl, "deny": [visit.guest.server.host]})
    unheard = visit.guest.say(room, "can you hear me?")
    # A later message elsewhere arrives, so the earlier one had its chance.
    visit.said.append("heard elsewhere")
    sees_event(visit.host, visit.lounge, visit.guest.say(visit.lounge, "heard elsewhere"))
    refused(lambda: visit.host.event(room, unheard), "M_NOT_FOUND")
    visit.host.set_state(room, "m.room.server_acl", {**acl, "deny": []})
    sees_event(visit.guest, room, visit.host.say(room, "after"))
    sees_event(visit.host, room, visit.guest.say(room, "and I am back"))
    agree(visit.both, room)


def _set_level(visit: Visit, level: int) -> None:
    visit.host.set_levels(visit.lounge, {visit.guest.id: level})
    eventually(lambda: visit.guest.state(visit.lounge, "m.room.power_levels")["users"].get(visit.guest.id), level)
