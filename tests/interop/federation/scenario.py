"""The scenario: what users of two servers do together, with each of the servers as the host, in several room versions.

    scenario.py [--servers kith synapse] [--versions 6 10 11 12] [--only WORD]

Started by `../run`, which installs what is needed. Every step is one assertion or more on both servers; a failed step
does not end the run. `--servers synapse synapse` proves the scenario itself.
"""

import argparse
import shutil
import sys
import tempfile
import time
import traceback
from pathlib import Path

from authority import Authority
from homeserver import Homeserver
from kith import Kith
from steps import encryption, history, joining, lookups, moderation, outage, talking
from synapse import Synapse
from visit import Visit

KINDS = {"kith": Kith, "synapse": Synapse}
HOSTS = ("127.0.0.5", "127.0.0.6")
VERSIONS = ("6", "10", "11", "12")

# Name, step, and the feature that rooms of the version must have.
STEPS = [
    ("join by alias", joining.by_alias, None),
    ("join by id", joining.by_id, None),
    ("invite and accept", joining.by_invitation, None),
    ("invite and refuse", joining.invitation_refused, None),
    ("invite and take back", joining.invitation_taken_back, None),
    ("messages both ways", talking.messages_both_ways, None),
    ("edits and threads", talking.relations, None),
    ("redact", talking.redaction, None),
    ("names, topics and power", talking.names_and_topics, None),
    ("profiles", talking.profiles, None),
    ("typing", talking.typing, None),
    ("receipts", talking.receipts, None),
    ("presence", talking.presence, None),
    ("mute by power level", moderation.mute, None),
    ("kick", moderation.kick, None),
    ("ban and unban", moderation.ban, None),
    ("moderation from afar", moderation.moderation_from_afar, None),
    ("server ACL", moderation.server_acl, None),
    ("leave and come back", joining.leaving_and_coming_back, None),
    ("knock", joining.knocking, "knock"),
    ("restricted join", joining.restricted, "restricted"),
    ("restricted join or knock", joining.knock_restricted, "knock_restricted"),
    ("backfill of 200 messages", history.backfill, None),
    ("hidden history", history.hidden_history, None),
    ("an event near a moment", history.time_travel, None),
    ("room upgrade", history.upgrade, None),
    ("look up an alias", lookups.alias, None),
    ("public rooms", lookups.public_rooms, None),
    ("space", lookups.space, None),
    ("room summary", lookups.summary, None),
    ("media", lookups.media, None),
    ("device keys and their changes", encryption.device_keys, None),
    ("one-time keys", encryption.one_time_keys, None),
    ("messages to devices", encryption.to_device, None),
    ("cross-signing", encryption.cross_signing, None),
]


class Tally:
    def __init__(self, only: str | None):
        self.passed = self.failed = 0
        self._only = only

    def wants(self, name: str) -> bool:
        return self._only is None or self._only in name

    def check(self, name: str, step, *given) -> None:
        started = time.monotonic()
        try:
            step(*given)
        except Exception:  # noqa: BLE001 -- a step may fail in any way; the next one is tried all the same
            self.failed += 1
            print(f"FAIL  {name}", flush=True)
            traceback.print_exc(file=sys.stdout, chain=False)
        else:
            self.passed += 1
            print(f"ok    {name}  ({time.monotonic() - started:.2f} s)", flush=True)


def main() -> int:
    arguments = parse()
    work = Path(tempfile.mkdtemp(prefix="kith-interop-federation-"))
    authority = Authority(work)
    servers = [KINDS[kind](host, authority, work) for kind, host in zip(arguments.servers, HOSTS, strict=True)]
    tally = Tally(arguments.only)
    try:
        for server in servers:
            server.prepare()
            server.start()
        visits = [
            visit(version, here, there)
            for here, there in (servers, reversed(servers))
            for version in arguments.versions
        ]
        for each in visits:
            run_visit(tally, each)
        run_outages(tally, visits, servers)
    finally:
        for server in servers:
            server.stop()
    if tally.failed or arguments.keep:
        print(f"logs: {work}")
    else:
        shutil.rmtree(work)
    print(f"{tally.passed} passed, {tally.failed} failed")
    return 1 if tally.failed else 0


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--servers", nargs=2, choices=KINDS, default=["kith", "synapse"])
    parser.add_argument("--versions", nargs="+", default=VERSIONS)
    parser.add_argument("--only", help="run the steps whose names contain this; the first one always runs")
    parser.add_argument("--keep", action="store_true", help="keep the servers' data and logs")
    return parser.parse_args()


def visit(version: str, here: Homeserver, there: Homeserver) -> Visit:
    def newcomer(server: Homeserver, role: str):
        return server.register(f"{role}-{version}-{'first' if server is here else 'second'}-{here.host[-1]}")

    return Visit(
        version=version,
        host=newcomer(here, "host"),
        mate=newcomer(here, "mate"),
        guest=newcomer(there, "guest"),
        friend=newcomer(there, "friend"),
    )


def run_visit(tally: Tally, visit: Visit) -> None:
    for number, (name, step, feature) in enumerate(STEPS):
        if (number == 0 or tally.wants(name)) and (feature is None or visit.has(feature)):
            tally.check(f"{visit.label}: {name}", step, visit)


def run_outages(tally: Tally, visits: list[Visit], servers: list[Homeserver]) -> None:
    if not tally.wants("outage"):
        return
    meetings = outage.meet(visits)
    for here, there in (servers, reversed(servers)):
        for name, step, order in [
            (f"outage of {there.kind}, caught up", outage.away_and_back, (there, here)),
            (f"outage of {there.kind}, which calls", outage.away_and_calling, (there, here)),
            (f"outage of both, {here.kind} first", outage.apart, (here, there)),
        ]:
            tally.check(name, step, meetings, *order)
            # What failed may have left a server stopped.
            for server in servers:
                server.start()


if __name__ == "__main__":
    sys.exit(main())
