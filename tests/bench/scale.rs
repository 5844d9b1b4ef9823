//! How much of everything: one table of sizes for each scale.

use clap::ValueEnum;
use std::time::Duration;

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum ScaleName {
    /// Minutes: for developing, and to see that everything runs.
    Small,
    /// Less than an hour: large sizes, of which a slow server reaches what it can build in a minute each.
    Medium,
    /// Two hours on a slow server: sizes of large servers, of which it reaches what it can build in seven minutes each
    /// (in twenty, where they are messages to search).
    Full,
}

pub(crate) struct Scale {
    pub(crate) registrations: usize,
    pub(crate) room_creations: usize,
    pub(crate) senders: &'static [usize],
    pub(crate) sending: Duration,
    pub(crate) listeners: &'static [usize],
    pub(crate) listening_rounds: usize,
    pub(crate) initial_sync_rooms: &'static [usize],
    pub(crate) initial_syncs: usize,
    pub(crate) idle_polls: &'static [usize],
    pub(crate) idle_poll_timeout: Duration,
    pub(crate) idle: Duration,
    pub(crate) paging_events: usize,
    pub(crate) crowd_members: &'static [usize],
    pub(crate) joins: usize,
    pub(crate) state_entries: &'static [usize],
    pub(crate) state_messages: usize,
    pub(crate) wake_rooms: &'static [usize],
    pub(crate) wake_rounds: usize,
    pub(crate) sliding_rooms: &'static [usize],
    pub(crate) media_files: usize,
    pub(crate) media_large_mib: u64,
    pub(crate) search_messages: usize,
    pub(crate) search_building_max: Duration,
    pub(crate) searches: usize,
    pub(crate) push_members: usize,
    pub(crate) pushers: &'static [usize],
    pub(crate) push_messages: usize,
    /// Members of the rooms that a user of another server joins.
    pub(crate) federated_members: &'static [usize],
    pub(crate) federated_building_max: Duration,
    pub(crate) federated_rounds: usize,
    pub(crate) away_events: usize,
    /// How long a server that was away may take until its users have everything.
    pub(crate) catching_up_max: Duration,
    /// What has to be built first is measured at the size it has reached by then.
    pub(crate) building_max: Duration,
    /// The same where the question is how costs grow, not what they are: a slow server shows that at smaller sizes too.
    pub(crate) growing_max: Duration,
}

impl ScaleName {
    pub(crate) fn sizes(self) -> Scale {
        match self {
            ScaleName::Small => SMALL,
            ScaleName::Medium => MEDIUM,
            ScaleName::Full => FULL,
        }
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            ScaleName::Small => "small",
            ScaleName::Medium => "medium",
            ScaleName::Full => "full",
        }
    }
}

const SMALL: Scale = Scale {
    registrations: 16,
    room_creations: 20,
    senders: &[1, 16, 64],
    sending: Duration::from_secs(4),
    listeners: &[1, 20, 64],
    listening_rounds: 10,
    initial_sync_rooms: &[10, 50],
    initial_syncs: 4,
    idle_polls: &[64],
    idle_poll_timeout: Duration::from_secs(5),
    idle: Duration::from_secs(15),
    paging_events: 1_000,
    crowd_members: &[10, 50],
    joins: 10,
    state_entries: &[10, 100, 500],
    state_messages: 50,
    wake_rooms: &[10, 50],
    wake_rounds: 20,
    sliding_rooms: &[10, 50],
    media_files: 24,
    media_large_mib: 64,
    search_messages: 5_000,
    search_building_max: Duration::from_secs(60),
    searches: 10,
    push_members: 50,
    pushers: &[10],
    push_messages: 10,
    federated_members: &[50, 200],
    federated_building_max: Duration::from_secs(60),
    federated_rounds: 10,
    away_events: 500,
    catching_up_max: Duration::from_secs(3 * 60),
    building_max: Duration::from_secs(120),
    growing_max: Duration::from_secs(120),
};

const MEDIUM: Scale = Scale {
    registrations: 40,
    room_creations: 40,
    senders: &[1, 16, 64],
    sending: Duration::from_secs(8),
    listeners: &[1, 100, 500],
    listening_rounds: 10,
    initial_sync_rooms: &[50, 500, 2_000],
    initial_syncs: 4,
    idle_polls: &[500],
    idle_poll_timeout: Duration::from_secs(15),
    idle: Duration::from_secs(30),
    paging_events: 10_000,
    crowd_members: &[100, 450],
    joins: 20,
    state_entries: &[10, 1_000, 100_000],
    state_messages: 100,
    wake_rooms: &[10, 500, 5_000],
    wake_rounds: 40,
    sliding_rooms: &[50, 500, 2_000],
    media_files: 100,
    media_large_mib: 512,
    search_messages: 100_000,
    search_building_max: Duration::from_secs(180),
    searches: 20,
    push_members: 450,
    pushers: &[100],
    push_messages: 20,
    federated_members: &[100, 1_000],
    federated_building_max: Duration::from_secs(240),
    federated_rounds: 20,
    away_events: 2_000,
    catching_up_max: Duration::from_secs(5 * 60),
    building_max: Duration::from_secs(60),
    growing_max: Duration::from_secs(60),
};

const FULL: Scale = Scale {
    registrations: 100,
    room_creations: 100,
    senders: &[1, 16, 64],
    sending: Duration::from_secs(20),
    listeners: &[1, 100, 500],
    listening_rounds: 30,
    initial_sync_rooms: &[50, 500, 2_000],
    initial_syncs: 10,
    idle_polls: &[500, 5_000],
    idle_poll_timeout: Duration::from_secs(30),
    idle: Duration::from_secs(60),
    paging_events: 10_000,
    crowd_members: &[100, 1_000, 5_000],
    joins: 50,
    state_entries: &[10, 1_000, 100_000],
    state_messages: 200,
    wake_rooms: &[10, 500, 5_000],
    wake_rounds: 100,
    sliding_rooms: &[50, 500, 5_000],
    media_files: 300,
    media_large_mib: 512,
    search_messages: 1_000_000,
    search_building_max: Duration::from_secs(1200),
    searches: 50,
    push_members: 5_000,
    pushers: &[100, 500],
    push_messages: 20,
    federated_members: &[1_000, 10_000],
    federated_building_max: Duration::from_secs(900),
    federated_rounds: 50,
    away_events: 10_000,
    catching_up_max: Duration::from_secs(15 * 60),
    building_max: Duration::from_secs(7 * 60),
    growing_max: Duration::from_secs(60),
};
