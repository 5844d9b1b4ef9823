"""A user of one of the servers: what they can do. What they see is in view.py."""

import itertools
import time

import api
from view import View

PAGES_MAX = 100

_transactions = itertools.count()


class Person:
    def __init__(self, server, login: dict, password: str):
        self.server = server
        self.id: str = login["user_id"]
        self.token: str = login["access_token"]
        self.device: str = login["device_id"]
        self.password = password
        self.view = View()

    def __repr__(self) -> str:
        return self.id

    @property
    def localpart(self) -> str:
        return self.id[1:].split(":", 1)[0]

    # -- requests ------------------------------------------------------------------------------------------------

    def call(self, method: str, *segments: str, body=None, root: str = "_matrix/client/v3", **query):
        url = f"{self.server.base}/{root}/{api.path(*segments, **query)}"
        return api.call(method, url, self.token, body)

    def get(self, *segments: str, **query):
        return self.call("GET", *segments, **query)

    def post(self, *segments: str, body=None, **query):
        return self.call("POST", *segments, body=body or {}, **query)

    def put(self, *segments: str, body=None, **query):
        return self.call("PUT", *segments, body=body or {}, **query)

    def synced(self) -> View:
        """What this person's client shows after one more sync."""
        query = {"timeout": 300}
        if self.view.since:
            query["since"] = self.view.since
        self.view.take(self.get("sync", **query))
        return self.view

    # -- rooms ---------------------------------------------------------------------------------------------------

    def create_room(self, **options) -> str:
        return self.post("createRoom", body=options)["room_id"]

    def join(self, room_or_alias: str, via=None) -> str:
        query = {"via": via, "server_name": via} if via else {}
        return self.post("join", room_or_alias, **query)["room_id"]

    def knock(self, room: str, via: str, reason: str) -> None:
        self.post("knock", room, via=via, server_name=via, body={"reason": reason})

    def invite(self, room: str, person: "Person") -> None:
        self.post("rooms", room, "invite", body={"user_id": person.id})

    def leave(self, room: str) -> None:
        self.post("rooms", room, "leave")

    def kick(self, room: str, person: "Person", reason: str = "") -> None:
        self.post("rooms", room, "kick", body={"user_id": person.id, "reason": reason})

    def ban(self, room: str, person: "Person", reason: str = "") -> None:
        self.post("rooms", room, "ban", body={"user_id": person.id, "reason": reason})

    def unban(self, room: str, person: "Person") -> None:
        self.post("rooms", room, "unban", body={"user_id": person.id})

    def send(self, room: str, kind: str, content: dict) -> str:
        return self.put("rooms", room, "send", kind, f"t{next(_transactions)}", body=content)["event_id"]

    def say(self, room: str, text: str) -> str:
        return self.send(room, "m.room.message", {"msgtype": "m.text", "body": text})

    def redact(self, room: str, event: str, reason: str) -> str:
        body = {"reason": reason}
        return self.put("rooms", room, "redact", event, f"t{next(_transactions)}", body=body)["event_id"]

    def set_state(self, room: str, kind: str, content: dict, key: str = "") -> str:
        return self.put("rooms", room, "state", kind, key, body=content)["event_id"]

    def set_levels(self, room: str, users: dict[str, int] | None = None, **levels) -> None:
        content = self.state(room, "m.room.power_levels")
        content.setdefault("users", {}).update(users or {})
        self.set_state(room, "m.room.power_levels", content | levels)

    # -- what their server says ------------------------------------------------------------------------------------

    def state(self, room: str, kind: str, key: str = "") -> dict:
        return self.get("rooms", room, "state", kind, key)

    def membership(self, room: str, person: "Person") -> str:
        return self.state(room, "m.room.member", person.id)["membership"]

    def room_state(self, room: str) -> dict[tuple[str, str], str]:
        """Which event stands for each type and state key."""
        return {(e["type"], e["state_key"]): e["event_id"] for e in self.get("rooms", room, "state")}

    def event(self, room: str, event: str) -> dict:
        return self.get("rooms", room, "event", event)

    def history(self, room: str) -> list[dict]:
        """Every event of the room that this person can page back to, oldest first."""
        events, query = [], {"dir": "b", "limit": 60}
        for _ in range(PAGES_MAX):
            page = self.get("rooms", room, "messages", **query)
            events += page["chunk"]
            if "end" not in page:
                return events[::-1]
            query["from"] = page["end"]
        raise AssertionError(f"the history of {room} does not end")

    def texts(self, room: str) -> list[str]:
        return [e["content"]["body"] for e in self.history(room) if e["content"].get("body")]

    # -- oneself ---------------------------------------------------------------------------------------------------

    def set_name(self, name: str) -> None:
        self.put("profile", self.id, "displayname", body={"displayname": name})

    def set_presence(self, presence: str, message: str) -> None:
        self.put("presence", self.id, "status", body={"presence": presence, "status_msg": message})

    def type(self, room: str, typing: bool) -> None:
        self.put("rooms", room, "typing", self.id, body={"typing": typing, "timeout": 30_000})

    def read(self, room: str, event: str, kind: str = "m.read") -> None:
        self.post("rooms", room, "receipt", kind, event)

    def log_in_again(self) -> "Person":
        """The same person on a new device."""
        body = {
            "type": "m.login.password",
            "identifier": {"type": "m.id.user", "user": self.localpart},
            "password": self.password,
            "initial_device_display_name": f"a device of {time.strftime('%H:%M')}",
        }
        return Person(self.server, self.post("login", body=body), self.password)
