//! A user's push rules: read, changed, and kept as the account data `m.push_rules`, which `/sync` shows.
//! <https://spec.matrix.org/v1.19/client-server-api/#push-rules>

use std::sync::Arc;

use kith_accounts::Requester;
use kith_store::{
    Position, UserSid,
    tables::account_data::{self, ACCOUNT_DATA, GLOBAL},
};
use parking_lot::Mutex;
use quick_cache::sync::Cache;
use ruma::{
    UserId,
    push::{
        Action, InsertPushRuleError, NewPushRule, RemovePushRuleError, RuleKind, RuleNotFoundError, Ruleset,
    },
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{Push, thread_rules};

/// The type of the account data that holds the rules.
const PUSH_RULES: &str = "m.push_rules";
/// How many users' rules are kept ready.
const RULESETS_MAX: usize = 10_000;
/// How many bytes a user's rules may have together.
const RULESET_BYTES_MAX: usize = 256 * 1024;

/// Why push rules were not changed.
#[derive(Debug, thiserror::Error)]
pub enum RuleError {
    /// There is no such rule.
    #[error("there is no such push rule")]
    NotFound,
    /// The rule may not be so: a reserved name, an unknown neighbour, an invalid id.
    #[error("{0}")]
    Invalid(String),
    /// `before` or `after` names no rule.
    #[error("{0}")]
    NoSuchNeighbour(String),
    /// Too many rules.
    #[error("these push rules are larger than {RULESET_BYTES_MAX} bytes")]
    TooLarge,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] kith_store::Error),
}

/// The rules as they are stored.
#[derive(Deserialize)]
struct Content {
    global: Ruleset,
}

/// Rules ready to use, with the position of the row they were read from.
#[derive(Clone)]
pub(crate) struct Rules {
    pub(crate) position: Position,
    pub(crate) ruleset: Arc<Ruleset>,
}

pub(crate) struct Rulesets {
    ready: Cache<UserSid, Rules>,
    /// Changes of rules are rare: one at a time is enough, and none is lost.
    changing: Mutex<()>,
}

impl Rulesets {
    pub(crate) fn new() -> Self {
        Self { ready: Cache::new(RULESETS_MAX), changing: Mutex::new(()) }
    }
}

impl Push {
    /// A user's rules: their own changes over the defaults of the specification.
    pub fn ruleset(&self, user: UserSid, user_id: &UserId) -> Result<Arc<Ruleset>, kith_store::Error> {
        Ok(self.rules(user, user_id)?.ruleset)
    }

    /// Adds a rule, or replaces the one of the same kind and id.
    pub fn put_rule(
        &self,
        requester: &Requester,
        rule: NewPushRule,
        before: Option<&str>,
        after: Option<&str>,
    ) -> Result<(), RuleError> {
        self.change(requester, |ruleset| {
            let (kind, id) = (rule.kind(), rule.rule_id().to_owned());
            let was_enabled = ruleset.get(kind.clone(), &id).map(|old| old.enabled());
            // A rule that moves is taken out first: the place of its neighbour is the one without it.
            let moves = was_enabled.is_some() && (before.is_some() || after.is_some());
            if moves && let Err(error) = ruleset.remove(kind.clone(), &id) {
                return Err(RuleError::Invalid(error.to_string()));
            }
            ruleset.insert(rule, after, before).map_err(|error| match error {
                InsertPushRuleError::UnknownRuleId => RuleError::NoSuchNeighbour(error.to_string()),
                other => RuleError::Invalid(other.to_string()),
            })?;
            let enabled = was_enabled.unwrap_or(true);
            ruleset.set_enabled(kind, &id, enabled).map_err(|_: RuleNotFoundError| RuleError::NotFound)
        })
    }

    /// Removes a rule of the user's own making.
    pub fn delete_rule(&self, requester: &Requester, kind: RuleKind, rule_id: &str) -> Result<(), RuleError> {
        self.change(requester, |ruleset| {
            ruleset.remove(kind, rule_id).map_err(|error| match error {
                RemovePushRuleError::NotFound => RuleError::NotFound,
                other => RuleError::Invalid(other.to_string()),
            })
        })
    }

