//! What the scenarios of two servers share: both of them, the host's crowd, the rooms both are in, and the report.

use super::servers::{Description, Servers};
use crate::Outcome;
use crate::arguments::Federation;
use crate::homeserver::Homeserver;
use crate::load;
use crate::measure::{Pace, Probe, Running};
use crate::process;
use crate::report::{Report, Row};
use crate::scale::Scale;
use crate::session::Session;
use std::sync::Arc;
use std::time::{Duration, Instant};

const AT_ONCE: usize = 8;
/// Between two looks at the time, where a room fills up.
const BATCH: usize = 64;

const GUEST: usize = 0;

pub(super) struct Pair {
    servers: Servers,
    pub(super) guest: Side,
    pub(super) host: Side,
    pub(super) scale: Scale,
    pub(super) report: Report,
    pub(super) scenario: &'static str,
    /// Of the host's server.
    crowd: Vec<Session>,
    /// Rooms that both are in.
    pub(super) meetings: Vec<Meeting>,
}

/// One of the two.
pub(super) struct Side {
    pub(super) name: String,
    pub(super) server: Arc<Homeserver>,
    probe: Probe,
}

/// A room of the host's that the guest has joined.
#[derive(Clone)]
pub(super) struct Meeting {
    pub(super) room: String,
    pub(super) owner: Session,
    pub(super) visitor: Session,
    /// How many members were wanted, and how many there are.
    pub(super) planned: usize,
    pub(super) members: usize,
}

/// A measurement of both at once.
pub(super) struct Both<'a>(Running<'a>, Running<'a>);

impl Pair {
    pub(super) async fn open(arguments: Federation) -> Outcome<Pair> {
        let (servers, [guest, host]) = Servers::open(&arguments.servers).await?;
        let (guest, host) = (Side::new(guest)?, Side::new(host)?);
        let versions = [guest.server.find_version().await, host.server.find_version().await];
        let report = Report {
            label: arguments.label,
            note: arguments.note,
            version: Some(versions.map(Option::unwrap_or_default).join(" → ")),
            scale: arguments.scale.as_str().to_owned(),
            machine: process::machine(),
            rows: Vec::new(),
            failures: Vec::new(),
        };
        Ok(Pair {
            servers,
            guest,
            host,
            scale: arguments.scale.sizes(),
            report,
            scenario: "",
            crowd: Vec::new(),
            meetings: Vec::new(),
        })
    }

    pub(super) async fn close(self) -> Outcome<()> {
        self.servers.close().await
    }

    pub(super) async fn stop_guest(&mut self) -> Outcome<()> {
        self.servers.stop(GUEST).await
    }

    pub(super) async fn start_guest(&mut self) -> Outcome<()> {
        self.guest.probe.pids = self.servers.start(GUEST).await?;
        Ok(())
    }

    pub(super) fn record(&mut self, row: Row) {
        let row = Row { scenario: self.scenario.to_owned(), ..row };
        println!("{}", row.line());
        self.report.rows.push(row);
    }

    pub(super) fn start(&self) -> Both<'_> {
        Both(self.guest.probe.start(), self.host.probe.start())
    }

    pub(super) fn building_deadline(&self) -> Instant {
        Instant::now() + self.scale.federated_building_max
    }

    /// The first so many users of the host's crowd, made when they are first wanted.
    pub(super) async fn crowd(&mut self, number: usize) -> Outcome<Vec<Session>> {
        let register = |index: usize| {
            let server = &self.host.server;
            async move { server.register_in_crowd(&format!("bench-crowd-{index}")).await }
        };
        let (new, _latencies) = load::for_each(self.crowd.len()..number, AT_ONCE, register).await?;
        self.crowd.extend(new);
        Ok(self.crowd.iter().take(number).cloned().collect())
    }

    /// A public room of the host's with so many members, or with as many as there are when the time is over; gives its
    /// owner, the room, and how many they are.
    pub(super) async fn town(&mut self, members: usize) -> Outcome<(Session, String, usize)> {
        let owner = self.host.new_user(&format!("mayor-{members}")).await?;
        let room = owner.create_room("A town of one server").await?;
        let deadline = self.building_deadline();
        let mut joined = 0;
        while joined + 1 < members && Instant::now() < deadline {
            let until = (joined + BATCH).min(members - 1);
            let users = self.crowd(until).await?;
            let join = |user: Session| {
                let room = &room;
                async move { user.join(room).await }
            };
            let newcomers = users.into_iter().skip(joined);
            load::for_each(newcomers, AT_ONCE, join).await?;
            joined = until;
        }
        Ok((owner, room, joined + 1))
    }
}

impl Side {
    fn new(described: Description) -> Outcome<Side> {
        let server = Homeserver::new(&described.base, None, Some(described.appservice_token))?;
        let probe =
            Probe { server: Arc::clone(&server), pids: described.pids, data_dirs: vec![described.data] };
        Ok(Side { name: described.name, server, probe })
    }

    pub(super) async fn new_user(&self, name: &str) -> Outcome<Session> {
        self.server.register_in_crowd(&format!("bench-{name}")).await
    }
}

impl Both<'_> {
    /// A row of the guest's cost with the host's processor time beside it.
    pub(super) fn finish(&self, case: &str, pace: Pace, operations: usize, latencies: &[Duration]) -> Row {
        let host = self.1.finish(case, pace, operations, latencies);
        let guest = self.0.finish(case, pace, operations, latencies);
        Row { peer_cpu_seconds: host.cpu_seconds, limited: guest.limited + host.limited, ..guest }
    }
}
