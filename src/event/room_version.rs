//! The table of room versions: what each of them changes, as data the rest of this crate asks.
//!
//! The rules themselves come from ruma as a record of switches; this file adds what ruma's record leaves out.
//! <https://spec.matrix.org/v1.19/rooms/>

use std::{fmt, sync::LazyLock};

use ruma::{
    RoomVersionId,
    room_version_rules::{
        AuthorizationRules, EventIdFormatVersion, EventsReferenceFormatVersion, RoomVersionDisposition,
        RoomVersionRules, StateResolutionV2Rules,
    },
};

/// One version of the room rules. There is exactly one value of it per version, so it is passed around as
/// `&'static RoomVersion`.
pub struct RoomVersion {
    id: RoomVersionId,
    rules: RoomVersionRules,
    depth_max: u64,
    owned_state: bool,
}

/// Depths of rooms before version 6 are signed 64-bit integers.
const DEPTH_MAX_V1: u64 = i64::MAX as u64;

/// Canonical JSON, mandatory since version 6, has no integer beyond this.
const DEPTH_MAX_V6: u64 = (1 << 53) - 1;

static TABLE: LazyLock<Vec<RoomVersion>> = LazyLock::new(|| {
    let specified = [
        (RoomVersionId::V1, RoomVersionRules::V1, DEPTH_MAX_V1),
        (RoomVersionId::V2, RoomVersionRules::V2, DEPTH_MAX_V1),
        (RoomVersionId::V3, RoomVersionRules::V3, DEPTH_MAX_V1),
        (RoomVersionId::V4, RoomVersionRules::V4, DEPTH_MAX_V1),
        (RoomVersionId::V5, RoomVersionRules::V5, DEPTH_MAX_V1),
        (RoomVersionId::V6, RoomVersionRules::V6, DEPTH_MAX_V6),
        (RoomVersionId::V7, RoomVersionRules::V7, DEPTH_MAX_V6),
        (RoomVersionId::V8, RoomVersionRules::V8, DEPTH_MAX_V6),
        (RoomVersionId::V9, RoomVersionRules::V9, DEPTH_MAX_V6),
        (RoomVersionId::V10, RoomVersionRules::V10, DEPTH_MAX_V6),
        (RoomVersionId::V11, RoomVersionRules::V11, DEPTH_MAX_V6),
        (RoomVersionId::V12, RoomVersionRules::V12, DEPTH_MAX_V6),
    ];
    let specified = specified.into_iter().map(|(id, rules, depth_max)| RoomVersion {
        id,
        rules,
        depth_max,
        owned_state: false,
    });
    specified
        .chain([
            with_owned_state("org.matrix.msc3757.10", RoomVersionRules::V10),
            with_owned_state("org.matrix.msc3757.11", RoomVersionRules::V11),
        ])
        .collect()
});

/// A version of the specification with the rules about owned state on top.
/// <https://github.com/matrix-org/matrix-spec-proposals/pull/3757>
fn with_owned_state(id: &str, mut rules: RoomVersionRules) -> RoomVersion {
    let id = RoomVersionId::try_from(id).expect("a well-formed name");
    rules.disposition = RoomVersionDisposition::Unstable;
    RoomVersion { id, rules, depth_max: DEPTH_MAX_V6, owned_state: true }
}

impl RoomVersion {
    /// The version new rooms get unless somebody asks for another.
    pub const DEFAULT_ID: RoomVersionId = RoomVersionId::V12;

