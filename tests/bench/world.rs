//! What scenarios share: the server, the accounts made so far, the rooms made so far, and the report.

use crate::Outcome;
use crate::homeserver::Homeserver;
use crate::load;
use crate::measure::Probe;
use crate::report::{Report, Row};
use crate::scale::Scale;
use crate::session::Session;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Password hashes keep processors busy; more at once only makes a queue.
const REGISTRATIONS_AT_ONCE: usize = 4;
const JOINS_AT_ONCE: usize = 8;
const CREATIONS_AT_ONCE: usize = 4;

pub(crate) struct World {
    pub(crate) server: Arc<Homeserver>,
    pub(crate) probe: Probe,
    pub(crate) scale: Scale,
    pub(crate) report: Report,
    pub(crate) scenario: &'static str,
    pub(crate) index_size_command: Option<String>,
    /// Makes user names new on a server that saw an earlier run.
    run: String,
    crowd: Vec<Session>,
    /// Owns every room of the pool.
    landlord: Option<Session>,
    pool: Vec<String>,
    /// Who is in the first so many rooms of the pool.
    tenants: BTreeMap<usize, (Session, Vec<String>)>,
    /// Where the crowd is, once it has gathered somewhere.
    pub(crate) square: Option<Square>,
}

/// A room that the first `members` users of the crowd are in.
#[derive(Clone)]
pub(crate) struct Square {
    pub(crate) owner: Session,
    pub(crate) room: String,
    pub(crate) members: usize,
}

impl World {
    pub(crate) fn new(server: Arc<Homeserver>, probe: Probe, scale: Scale, report: Report) -> World {
        let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let run = format!("{seconds:x}");
        World {
            server,
            probe,
            scale,
            report,
            scenario: "",
            index_size_command: None,
            run,
            crowd: Vec::new(),
            landlord: None,
            pool: Vec::new(),
            tenants: BTreeMap::new(),
            square: None,
        }
    }

    /// Adds a measurement to the report and shows it.
    pub(crate) fn record(&mut self, row: Row) {
        let row = Row { scenario: self.scenario.to_owned(), ..row };
        println!("{}", row.line());
        self.report.rows.push(row);
    }

    /// When building something up has to stop.
    pub(crate) fn building_deadline(&self) -> Instant {
        Instant::now() + self.scale.building_max
    }

    /// When growing something has to stop.
    pub(crate) fn growing_deadline(&self) -> Instant {
        Instant::now() + self.scale.growing_max
    }

    /// A name that no account of this server has yet.
    pub(crate) fn user_name(&self, what: &str) -> String {
        format!("bench-{}-{what}", self.run)
    }

    pub(crate) async fn new_user(&self, what: &str) -> Outcome<Session> {
        self.server.register(&self.user_name(what)).await
    }

    /// The first `number` users of the crowd, made when they are first wanted.
    pub(crate) async fn crowd(&mut self, number: usize) -> Outcome<Vec<Session>> {
        let server = Arc::clone(&self.server);
        let names = (self.crowd.len()..number).map(|index| self.user_name(&format!("crowd-{index}")));
        let register = |name: String| {
            let server = Arc::clone(&server);
            async move { server.register_in_crowd(&name).await }
        };
        let (new, _latencies) =
            load::for_each(names.collect::<Vec<_>>(), REGISTRATIONS_AT_ONCE, register).await?;
        self.crowd.extend(new);
        Ok(self.crowd.iter().take(number).cloned().collect())
    }

    /// A room with so many of the crowd, or with as many as there are when the time for building is over; where the
    /// crowd has gathered before, it stays.
    pub(crate) async fn square(&mut self, members: usize) -> Outcome<Square> {
        if let Some(square) = &self.square {
            return Ok(square.clone());
        }
        let owner = self.new_user("crier").await?;
        let room = owner.create_room("The market square").await?;
        let users = self.crowd(members).await?;
        let join = |user: Session| {
            let room = &room;
            async move { user.join(room).await }
        };
        let members = load::until(users, JOINS_AT_ONCE, self.building_deadline(), join).await?;
        let square = Square { owner, room, members };
        self.square = Some(square.clone());
        Ok(square)
    }

    /// Makes the users members of the room.
    pub(crate) async fn join_all(&self, users: &[Session], room: &str) -> Outcome<()> {
        let join = |user: Session| async move { user.join(room).await };
        load::for_each(users.to_vec(), JOINS_AT_ONCE, join).await?;
        Ok(())
    }

    /// The owner of the pool's rooms, who is in all of them.
    pub(crate) async fn landlord(&mut self) -> Outcome<Session> {
        if let Some(landlord) = &self.landlord {
            return Ok(landlord.clone());
        }
        let landlord = self.new_user("landlord").await?;
        self.landlord = Some(landlord.clone());
        Ok(landlord)
    }

    /// Rooms of the pool: `number` of them, or as many as there are at the deadline.
    pub(crate) async fn rooms(&mut self, number: usize, deadline: Instant) -> Outcome<Vec<String>> {
        let landlord = self.landlord().await?;
        while self.pool.len() < number && Instant::now() < deadline {
            let batch = self.pool.len()..number.min(self.pool.len() + CREATIONS_AT_ONCE * 8);
            let create = |index: usize| {
                let landlord = landlord.clone();
                async move { landlord.create_room(&format!("Room {index}")).await }
            };
            let (new, _latencies) = load::for_each(batch, CREATIONS_AT_ONCE, create).await?;
            self.pool.extend(new);
        }
        Ok(self.pool.iter().take(number).cloned().collect())
    }

    /// A user who is in `number` rooms of the pool (see [`World::rooms`]) and in no other, and these rooms.
    pub(crate) async fn tenant(
        &mut self,
        number: usize,
        deadline: Instant,
    ) -> Outcome<(Session, Vec<String>)> {
        if let Some(tenant) = self.tenants.get(&number) {
            return Ok(tenant.clone());
        }
        let rooms = self.rooms(number, deadline).await?;
        let tenant = self.new_user(&format!("tenant-{number}")).await?;
        let join = |room: String| {
            let tenant = tenant.clone();
            async move { tenant.join(&room).await }
        };
        load::for_each(rooms.clone(), JOINS_AT_ONCE, join).await?;
        self.tenants.insert(number, (tenant.clone(), rooms.clone()));
        Ok((tenant, rooms))
    }
}
