//! Asking whether a user or an alias is one of a service's: it makes those that it knows when it is asked for them.
//! <https://spec.matrix.org/v1.19/application-service-api/#querying>

use std::{sync::Arc, time::Duration};

use kith_store::Error;
use quick_cache::sync::Cache;
use ruma::{
    OwnedRoomAliasId, OwnedUserId,
    api::appservice::query::{query_room_alias, query_user_id},
};
use tokio::sync::Semaphore;

use crate::{
    Bridges, Service,
    client::{AskError, Question},
};

/// How often a service is asked that does not answer.
const ATTEMPTS_MAX: usize = 3;
/// How long is waited before it is asked again.
const ATTEMPT_PAUSE: Duration = Duration::from_millis(200);
/// How many such questions are open at the same time.
const QUESTIONS_MAX: usize = 64;
/// How many users are remembered whom no service knows; anybody may ask for profiles.
const UNKNOWN_MAX: usize = 10_000;
/// How long that is remembered, in milliseconds.
const UNKNOWN_MS: u64 = 10_000;

/// What a service says of a name that this server does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existence {
    /// It is there: this server knew it, or a service has just made it.
    There,
    /// No service knows it either.
    Unknown,
    /// The service that would know did not answer.
    NoAnswer,
}

/// Whom no service knows, and how many are being asked for.
pub(crate) struct Unknown {
    users: Cache<OwnedUserId, u64>,
    questions: Semaphore,
}

impl Default for Unknown {
    fn default() -> Self {
        Self { users: Cache::new(UNKNOWN_MAX), questions: Semaphore::new(QUESTIONS_MAX) }
    }
}

impl Bridges {
    /// Has a user made that is not there yet, if a service knows them.
    pub async fn summon_user(&self, user_id: OwnedUserId) -> Result<Existence, Error> {
        let concerned = self.concerned(|service| self.interests.owns(service, &user_id));
        if concerned.is_empty() {
            return Ok(Existence::Unknown);
        }
        let (accounts, asked) = (Arc::clone(&self.accounts), user_id.clone());
        if self.tasks.blocking(move || accounts.find_account(&asked)).await?.is_some() {
            return Ok(Existence::There);
        }
        let now_ms = self.clock.now_ms();
        let is_fresh = |since_ms: u64| now_ms.saturating_sub(since_ms) < UNKNOWN_MS;
        if self.unknown.users.get(&user_id).is_some_and(is_fresh) {
            return Ok(Existence::Unknown);
        }
        let question = || query_user_id::v1::Request::new(user_id.clone());
        let existence = self.any_knows(&concerned, question).await;
        if existence == Existence::Unknown {
            self.unknown.users.insert(user_id, now_ms);
        }
        Ok(existence)
    }

    /// Has an alias of this server made that is not there yet, if a service knows it.
    pub async fn summon_alias(&self, alias: OwnedRoomAliasId) -> Result<Existence, Error> {
        if alias.server_name() != self.rooms.server_name() {
            return Ok(Existence::Unknown);
        }
        let concerned = self.concerned(|service| service.registration.is_interested_in_alias(&alias));
        if concerned.is_empty() {
            return Ok(Existence::Unknown);
        }
        let (rooms, asked) = (Arc::clone(&self.rooms), alias.clone());
        if self.tasks.blocking(move || rooms.find_alias(&asked)).await?.is_some() {
            return Ok(Existence::There);
        }
        let question = || query_room_alias::v1::Request::new(alias.clone());
        Ok(self.any_knows(&concerned, question).await)
    }

    fn concerned(&self, concerns: impl Fn(&Service) -> bool) -> Vec<Arc<Service>> {
        self.services.iter().filter(|service| concerns(service)).cloned().collect()
    }

    async fn any_knows<Q: Question>(&self, services: &[Arc<Service>], question: impl Fn() -> Q) -> Existence {
        let Ok(_turn) = self.unknown.questions.acquire().await else { return Existence::NoAnswer };
        let mut existence = Existence::Unknown;
        for service in services {
            match self.ask_patiently(service, &question).await {
                Ok(()) => return Existence::There,
                Err(AskError::Unreachable(error)) => {
                    tracing::info!(service = service.registration.id, %error, "an application service does not answer");
                    existence = Existence::NoAnswer;
                }
                Err(error) => {
                    tracing::debug!(service = service.registration.id, %error, "an application service knows no such name");
                }
            }
        }
        existence
    }

    async fn ask_patiently<Q: Question>(
        &self,
        service: &Service,
        question: impl Fn() -> Q,
    ) -> Result<(), AskError> {
        let mut attempt = 1;
        loop {
            match self.client.put_question(service, question()).await {
                Err(AskError::Unreachable(_)) if attempt < ATTEMPTS_MAX => {
                    attempt += 1;
                    tokio::time::sleep(ATTEMPT_PAUSE).await;
                }
                answered => return answered.map(|_| ()),
            }
        }
    }
}
