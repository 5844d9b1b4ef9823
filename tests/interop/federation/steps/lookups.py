"""What one asks another server without being in the room in question."""

import json

import api
from visit import Visit
from waiting import eventually, refused


def alias(visit: Visit) -> None:
    found = visit.guest.get("directory", "room", visit.alias)
    assert found["room_id"] == visit.lounge, found
    assert visit.home in found["servers"], found
    refused(lambda: visit.guest.get("directory", "room", f"#nothing-{visit.tag}:{visit.home}"), "M_NOT_FOUND")


def public_rooms(visit: Visit) -> None:
    body = {"filter": {"generic_search_term": visit.tag}, "limit": 10}
    [found] = eventually(lambda: visit.guest.post("publicRooms", server=visit.home, body=body)["chunk"], len)
    assert (found["room_id"], found["canonical_alias"]) == (visit.lounge, visit.alias), found
    assert found["num_joined_members"] >= 2, found
    page = visit.guest.get("publicRooms", server=visit.home, limit=1)
    assert len(page["chunk"]) == 1, page


def space(visit: Visit) -> None:
    """Somebody in a space of the other server sees the rooms below it, without being in any of them."""
    garden = visit.new_room(preset="public_chat", name="Garden")
    cellar = visit.new_room(preset="private_chat", name="Cellar")
    shed = visit.new_room(preset="public_chat", name="Shed", creation_content={"type": "m.space"})
    tools = visit.new_room(preset="public_chat", name="Tools")
    top = visit.new_room(preset="public_chat", name="Estate", creation_content={"type": "m.space"})
    for parent, children in ((top, (shed, cellar, garden)), (shed, (tools,))):
        for number, child in enumerate(children):
            visit.host.set_state(parent, "m.space.child", {"via": [visit.home], "order": f"{number}"}, key=child)
    visit.guest.join(top, via=visit.home)
    rooms = visit.guest.call("GET", "rooms", top, "hierarchy", root="_matrix/client/v1")["rooms"]
    # Depth first, and nothing of the room that the guest may not know.
    assert [room["name"] for room in rooms] == ["Estate", "Shed", "Tools", "Garden"], rooms
    assert [room["room_id"] for room in rooms] == [top, shed, tools, garden], rooms


def summary(visit: Visit) -> None:
    """What a room is, before one joins it."""
    found = visit.friend.call(
        "GET", "room_summary", visit.alias, root="_matrix/client/v1", via=visit.home, server_name=visit.home
    )
    # A rule that is not stated is "public".
    assert (found["room_id"], found.get("join_rule", "public")) == (visit.lounge, "public"), found
    assert found["name"] == visit.guest.state(visit.lounge, "m.room.name")["name"], found


def media(visit: Visit) -> None:
    """Files of the other server, whole and with what their uploader said of them."""
    picture = bytes(range(256)) * 64
    for person, other in visit.turns:
        url = f"{person.server.base}/_matrix/media/v3/{api.path('upload', filename='noise.bin')}"
        _, answer = api.fetch("POST", url, person.token, picture, kind="application/octet-stream")
        uri = json.loads(answer)["content_uri"]
        server, name = uri.removeprefix("mxc://").split("/")
        assert server == person.server.name, uri
        path = api.path("_matrix", "client", "v1", "media", "download", server, name)
        headers, found = api.fetch("GET", f"{other.server.base}/{path}", other.token)
        assert found == picture, (len(found), headers.items())
        assert headers["Content-Type"].startswith("application/octet-stream"), headers.items()
        assert "noise.bin" in headers["Content-Disposition"], headers.items()
        missing = api.path("_matrix", "client", "v1", "media", "download", server, f"none{visit.tag}")
        refused(lambda o=other, m=missing: api.fetch("GET", f"{o.server.base}/{m}", o.token), "M_NOT_FOUND")
