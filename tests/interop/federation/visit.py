"""People of two servers and the rooms they meet in: what every step is given."""

import uuid
from dataclasses import dataclass, field

from person import Person
from waiting import eventually


@dataclass
class Visit:
    """`host` and `mate` live on the server where the rooms are made, `guest` and `friend` on the other one."""

    version: str
    host: Person
    mate: Person
    guest: Person
    friend: Person
    tag: str = field(default_factory=lambda: uuid.uuid4().hex[:8])
    lounge: str = ""  # public, with an alias
    den: str = ""  # private, by invitation
    said: list[str] = field(default_factory=list)  # the texts of the lounge that were not redacted

    @property
    def label(self) -> str:
        return f"{self.host.server.kind} hosts version {self.version}"

    @property
    def home(self) -> str:
        return self.host.server.name

    @property
    def away(self) -> str:
        return self.guest.server.name

    @property
    def both(self) -> tuple[Person, Person]:
        return self.host, self.guest

    @property
    def turns(self) -> tuple[tuple[Person, Person], tuple[Person, Person]]:
        """Each of the two, with the other one."""
        return (self.host, self.guest), (self.guest, self.host)

    @property
    def alias(self) -> str:
        return f"#lounge-{self.tag}:{self.home}"

    def new_room(self, **options) -> str:
        return self.host.create_room(room_version=self.version, **options)

    def has(self, feature: str) -> bool:
        """Whether rooms of this version have the feature."""
        since = {"knock": 7, "restricted": 8, "knock_restricted": 10}
        return int(self.version) >= since[feature]


def sees_membership(witness: Person, room: str, person: Person, membership: str) -> None:
    eventually(lambda: witness.membership(room, person), membership)


def everybody_sees_membership(visit: Visit, room: str, person: Person, membership: str) -> None:
    for witness in visit.both:
        if witness is not person or membership == "join":
            sees_membership(witness, room, person, membership)


def sees_event(witness: Person, room: str, event: str) -> dict:
    """In answer to a question for it, and in the client's sync."""
    eventually(lambda: event in witness.synced().rooms[room].events, True)
    return witness.event(room, event)


def agree(people, room: str) -> None:
    """All servers end up with the same event for every entry of the room's state."""
    first, *others = people

    def differences():
        states = [person.room_state(room) for person in others]
        own = first.room_state(room)
        return {
            (other.id, *entry): (own.get(entry), state.get(entry))
            for other, state in zip(others, states, strict=True)
            for entry in own.keys() | state.keys()
            if own.get(entry) != state.get(entry)
        }

    eventually(differences, {})
