//! Every column family there is: name, how it is read, and where its table lives. One line each.
//!
//! A name never changes its meaning. A family that is no longer used moves to [`RETIRED`], so that its name is not
//! given to anything else. `docs/schema.md` describes the same list for people; a test compares the two.

use kith_kv::{Access, FamilySpec};

macro_rules! catalog {
    ($($constant:ident $name:literal $access:ident;)*) => {
        /// The families by name, for the tables.
        pub mod families {
            #[expect(non_camel_case_types, clippy::upper_case_acronyms, reason = "the names number the families")]
            #[repr(u16)]
            enum Index { $($constant),* }
            $(
                #[doc = concat!("`", $name, "`")]
                pub const $constant: (kith_kv::Family, &str) = (kith_kv::Family(Index::$constant as u16), $name);
            )*
        }

        /// The families in the order of their numbers, as the engine opens them.
        pub fn specs() -> Vec<FamilySpec> {
            vec![$(FamilySpec { name: $name, access: Access::$access }),*]
        }
    };
}

catalog! {
    // Numbers and names (tables/counters.rs, tables/names.rs).
    COUNTERS "counters" Point;
    SIDS "sids" Point;
    NAMES "names" Point;
    // Events (tables/events.rs).
    EVENT_META "event_meta" Point;
    EVENT_JSON "event_json" Blob;
    REDACTIONS_WAITING "redactions_waiting" Point;
    // Rooms (tables/rooms.rs).
    ROOMS "rooms" Point;
    ROOM_HEADS "room_heads" Point;
    TIMELINE "timeline" Range;
    TOPOLOGY "topology" Range;
    TIMESTAMPS "timestamps" Range;
    STATE_NODES "state_nodes" Point;
    // Members (tables/members.rs).
    MEMBERSHIPS "memberships" Range;
    ROOM_MEMBERS "room_members" Range;
    MEMBERSHIP_STREAM "membership_stream" Range;
    // Relations (tables/relations.rs).
    RELATIONS "relations" Range;
    THREADS "threads" Point;
    THREAD_ORDER "thread_order" Range;
}

/// Names that were in use once and must not be given to anything else.
pub const RETIRED: &[&str] = &[];
