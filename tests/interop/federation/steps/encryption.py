"""What end-to-end encryption asks of two servers: device keys, their changes, one-time keys, messages to devices."""

import api
from crypto import CrossSigningKeys, DeviceKeys
from person import Person
from visit import Visit, sees_membership
from waiting import eventually

ONE_TIME_KEYS = 3


def device_keys(visit: Visit) -> None:
    """Keys are found, a new device is announced and found, and one that is gone is gone."""
    _share_encrypted_room(visit)
    for person, other in visit.turns:
        other.synced()
        keys = _upload(person)
        _sees_devices(other, person, {person.device: keys.identity()})
        eventually(lambda o=other, p=person: p.id in o.synced().devices_changed, True)
        second = person.log_in_again()
        other.view.devices_changed.clear()
        second_keys = _upload(second)
        eventually(lambda o=other, p=person: p.id in o.synced().devices_changed, True)
        wanted = {person.device: keys.identity(), second.device: second_keys.identity()}
        _sees_devices(other, person, wanted)
        other.view.devices_changed.clear()
        second.post("logout")
        eventually(lambda o=other, p=person: p.id in o.synced().devices_changed, True)
        _sees_devices(other, person, {person.device: keys.identity()})


def one_time_keys(visit: Visit) -> None:
    """Each is given away once."""
    for person, other in visit.turns:
        device = person.log_in_again()
        keys = DeviceKeys(device.id, device.device)
        one_time = keys.one_time(ONE_TIME_KEYS)
        device.post("keys", "upload", body={"device_keys": keys.identity(), "one_time_keys": one_time})
        wish = {"one_time_keys": {person.id: {device.device: "signed_curve25519"}}}
        claimed = {}
        for _ in range(ONE_TIME_KEYS):
            answer = other.post("keys", "claim", body=wish)
            claimed |= answer["one_time_keys"][person.id][device.device]
        assert claimed == one_time, claimed
        answer = other.post("keys", "claim", body=wish)
        assert not answer["one_time_keys"].get(person.id, {}).get(device.device), answer
        device.post("logout")


def to_device(visit: Visit) -> None:
    """A message to one device, and one to all of them; each arrives once, in order."""
    for person, other in visit.turns:
        second = person.log_in_again()
        for device in (person, second):
            device.synced().to_device.clear()
        for number, target in enumerate((second.device, "*", second.device)):
            body = {"messages": {person.id: {target: {"number": number}}}}
            other.put("sendToDevice", "org.example.note", f"{visit.tag}{number}", body=body)
        numbers = lambda d: [event["content"]["number"] for event in d.synced().to_device]  # noqa: E731
        eventually(lambda s=second: numbers(s), [0, 1, 2])
        eventually(lambda p=person: numbers(p), [1])
        assert second.view.to_device[0]["sender"] == other.id, second.view.to_device
        second.post("logout")


def cross_signing(visit: Visit) -> None:
    """A user's own keys and the devices they vouch for are known to the other server, the private ones are not."""
    for person, other in visit.turns:
        device = person.log_in_again()
        identity = _upload(device).identity()
        keys = CrossSigningKeys(person.id)
        other.synced()
        other.view.devices_changed.clear()
        _with_password(device, "keys", "device_signing", "upload", body=keys.upload())
        eventually(lambda o=other, p=person: p.id in o.synced().devices_changed, True)
        query = lambda o=other, p=person: o.post("keys", "query", body={"device_keys": {p.id: []}})  # noqa: E731
        found = eventually(query, lambda answer: _public(answer, "master_keys", person) == keys.public("master"))
        assert _public(found, "self_signing_keys", person) == keys.public("self_signing"), found
        assert person.id not in found.get("user_signing_keys", {}), found
        signed = keys.sign_device(identity)
        device.post("keys", "signatures", "upload", body={person.id: {device.device: signed}})
        name = f"ed25519:{keys.public('self_signing')}"

        def signature(query=query, person=person, device=device, name=name):
            shown = query()["device_keys"][person.id][device.device]
            return shown["signatures"][person.id].get(name)

        eventually(signature, signed["signatures"][person.id][name])
        device.post("logout")


def _share_encrypted_room(visit: Visit) -> None:
    encryption = {"algorithm": "m.megolm.v1.aes-sha2"}
    room = visit.new_room(
        preset="public_chat",
        initial_state=[{"type": "m.room.encryption", "state_key": "", "content": encryption}],
    )
    visit.guest.join(room, via=visit.home)
    sees_membership(visit.host, room, visit.guest, "join")


def _upload(person: Person) -> DeviceKeys:
    keys = DeviceKeys(person.id, person.device)
    person.post("keys", "upload", body={"device_keys": keys.identity()})
    return keys


def _sees_devices(witness: Person, person: Person, wanted: dict) -> None:
    def found():
        answer = witness.post("keys", "query", body={"device_keys": {person.id: []}})
        assert not answer.get("failures"), answer
        devices = answer["device_keys"].get(person.id, {})
        return {device: keys["keys"] for device, keys in devices.items()}

    eventually(found, {device: keys["keys"] for device, keys in wanted.items()})


def _public(answer: dict, section: str, person: Person) -> str | None:
    keys = answer.get(section, {}).get(person.id, {}).get("keys", {})
    return next(iter(keys.values()), None)


def _with_password(person: Person, *segments: str, body: dict) -> None:
    try:
        person.post(*segments, body=body)
    except api.Refused as refusal:
        assert refusal.status == 401, refusal
        identifier = {"type": "m.id.user", "user": person.id}
        proof = {"type": "m.login.password", "identifier": identifier, "password": person.password}
        person.post(*segments, body=body | {"auth": proof | {"session": refusal.answer["session"]}})
