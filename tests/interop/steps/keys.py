"""The keys of people and of their devices: published, verified, backed up, and got back."""

from circle import Circle
from eventually import eventually
from steps import secrets
from steps.chat import shows

PAGE_EVENTS = 20
# A client waits for up to ten seconds before it backs up what it has, lest all of them do so at once.
BACKUP_SECONDS = 40


async def log_in(circle: Circle) -> None:
    for person in circle.everybody:
        name = f"{person.client_name}-{circle.tag}"
        password = f"correct horse {name}"
        user_id = await person.register(name, password)
        circle.passwords[user_id] = password
        await person.login(user_id, password)
        await person.start()


async def set_up(circle: Circle) -> None:
    """Cross-signing keys that are published and kept in secret storage, and a backup of room keys."""
    for person in circle.at_js_sdk:
        assert await person.keys() == {"cross_signing": False, "secret_storage": False, "backup": None}
        recovery_key = await person.set_up_keys()
        if person is circle.alice:
            circle.recovery_key = recovery_key
        await ready(person)
        assert await person.trusts_device(person.user_id, person.device_id)


async def verify_in_room(circle: Circle) -> None:
    alice, bob = circle.at_js_sdk
    for person, other in ((alice, bob), (bob, alice)):
        assert not await person.trusts_user(other.user_id)
    await compare_emojis(alice, bob, circle.den)
    for person, other in ((alice, bob), (bob, alice)):
        await eventually(lambda p=person, o=other: p.trusts_user(o.user_id), True)
        await eventually(lambda p=person, o=other: p.trusts_device(o.user_id, o.device_id), True)


async def backed_up(circle: Circle) -> None:
    """The server keeps the key of every session in which somebody spoke where Alice is."""
    sessions = set()
    for event in circle.said:
        sessions.add((await circle.bob.kept_by_the_server(circle.den, event))["content"]["session_id"])
    await eventually(lambda: circle.alice.backed_up(circle.den), sessions.issubset, within=BACKUP_SECONDS)


async def verify_own_device(circle: Circle) -> None:
    """A second device is signed by the first, is given the secrets, and reads with them what was said before it came."""
    tablet = await log_in_anew(circle, "alice's tablet")
    assert not await tablet.trusts_device(tablet.user_id, tablet.device_id)
    await compare_emojis(tablet, circle.alice)
    for witness in (tablet, circle.alice, circle.bob):
        await eventually(lambda w=witness: w.trusts_device(tablet.user_id, tablet.device_id), True)
    await ready(tablet)
    await tablet.history(circle.den, PAGE_EVENTS)
    for event, body in circle.said.items():
        await shows(tablet, circle.den, event, body=body, encrypted=True)
    circle.said |= await secrets.talk(circle.den, [circle.alice, circle.bob, tablet], "hello again")
    await backed_up(circle)
    await tablet.logout()
    await eventually(lambda: circle.bob.devices(tablet.user_id), [circle.alice.device_id])


async def recover(circle: Circle) -> None:
    """Whoever has lost every device still has the recovery key."""
    await circle.alice.logout()
    phone = await log_in_anew(circle, "alice's phone")
    await phone.history(circle.den, PAGE_EVENTS)
    for event, body in circle.said.items():
        shown = await eventually(lambda e=event: phone.message(circle.den, e), lambda seen: seen)
        assert shown["encrypted"] and shown["body"] != body, shown
    restored = await phone.recover(circle.recovery_key)
    assert restored["imported"] == restored["total"] >= 2, restored
    await ready(phone)
    for event, body in circle.said.items():
        await shows(phone, circle.den, event, body=body, encrypted=True)
    for witness in (phone, circle.bob):
        await eventually(lambda w=witness: w.trusts_device(phone.user_id, phone.device_id), True)
    assert await phone.trusts_user(circle.bob.user_id)
    circle.alice = phone
    circle.said |= await secrets.talk(circle.den, circle.at_js_sdk, "all is well")


async def verify_at_nio(circle: Circle) -> None:
    carol, dave = circle.carol, circle.dave
    assert not await carol.trusts_device(dave.user_id, dave.device_id)
    await carol.ask_to_verify(dave.user_id, dave.device_id)
    await eventually(dave.asked_to_verify, True)
    await dave.accept_verification()
    emojis = await eventually(carol.emojis, lambda seen: seen)
    assert await eventually(dave.emojis, lambda seen: seen) == emojis
    for person in (carol, dave):
        await person.confirm_sas()
    await eventually(lambda: carol.trusts_device(dave.user_id, dave.device_id), True)
    await eventually(lambda: dave.trusts_device(carol.user_id, carol.device_id), True)


async def new_device_at_nio(circle: Circle) -> None:
    """Everybody learns of a new device from the server, and encrypts for it what they say from then on."""
    laptop = await circle.at_nio("dave's laptop")
    await laptop.login(circle.dave.user_id, circle.passwords[circle.dave.user_id])
    await laptop.start()
    for person in (circle.bob, circle.carol):
        await eventually(
            lambda p=person: p.devices(laptop.user_id), sorted([circle.dave.device_id, laptop.device_id])
        )
    await secrets.talk(circle.hall, [*circle.everybody, laptop], "welcome")
    await laptop.logout()


async def log_in_anew(circle: Circle, name: str):
    device = await circle.at_js(name)
    user_id = circle.alice.user_id
    await device.login(user_id, circle.passwords[user_id])
    await device.start()
    return device


async def ready(person) -> None:
    await eventually(
        person.keys, lambda keys: keys["cross_signing"] and keys["secret_storage"] and keys["backup"], within=30
    )


async def compare_emojis(asking, asked, room: str | None = None) -> None:
    """Both confirm that they see the same, as people do who stand side by side."""
    await asking.ask_to_verify(asked.user_id, room)
    await in_phase(asked, "Requested")
    await asked.accept_verification()
    await in_phase(asking, "Ready")
    await asking.start_sas()
    await in_phase(asked, "Started")
    await asked.join_sas()

    async def emojis(person):
        return (await person.verification())["emojis"]

    seen = await eventually(lambda: emojis(asking), lambda seen: seen)
    assert len(seen) == 7, seen
    assert await eventually(lambda: emojis(asked), lambda seen: seen) == seen
    for person in (asking, asked):
        await person.confirm_sas()
    for person in (asking, asked):
        await in_phase(person, "Done")


async def in_phase(person, phase: str) -> None:
    async def now():
        return (await person.verification() or {}).get("phase")

    await eventually(now, phase)