    /// Switches a rule on or off.
    pub fn set_rule_enabled(
        &self,
        requester: &Requester,
        kind: RuleKind,
        rule_id: &str,
        enabled: bool,
    ) -> Result<(), RuleError> {
        self.change(requester, |ruleset| {
            ruleset
                .set_enabled(named(kind), rule_id, enabled)
                .map_err(|_: RuleNotFoundError| RuleError::NotFound)
        })
    }

    /// Changes what a rule does.
    pub fn set_rule_actions(
        &self,
        requester: &Requester,
        kind: RuleKind,
        rule_id: &str,
        actions: Vec<Action>,
    ) -> Result<(), RuleError> {
        self.change(requester, |ruleset| {
            ruleset
                .set_actions(named(kind), rule_id, actions)
                .map_err(|_: RuleNotFoundError| RuleError::NotFound)
        })
    }

    /// The requester's rules as clients read them: the content of `m.push_rules`.
    pub fn rules_as_written(&self, requester: &Requester) -> Result<Value, kith_store::Error> {
        Ok(written(&*self.ruleset(requester.user, &requester.user_id)?))
    }

    /// The account data event that a client sees of somebody who never changed their rules.
    pub fn default_content(&self, user_id: &UserId) -> String {
        written(&self.default_rules(user_id)).to_string()
    }

    /// The rules of somebody who never changed them.
    fn default_rules(&self, user_id: &UserId) -> Ruleset {
        let mut ruleset = Ruleset::server_default(user_id);
        ruleset.postcontent.clear();
        self.with_threads(ruleset)
    }

    fn with_threads(&self, mut ruleset: Ruleset) -> Ruleset {
        if self.config.rooms.thread_rules_for_everyone {
            thread_rules::add_to(&mut ruleset);
        }
        ruleset
    }

    pub(crate) fn rules(&self, user: UserSid, user_id: &UserId) -> Result<Rules, kith_store::Error> {
        let row = ACCOUNT_DATA.get(self.store.engine(), &(user, GLOBAL, PUSH_RULES.to_owned()))?;
        let position = row.as_ref().map_or(Position::START, |row| row.position);
        if let Some(ready) = self.rulesets.ready.get(&user)
            && ready.position == position
        {
            return Ok(ready);
        }
        let stored = row.and_then(|row| serde_json::from_str::<Content>(&row.content).ok());
        let ruleset = match stored {
            Some(content) => self.with_threads(content.global),
            None => self.default_rules(user_id),
        };
        let rules = Rules { position, ruleset: Arc::new(ruleset) };
        self.rulesets.ready.insert(user, rules.clone());
        Ok(rules)
    }

    pub(crate) fn change(
        &self,
        requester: &Requester,
        edit: impl FnOnce(&mut Ruleset) -> Result<(), RuleError>,
    ) -> Result<(), RuleError> {
        let order = self.rulesets.changing.lock();
        let mut ruleset = (*self.rules(requester.user, &requester.user_id)?.ruleset).clone();
        edit(&mut ruleset)?;
        let content = written(&ruleset).to_string();
        if content.len() > RULESET_BYTES_MAX {
            return Err(RuleError::TooLarge);
        }
        let mut txn = self.store.begin();
        account_data::put(&mut txn, self.store.engine(), requester.user, None, PUSH_RULES, content)?;
        let committed = self.store.commit(txn)?;
        drop(order);
        Ok(committed.wait_durable()?)
    }
}

/// The kind that a path means: the rules about threads have two names for theirs, the one in rulesets and the one that
/// ruma's clients use in paths.
pub fn named(kind: RuleKind) -> RuleKind {
    if kind.as_str() == "postcontent" { RuleKind::PostContent } else { kind }
}

/// Rules as clients read them. ruma leaves out kinds without rules; some clients expect every kind of the specification
/// to be there.
fn written(ruleset: &Ruleset) -> Value {
    let mut global = json!({
        "override": ruleset.override_,
        "content": ruleset.content,
        "room": ruleset.room,
        "sender": ruleset.sender,
        "underride": ruleset.underride,
    });
    if !ruleset.postcontent.is_empty() {
        global["postcontent"] = json!(ruleset.postcontent);
    }
    json!({"global": global})
}
