"""Chat in the lounge: each verb from each side, seen on both."""

from visit import Visit, agree, sees_event
from waiting import eventually, refused


def messages_both_ways(visit: Visit) -> None:
    for turn in range(3):
        for person, other in visit.turns:
            visit.said.append(f"{person.localpart} says {turn} \N{WAVING HAND SIGN} \\u0000 \"<&>\" \N{SNOWMAN}")
            event = person.say(visit.lounge, visit.said[-1])
            shown = sees_event(other, visit.lounge, event)
            assert (shown["sender"], shown["content"]["body"]) == (person.id, visit.said[-1]), shown
    agree(visit.both, visit.lounge)


def relations(visit: Visit) -> None:
    """Edits, reactions and threads of the other server count here."""
    for person, other in visit.turns:
        event = person.say(visit.lounge, f"{person.localpart} has a tpyo")
        sees_event(other, visit.lounge, event)
        new = {"msgtype": "m.text", "body": f"{person.localpart} has a typo"}
        edit = {**new, "m.new_content": new, "m.relates_to": {"rel_type": "m.replace", "event_id": event}}
        person.send(visit.lounge, "m.room.message", edit)
        thread = {"rel_type": "m.thread", "event_id": event}
        reply = other.send(visit.lounge, "m.room.message", {"msgtype": "m.text", "body": "ha", "m.relates_to": thread})
        sees_event(person, visit.lounge, reply)
        for witness in visit.both:

            def bundled(witness=witness, event=event):
                return witness.event(visit.lounge, event).get("unsigned", {}).get("m.relations", {})

            found = eventually(bundled, lambda seen: {"m.replace", "m.thread"} <= seen.keys())
            assert found["m.thread"]["latest_event"]["event_id"] == reply, found


def redaction(visit: Visit) -> None:
    for person, other in visit.turns:
        event = person.say(visit.lounge, "a slip of the tongue")
        sees_event(other, visit.lounge, event)
        redaction = person.redact(visit.lounge, event, "sorry")
        for witness in visit.both:
            sees_event(witness, visit.lounge, redaction)
            shown = eventually(lambda w=witness, e=event: w.event(visit.lounge, e), lambda seen: not seen["content"])
            because = shown["unsigned"]["redacted_because"]
            assert because["event_id"] == redaction, shown
            assert because["content"]["reason"] == "sorry", shown
    # The host has the power to redact the guest's words, and the guest has none over the host's.
    event = visit.guest.say(visit.lounge, "forbidden words")
    sees_event(visit.host, visit.lounge, event)
    redaction = visit.host.redact(visit.lounge, event, "moderated")
    sees_event(visit.guest, visit.lounge, redaction)
    eventually(lambda: visit.guest.event(visit.lounge, event)["content"], {})
    event = visit.host.say(visit.lounge, "law and order")
    sees_event(visit.guest, visit.lounge, event)
    refused(lambda: visit.guest.redact(visit.lounge, event, "no power"), "M_FORBIDDEN")


def names_and_topics(visit: Visit) -> None:
    visit.host.set_levels(visit.lounge, {visit.guest.id: 50})
    eventually(lambda: visit.guest.state(visit.lounge, "m.room.power_levels")["users"].get(visit.guest.id), 50)
    for person, other in visit.turns:
        name, topic = f"{person.localpart}'s lounge", f"{person.localpart} decides"
        person.set_state(visit.lounge, "m.room.name", {"name": name})
        person.set_state(visit.lounge, "m.room.topic", {"topic": topic})
        eventually(lambda o=other: o.state(visit.lounge, "m.room.name"), {"name": name})
        eventually(lambda o=other: o.state(visit.lounge, "m.room.topic"), {"topic": topic})
        eventually(lambda o=other: o.synced().rooms[visit.lounge].state["m.room.topic", ""], {"topic": topic})
    agree(visit.both, visit.lounge)


def profiles(visit: Visit) -> None:
    """A new name is in the profile and in every room at once."""
    for person, other in visit.turns:
        name = f"{person.localpart} the {visit.tag}th"
        person.set_name(name)
        eventually(lambda o=other, p=person: o.state(visit.lounge, "m.room.member", p.id).get("displayname"), name)
        assert other.get("profile", person.id)["displayname"] == name
        assert other.get("profile", person.id, "displayname") == {"displayname": name}
        refused(lambda o=other, p=person: o.get("profile", f"@nobody-{visit.tag}:{p.server.name}"), "M_NOT_FOUND")
    agree(visit.both, visit.lounge)


def typing(visit: Visit) -> None:
    for person, other in visit.turns:
        person.type(visit.lounge, True)
        eventually(lambda o=other, p=person: p.id in o.synced().rooms[visit.lounge].typing, True)
        person.type(visit.lounge, False)
        eventually(lambda o=other, p=person: p.id in o.synced().rooms[visit.lounge].typing, False)


def receipts(visit: Visit) -> None:
    for person, other in visit.turns:
        events = [other.say(visit.lounge, f"read this, {number}") for number in range(2)]
        for event in events:
            sees_event(person, visit.lounge, event)
        # What is read in private stays at home; it was sent first, so it would have arrived first.
        person.read(visit.lounge, events[0], "m.read.private")
        person.read(visit.lounge, events[1])
        seen = lambda o=other: o.synced().rooms[visit.lounge].receipts  # noqa: E731
        eventually(lambda p=person, s=seen: s().get((p.id, "m.read")), events[1])
        assert (person.id, "m.read.private") not in seen()


def presence(visit: Visit) -> None:
    for person, other in visit.turns:
        message = f"at tea {visit.tag}"
        person.set_presence("online", message)
        seen = lambda o=other, p=person: o.synced().presence.get(p.id, {}).get("status_msg")  # noqa: E731
        eventually(seen, message)
