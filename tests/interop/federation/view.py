"""What a client knows from the answers to its syncs."""

from collections import defaultdict


class Room:
    def __init__(self):
        self.membership: str | None = None
        self.stripped: dict[tuple[str, str], dict] = {}  # the contents that came with an invite or a knock
        self.state: dict[tuple[str, str], dict] = {}
        self.events: list[str] = []
        self.typing: list[str] = []
        self.receipts: dict[tuple[str, str], str] = {}  # by user and kind


class View:
    def __init__(self):
        self.since: str | None = None
        self.rooms: dict[str, Room] = defaultdict(Room)
        self.presence: dict[str, dict] = {}
        self.devices_changed: list[str] = []
        self.to_device: list[dict] = []

    def take(self, answer: dict) -> None:
        self.since = answer["next_batch"]
        for room, body in answer.get("rooms", {}).get("join", {}).items():
            self._take_joined(self.rooms[room], body)
        for kind, membership, key in (("invite", "invite", "invite_state"), ("knock", "knock", "knock_state")):
            for room, body in answer.get("rooms", {}).get(kind, {}).items():
                self.rooms[room].membership = membership
                self.rooms[room].stripped = {
                    (event["type"], event["state_key"]): event["content"] for event in body[key]["events"]
                }
        for room, body in answer.get("rooms", {}).get("leave", {}).items():
            self.rooms[room].membership = "leave"
            self._take_events(self.rooms[room], body)
        for event in answer.get("presence", {}).get("events", []):
            self.presence[event["sender"]] = event["content"]
        self.devices_changed += answer.get("device_lists", {}).get("changed", [])
        self.to_device += answer.get("to_device", {}).get("events", [])

    def _take_joined(self, room: Room, body: dict) -> None:
        room.membership = "join"
        self._take_events(room, body)
        for event in body.get("ephemeral", {}).get("events", []):
            if event["type"] == "m.typing":
                room.typing = event["content"]["user_ids"]
            elif event["type"] == "m.receipt":
                for event_id, kinds in event["content"].items():
                    for kind, users in kinds.items():
                        room.receipts |= {(user, kind): event_id for user in users}

    @staticmethod
    def _take_events(room: Room, body: dict) -> None:
        timeline = body.get("timeline", {}).get("events", [])
        for event in body.get("state", {}).get("events", []) + timeline:
            if "state_key" in event:
                room.state[event["type"], event["state_key"]] = event["content"]
        room.events += [event["event_id"] for event in timeline]
