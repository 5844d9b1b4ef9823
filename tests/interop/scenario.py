"""The scenario: what a js-sdk user and a nio user do with a server, first with the one as host, then with the other.

Started by `run`, which installs both clients. Every step is one assertion or more on both.
"""

import sys
from pathlib import Path

from js_person import JsPerson
from meeting import Meeting
from nio_person import NioPerson
from server import Server
from stage import play
from steps import accounts, chat, history, moderation, private, rooms
from tally import Tally

OPENING = [
    ("register", accounts.register),
    ("a taken name is refused", accounts.register_taken_name),
    ("a wrong password is refused", accounts.log_in_with_wrong_password),
    ("log in", accounts.log_in),
    ("first sync", accounts.first_sync),
]
VISIT = [
    ("create a public room", rooms.create_public_room),
    ("find it in the directory", rooms.find_in_directory),
    ("join by alias", rooms.join_by_alias),
    ("invite into a private room", rooms.invite),
    ("messages both ways", chat.messages_both_ways),
    ("reply", chat.reply),
    ("edit", chat.edit),
    ("react", chat.react),
    ("redact", chat.redact),
    ("redacting others needs power", chat.redact_without_power),
    ("typing", chat.typing),
    ("read receipts and unread counts", chat.read_receipts),
    ("display names", accounts.display_names),
    ("presence", accounts.presence),
    ("account data", private.account_data),
    ("tags", private.tags),
    ("fill the room", history.fill),
    ("page back to the beginning", history.page_back),
    ("restart the server", history.restart),
    ("the chat goes on", history.chat_after_restart),
    ("nothing is lost", history.nothing_lost),
    ("leave and come back", moderation.leave),
    ("kick", moderation.kick),
    ("ban", moderation.ban),
    ("unban", moderation.unban),
    ("mute by power level", moderation.mute),
    ("unmute", moderation.unmute),
]
CLOSING = [("log out", accounts.log_out)]


async def scenario(server: Server, work: Path, tally: Tally) -> None:
    js, nio = JsPerson(server.base_url, work / "js-sdk.log"), NioPerson(server.base_url, work / "nio.log")
    try:
        await server.start()
        await js.open()
        await nio.open()
        js_hosts = Meeting(server, host=js, guest=nio, logs=work, passwords={})
        nio_hosts = Meeting(server, host=nio, guest=js, logs=work, passwords=js_hosts.passwords)
        await tally.run("accounts", OPENING, js_hosts)
        await tally.run("js-sdk hosts", VISIT, js_hosts)
        await tally.run("nio hosts", VISIT, nio_hosts)
        await tally.run("accounts", CLOSING, js_hosts)
        tally.check("every event is well-formed in nio's eyes", nio.malformed)
    finally:
        for person in (js, nio):
            await person.close()


if __name__ == "__main__":
    sys.exit(play("clients", scenario))
