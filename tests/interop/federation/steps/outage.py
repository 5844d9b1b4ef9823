"""One server away for a while, and then both apart: afterwards they agree, and no message is missing.

These steps take all rooms of all visits at once, because stopping a server is dear."""

from dataclasses import dataclass, field

from homeserver import Homeserver
from visit import Visit, agree
from waiting import eventually

MESSAGES = 5
# A server that was not reached is tried again after a pause.
CATCH_UP_SECONDS = 120


@dataclass
class Meeting:
    """A room of a visit with what was said in it."""

    visit: Visit
    room: str
    said: list[str] = field(default_factory=list)

    def person_of(self, server: Homeserver):
        return next(person for person in self.visit.both if person.server is server)

    def bystander_of(self, server: Homeserver):
        """Somebody who is not in the room."""
        return next(person for person in (self.visit.mate, self.visit.friend) if person.server is server)

    def say(self, server: Homeserver, text: str) -> None:
        # Each text is said once.
        self.said.append(f"{text} ({len(self.said)})")
        self.person_of(server).say(self.room, self.said[-1])

    def misses(self) -> dict[str, list[str]]:
        """What each of the two cannot find."""
        found = {}
        for person in self.visit.both:
            texts = person.texts(self.room)
            missing = [text for text in self.said if texts.count(text) != 1]
            if missing:
                found[person.id] = missing
        return found


def meet(visits: list[Visit]) -> list[Meeting]:
    """A fresh room for each visit, with power for both."""
    meetings = []
    for visit in visits:
        room = visit.new_room(preset="public_chat")
        visit.guest.join(room, via=visit.home)
        eventually(lambda v=visit, r=room: v.host.membership(r, v.guest), "join")
        visit.host.set_levels(room, {visit.guest.id: 100})
        agree(visit.both, room)
        meetings.append(Meeting(visit, room))
    return meetings


def away_and_back(meetings: list[Meeting], away: Homeserver, here: Homeserver) -> None:
    """The server that stays goes on; the other one is told everything when it is back."""
    away.stop()
    for meeting in meetings:
        for number in range(MESSAGES):
            meeting.say(here, f"while {away.kind} {away.name} was away, {number}")
        meeting.person_of(here).set_state(meeting.room, "m.room.topic", {"topic": f"{away.name} is away"})
    away.start()
    _converge(meetings)


def away_and_calling(meetings: list[Meeting], away: Homeserver, here: Homeserver) -> None:
    """What comes from the server that was away is answered with what it missed."""
    away.stop()
    for meeting in meetings:
        meeting.say(here, f"{away.name}, are you there?")
    away.start()
    for meeting in meetings:
        meeting.say(away, f"{away.name} is here again")
    _converge(meetings)


def apart(meetings: list[Meeting], first: Homeserver, second: Homeserver) -> None:
    """Both change the same things while neither hears the other."""
    second.stop()
    for meeting in meetings:
        _decide(meeting, first)
        # The second knows nothing of this ban when it speaks of the same person.
        meeting.person_of(first).ban(meeting.room, meeting.bystander_of(second), "by the first")
    first.stop()
    second.start()
    for meeting in meetings:
        _decide(meeting, second)
        meeting.person_of(second).invite(meeting.room, meeting.bystander_of(second))
    first.start()
    for meeting in meetings:
        for server in (first, second):
            meeting.say(server, f"{server.name} speaks again")
    _converge(meetings)
    for meeting in meetings:
        bystander = meeting.bystander_of(second)
        memberships = {person.membership(meeting.room, bystander) for person in meeting.visit.both}
        assert memberships == {"ban"}, f"{meeting.visit.label}: {memberships}"


def _decide(meeting: Meeting, server: Homeserver) -> None:
    person = meeting.person_of(server)
    meeting.say(server, f"{server.name} is alone")
    person.set_state(meeting.room, "m.room.topic", {"topic": f"{server.name} decides"})
    person.set_state(meeting.room, "m.room.name", {"name": f"{server.name} names"})
    person.set_levels(meeting.room, {meeting.visit.friend.id: 10 if person is meeting.visit.host else 20})
    person.set_state(meeting.room, "org.example.own", {"by": server.name}, key=server.name)


def _converge(meetings: list[Meeting]) -> None:
    for meeting in meetings:
        eventually(meeting.misses, {}, within=CATCH_UP_SECONDS)
        agree(meeting.visit.both, meeting.room)