    /// The version with this id, if this server knows it.
    pub fn get(id: &RoomVersionId) -> Option<&'static Self> {
        TABLE.iter().find(|version| version.id == *id)
    }

    /// The version with this id, given as text; `None` for ids this server does not know.
    pub fn find(id: &str) -> Option<&'static Self> {
        TABLE.iter().find(|version| version.id.as_str() == id)
    }

    /// The version new rooms get unless somebody asks for another.
    pub fn default_version() -> &'static Self {
        Self::get(&Self::DEFAULT_ID).expect("the default version is in the table above")
    }

    /// Every version this server can take part in, those of the specification first, by age; the list behind the `m.room_versions`
    /// capability and the `ver` parameters of joins.
    pub fn all() -> &'static [Self] {
        &TABLE
    }

    /// Its name.
    pub fn id(&self) -> &RoomVersionId {
        &self.id
    }

    /// ruma's switches for it.
    pub fn rules(&self) -> &RoomVersionRules {
        &self.rules
    }

    /// Whether the specification calls it stable.
    pub fn is_stable(&self) -> bool {
        self.rules.disposition == RoomVersionDisposition::Stable
    }

    pub(crate) fn auth(&self) -> &AuthorizationRules {
        &self.rules.authorization
    }

    /// The switches of state resolution version 2; `None` for room version 1, which has the older algorithm.
    pub(crate) fn state_res_v2(&self) -> Option<&StateResolutionV2Rules> {
        self.rules.state_res.v2_rules()
    }

    /// Whether events that are not canonical JSON (floats, huge integers) are refused. Since version 6.
    pub fn strict_json(&self) -> bool {
        self.rules.authorization.strict_canonical_json
    }

    /// Whether the event carries its own id (`$opaque:server`), instead of the id being its hash. Until version 2.
    pub fn event_id_in_event(&self) -> bool {
        self.rules.event_id_format == EventIdFormatVersion::V1
    }

    /// Whether ids made of hashes use the URL-safe alphabet of base64. Since version 4.
    pub(crate) fn url_safe_event_ids(&self) -> bool {
        self.rules.event_id_format == EventIdFormatVersion::V3
    }

    /// Whether `prev_events` and `auth_events` are lists of `[id, {"sha256": hash}]`. Until version 2.
    pub(crate) fn references_with_hashes(&self) -> bool {
        self.rules.events_reference_format == EventsReferenceFormatVersion::V1
    }

    /// Whether the room is named by the hash of its `m.room.create` event, which then has no `room_id` and is not
    /// listed in anybody's `auth_events`. Since version 12.
    pub fn room_id_is_create_hash(&self) -> bool {
        self.rules.authorization.room_create_event_id_as_room_id
    }

    /// Whether creators have infinite power and may name further creators. Since version 12.
    pub fn creators_are_privileged(&self) -> bool {
        self.rules.authorization.explicitly_privilege_room_creators
    }

    /// Whether the creator is the sender of `m.room.create` rather than `content.creator`. Since version 11.
    pub fn creator_is_sender(&self) -> bool {
        self.rules.authorization.use_room_create_sender
    }

    /// Whether a redaction names its target in `content.redacts` rather than at the top. Since version 11.
    pub fn redacts_in_content(&self) -> bool {
        self.rules.redaction.content_field_redacts
    }

    /// Whether power levels may be strings of digits. Until version 9.
    pub fn stringy_power_levels(&self) -> bool {
        !self.rules.authorization.integer_power_levels
    }

    /// Whether a signature counts only if its key was valid when the event says it was made. Since version 5.
    pub fn enforces_key_validity(&self) -> bool {
        self.rules.enforce_key_validity
    }

    /// Whether users may knock. Since version 7.
    pub fn has_knocking(&self) -> bool {
        self.rules.authorization.knocking
    }

    /// Whether joins may be restricted to members of other rooms. Since version 8.
    pub fn has_restricted_joins(&self) -> bool {
        self.rules.authorization.restricted_join_rule
    }

    /// Whether `knock_restricted` is a join rule. Since version 10.
    pub fn has_knock_restricted(&self) -> bool {
        self.rules.authorization.knock_restricted_join_rule
    }

    /// Whether a state key may be a user id and more, and whoever has more power than that user may write it too.
    pub fn has_owned_state(&self) -> bool {
        self.owned_state
    }

    /// The greatest `depth` an event may have.
    pub fn depth_max(&self) -> u64 {
        self.depth_max
    }
}

impl PartialEq for RoomVersion {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Eq for RoomVersion {}

impl fmt::Debug for RoomVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RoomVersion({})", self.id)
    }
}
