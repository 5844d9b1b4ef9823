"""What a matrix-nio client shows its person, as its sync responses filled it.

nio keeps rooms, members, power levels, receipts, typing and tags; the timeline is the application's own business, so
edits, reactions, replies and redactions are put together here as a chat program would.
"""

import nio


class NioView:
    def __init__(self, client: nio.AsyncClient):
        self.client = client
        self._membership: dict[str, str] = {}
        self._timelines: dict[str, dict[str, dict]] = {}
        self._account_data: dict[str, dict] = {}
        self._presence: dict[str, dict] = {}
        self._decrypted: set[str] = set()
        self.malformed: list[dict] = []
        client.add_event_callback(self._keep, nio.Event)
        client.add_global_account_data_callback(self._keep_account_data, nio.AccountDataEvent)
        client.add_presence_callback(self._keep_presence, nio.PresenceEvent)

    def take(self, answer: nio.SyncResponse) -> None:
        for membership, rooms in (("join", answer.rooms.join), ("invite", answer.rooms.invite), ("leave", answer.rooms.leave)):
            for room_id in rooms:
                self._membership[room_id] = membership

    async def rooms(self) -> dict[str, list[str]]:
        def having(wanted: str) -> list[str]:
            return [room for room, membership in self._membership.items() if membership == wanted]

        return {"joined": having("join"), "invited": having("invite"), "left": having("leave")}

    async def room(self, room_id: str) -> dict | None:
        room = self.client.rooms.get(room_id)
        if room is None:
            return None
        tags = {tag: (content or {}).get("order") for tag, content in room.tags.items()}
        return {
            "name": room.name,
            "topic": room.topic,
            "alias": room.canonical_alias,
            "unread": room.unread_notifications,
            "tags": tags,
        }

    async def message(self, room_id: str, event_id: str) -> dict | None:
        timeline = self._timelines.get(room_id, {})
        event = timeline.get(event_id)
        if event is None:
            return None
        redactions = {redacted_by(other) for other in timeline.values()} - {None}
        redacted = event_id in redactions or "redacted_because" in event.get("unsigned", {})
        content = {} if redacted else event["content"]
        edits: list[dict] = []
        reactions: dict[str, int] = {}
        for other in timeline.values():
            relation = other["content"].get("m.relates_to", {})
            if relation.get("event_id") != event_id or other["event_id"] in redactions or redacted:
                continue
            if relation.get("rel_type") == "m.replace" and other["sender"] == event["sender"]:
                edits.append(other["content"]["m.new_content"])
            if relation.get("rel_type") == "m.annotation":
                reactions[relation["key"]] = reactions.get(relation["key"], 0) + 1
        shown = edits[-1] if edits else content
        return {
            "sender": event["sender"],
            "body": shown.get("body"),
            "edited": bool(edits),
            "redacted": redacted,
            "encrypted": event["type"] == "m.room.encrypted" or event_id in self._decrypted,
            "reply_to": content.get("m.relates_to", {}).get("m.in_reply_to", {}).get("event_id"),
            "reactions": reactions,
        }

    async def members(self, room_id: str) -> dict[str, dict]:
        room = self.client.rooms.get(room_id)
        if room is None:
            return {}
        return {
            user_id: {
                "membership": "invite" if user.invited else "join",
                "name": user.name,
                "power": room.power_levels.get_user_level(user_id),
            }
            for user_id, user in room.users.items()
        }

    async def typing(self, room_id: str) -> list[str]:
        room = self.client.rooms.get(room_id)
        return list(room.typing_users) if room else []

    async def read_up_to(self, room_id: str, user: str) -> str | None:
        room = self.client.rooms.get(room_id)
        if room is None:
            return None
        receipts = [room.read_receipts.get(user), room.threaded_read_receipts.get(user, {}).get("main")]
        known = [receipt for receipt in receipts if receipt]
        return max(known, key=lambda receipt: receipt.timestamp).event_id if known else None

    async def presence(self, user: str) -> dict | None:
        return self._presence.get(user)

    async def account_data(self, kind: str) -> dict | None:
        return self._account_data.get(kind)

    async def _keep(self, room: nio.MatrixRoom, event: nio.Event) -> None:
        if isinstance(event, nio.BadEvent):
            # nio checks every event against a schema of its own; what it refuses is the server's mistake.
            self.malformed.append(event.source)
        if event.decrypted:
            self._decrypted.add(event.event_id)
        self._timelines.setdefault(room.room_id, {})[event.event_id] = event.source

    async def _keep_account_data(self, event: nio.AccountDataEvent) -> None:
        if isinstance(event, nio.UnknownAccountDataEvent):
            self._account_data[event.type] = event.content

    async def _keep_presence(self, event: nio.PresenceEvent) -> None:
        self._presence[event.user_id] = {"presence": event.presence, "status_msg": event.status_msg}


def redacted_by(event: dict) -> str | None:
    if event["type"] != "m.room.redaction":
        return None
    # Up to room version 10 the redacted event is named beside the content, since then inside it.
    return event.get("redacts") or event["content"].get("redacts")
