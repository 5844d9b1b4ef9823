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
    REDACTIONS_WAITING "redactions_waiting" Range;
    // Events that stay in sight for some time (tables/sticky.rs).
    STICKY_EVENTS "sticky_events" Point;
    STICKY_STREAM "sticky_stream" Range;
    STICKY_REFUSED "sticky_refused" Range;
    // Transaction ids (tables/transactions.rs).
    TRANSACTIONS "transactions" Point;
    // Events that are sent later (tables/delayed.rs).
    DELAYED_EVENTS "delayed_events" Point;
    DELAYED_BY_USER "delayed_by_user" Range;
    DELAYED_DUE "delayed_due" Range;
    // Rooms (tables/rooms.rs).
    ROOMS "rooms" Point;
    ROOM_HEADS "room_heads" Point;
    TIMELINE "timeline" Range;
    TOPOLOGY "topology" Range;
    TIMESTAMPS "timestamps" Range;
    STATE_NODES "state_nodes" Point;
    // Gaps in the history of rooms (tables/edges.rs).
    BACKWARD_EDGES "backward_edges" Range;
    // Members (tables/members.rs).
    MEMBERSHIPS "memberships" Range;
    ROOM_MEMBERS "room_members" Range;
    MEMBERSHIP_STREAM "membership_stream" Range;
    LOCAL_JOINED "local_joined" Range;
    ROOM_SERVERS "room_servers" Range;
    SERVER_ROOMS "server_rooms" Range;
    // Rooms this server is not in (tables/outside.rs).
    OUTSIDE "outside" Range;
    // Rooms of which a part of the state is known (tables/partial.rs).
    PARTIAL_ROOMS "partial_rooms" Point;
    PARTIAL_EVENTS "partial_events" Range;
    // Relations (tables/relations.rs).
    RELATIONS "relations" Range;
    THREADS "threads" Point;
    THREAD_ORDER "thread_order" Range;
    THREAD_PARTICIPANTS "thread_participants" Point;
    // Which threads users want to hear of (tables/thread_subscriptions.rs).
    THREAD_SUBSCRIPTIONS "thread_subscriptions" Range;
    THREAD_SUBSCRIPTION_STREAM "thread_subscription_stream" Range;
    // Names of rooms, the directory, and what users report (tables/aliases.rs, tables/reports.rs).
    ALIASES "aliases" Point;
    ROOM_ALIASES "room_aliases" Range;
    PUBLISHED "published" Range;
    REPORTS "reports" Range;
    // Receipts (tables/receipts.rs).
    RECEIPTS "receipts" Range;
    RECEIPT_STREAM "receipt_stream" Range;
    // Mentions (tables/mentions.rs).
    MENTIONS "mentions" Range;
    // Pushers (tables/pushers.rs).
    PUSHERS "pushers" Range;
    PUSHER_KEYS "pusher_keys" Range;
    PUSHER_BACKLOGS "pusher_backlogs" Range;
    PUSHER_MAILS "pusher_mails" Range;
    // Delivering to other servers, and what they delivered (tables/outbox.rs, tables/destinations.rs).
    OUTBOX "outbox" Range;
    DESTINATIONS "destinations" Range;
    OWED_EVENTS "owed_events" Range;
    ROOM_OUTGOING "room_outgoing" Point;
    RELAYS "relays" Point;
    RECEIVED_TRANSACTIONS "received_transactions" Range;
    STAGED_TRANSACTIONS "staged_transactions" Range;
    // Delivering to application services (tables/appservices.rs).
    APPSERVICE_DELIVERIES "appservice_deliveries" Point;
    // Users (tables/accounts.rs).
    ACCOUNTS "accounts" Point;
    ACCOUNT_NUMBERS "account_numbers" Point;
    DEPARTURES "departures" Range;
    // Devices (tables/devices.rs).
    DEVICES "devices" Range;
    DEVICE_SEEN "device_seen" Range;
    DEVICE_LISTS "device_lists" Point;
    DEVICE_LIST_STREAM "device_list_stream" Range;
    DEVICE_CHANGES "device_changes" Range;
    DEVICE_LIST_HEADS "device_list_heads" Point;
    // Keys of devices and users (tables/device_keys.rs, tables/one_time_keys.rs, tables/remote_devices.rs).
    DEVICE_KEYS "device_keys" Range;
    CROSS_SIGNING_KEYS "cross_signing_keys" Range;
    KEY_SIGNATURES "key_signatures" Range;
    SIGNATURE_STREAM "signature_stream" Range;
    ONE_TIME_KEYS "one_time_keys" Range;
    ONE_TIME_KEY_IDS "one_time_key_ids" Range;
    FALLBACK_KEYS "fallback_keys" Range;
    KEY_COUNTS "key_counts" Range;
    REMOTE_DEVICES "remote_devices" Range;
    REMOTE_DEVICE_LISTS "remote_device_lists" Range;
    STALE_DEVICE_LISTS "stale_device_lists" Range;
    // Messages to devices, backups of room keys, devices without a client (tables/to_device.rs, tables/key_backups.rs,
    // tables/dehydrated_devices.rs).
    TO_DEVICE "to_device" Range;
    TO_DEVICE_SEEN "to_device_seen" Range;
    KEY_BACKUPS "key_backups" Range;
    KEY_BACKUP_SESSIONS "key_backup_sessions" Range;
    DEHYDRATED_DEVICES "dehydrated_devices" Point;
    // Tokens (tables/tokens.rs).
    ACCESS_TOKENS "access_tokens" Point;
    REFRESH_TOKENS "refresh_tokens" Point;
    DEVICE_TOKENS "device_tokens" Range;
    SHORT_TOKENS "short_tokens" Point;
    // Sliding sync (tables/sliding.rs).
    SLIDING_CONNECTIONS "sliding_connections" Range;
    SLIDING_ROOMS "sliding_rooms" Range;
    // What users keep here (tables/profiles.rs, tables/account_data.rs, tables/filters.rs, tables/threepids.rs).
    PROFILES "profiles" Point;
    ACCOUNT_DATA "account_data" Range;
    ACCOUNT_DATA_STREAM "account_data_stream" Range;
    FILTERS "filters" Range;
    THREEPIDS "threepids" Range;
    THREEPID_OWNERS "threepid_owners" Point;
    THREEPID_VALIDATIONS "threepid_validations" Point;
    THREEPID_BINDINGS "threepid_bindings" Range;
    // What search has to look at again, and the user directory (tables/search.rs).
    SEARCH_PENDING "search_pending" Range;
    DIRECTORY_ENTRIES "directory_entries" Point;
    DIRECTORY_WORDS "directory_words" Range;
    // Logging in elsewhere (tables/sso.rs).
    SSO_LOGINS "sso_logins" Point;
    EXTERNAL_IDS "external_ids" Point;
    USER_EXTERNAL_IDS "user_external_ids" Range;
    LOGIN_ORIGINS "login_origins" Point;
    SSO_DEVICES "sso_devices" Range;
    SSO_SESSIONS "sso_sessions" Range;
    // User-interactive authentication (tables/uia.rs).
    UIA_SESSIONS "uia_sessions" Point;
    REGISTRATION_TOKENS "registration_tokens" Point;
    // Other servers (tables/peers.rs).
    PEER_KEYS "peer_keys" Range;
    PEER_KEY_DOCUMENTS "peer_key_documents" Point;
    PEER_BACKOFF "peer_backoff" Range;
    // Files and previews of web pages (tables/media.rs).
    MEDIA "media" Range;
    MEDIA_ACCESS "media_access" Point;
    MEDIA_OF "media_of" Range;
    MEDIA_USAGE "media_usage" Point;
    MEDIA_PENDING "media_pending" Range;
    MEDIA_PENDING_OF "media_pending_of" Range;
    MEDIA_BLOBS "media_blobs" Range;
    MEDIA_ORPHANS "media_orphans" Range;
    MEDIA_THUMBNAILS "media_thumbnails" Range;
    URL_PREVIEWS "url_previews" Range;
}

/// Names that were in use once and must not be given to anything else.
pub const RETIRED: &[&str] = &[];
