//! Rate limits: one bucket per class and key, refilled continuously; whoever empties it is told when to try again.
//!
//! Kept by hand instead of by a library because a key may carry its own rate (the admin API's per-user override) and
//! because the number of remembered keys must be bounded.
//! <https://spec.matrix.org/v1.19/client-server-api/#rate-limiting>

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use kith_accounts::Requester;
use kith_config::{Rate, RateLimits};
use parking_lot::Mutex;

use crate::{ApiError, App};

/// How many buckets are remembered. Beyond it the full ones are swept out, or all of them if none is full.
const BUCKETS_MAX: usize = 100_000;

/// What is counted. The names are those of `[rate_limits]` in the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each is documented in kith-config::RateLimits")]
pub enum Limit {
    Message,
    Registration,
    RegistrationToken,
    MailPerAddress,
    MailPerRecipient,
    LoginPerAddress,
    LoginPerAccount,
    LoginFailedPerAccount,
    Join,
    JoinPerRoom,
    InvitePerRoom,
    InvitePerUser,
    InvitePerIssuer,
    RoomCreation,
    Profile,
    Presence,
    Ephemeral,
    Keys,
    Media,
    Search,
    UserDirectory,
    Report,
}

/// All buckets.
#[derive(Default)]
pub struct RateLimiter {
    buckets: Mutex<HashMap<(Limit, String), Bucket>>,
}

/// A bucket as the moment at which it will be full again.
struct Bucket {
    full_at: Instant,
    /// The rate it was filled by. A user whose rate an administrator changes gets a new bucket: the moment says
    /// nothing at another rate.
    rate: Rate,
}

impl RateLimiter {
    /// Counts one action against a key that is not a user.
    pub fn check(&self, app: &App, limit: Limit, key: &str) -> Result<(), ApiError> {
        if !app.config.rate_limits.enabled {
            return Ok(());
        }
        self.take(app.clock.instant(), limit, key, limit.rate(&app.config.rate_limits))
    }

    /// Refuses if a key's bucket is empty, without taking anything from it.
    pub fn peek(&self, app: &App, limit: Limit, key: &str) -> Result<(), ApiError> {
        if !app.config.rate_limits.enabled {
            return Ok(());
        }
        let rate = limit.rate(&app.config.rate_limits);
        let buckets = self.buckets.lock();
        match buckets.get(&(limit, key.to_owned())).filter(|bucket| bucket.rate == rate) {
            Some(bucket) => admit(app.clock.instant(), bucket.full_at, rate).map(|_| ()),
            None => Ok(()),
        }
    }

    /// Counts one action against a user, by their own rate where an administrator gave them one.
    pub fn check_user(&self, app: &App, limit: Limit, requester: &Requester) -> Result<(), ApiError> {
        if !app.config.rate_limits.enabled || requester.appservice.is_some() {
            return Ok(());
        }
        let rate = match (limit, &requester.rate_limit_override) {
            (Limit::Message, Some(own)) if own.messages_per_second == 0 => return Ok(()),
            (Limit::Message, Some(own)) => {
                Rate { per_second: f64::from(own.messages_per_second), burst: own.burst_count.max(1) }
            }
            _ => limit.rate(&app.config.rate_limits),
        };
        self.take(app.clock.instant(), limit, requester.user_id.as_str(), rate)
    }

    fn take(&self, now: Instant, limit: Limit, key: &str, rate: Rate) -> Result<(), ApiError> {
        let mut buckets = self.buckets.lock();
        if buckets.len() >= BUCKETS_MAX {
            buckets.retain(|_, bucket| bucket.full_at > now);
            // So many at work at once are an attack from many places. To forgive them all now and then keeps memory
            // and the time of a sweep bounded.
            if buckets.len() > BUCKETS_MAX / 2 {
                tracing::warn!(count = buckets.len(), "too many rate limits to remember; beginning anew");
                buckets.clear();
            }
        }
        let new = Bucket { full_at: now, rate };
        let bucket = buckets.entry((limit, key.to_owned())).or_insert(new);
        if bucket.rate != rate {
            *bucket = Bucket { full_at: now, rate };
        }
        bucket.full_at = admit(now, bucket.full_at, rate)?;
        Ok(())
    }
}

/// When the bucket will be full after one more action, or how long to wait for that action.
fn admit(now: Instant, full_at: Instant, rate: Rate) -> Result<Instant, ApiError> {
    let interval = Duration::from_secs_f64(1.0 / rate.per_second.max(1e-6));
    let next_full = full_at.max(now) + interval;
    let capacity = interval * rate.burst.max(1);
    match next_full.duration_since(now).checked_sub(capacity) {
        Some(wait) if !wait.is_zero() => Err(ApiError::limit_exceeded(wait)),
        _ => Ok(next_full),
    }
}

impl Limit {
    fn rate(self, rates: &RateLimits) -> Rate {
        match self {
            Self::Message => rates.message,
            Self::Registration => rates.registration,
            Self::RegistrationToken => rates.registration_token,
            Self::MailPerAddress => rates.mail_per_address,
            Self::MailPerRecipient => rates.mail_per_recipient,
            Self::LoginPerAddress => rates.login_per_address,
            Self::LoginPerAccount => rates.login_per_account,
            Self::LoginFailedPerAccount => rates.login_failed_per_account,
            Self::Join => rates.join,
            Self::JoinPerRoom => rates.join_per_room,
            Self::InvitePerRoom => rates.invite_per_room,
            Self::InvitePerUser => rates.invite_per_user,
            Self::InvitePerIssuer => rates.invite_per_issuer,
            Self::RoomCreation => rates.room_creation,
            Self::Profile => rates.profile,
            Self::Presence => rates.presence,
            Self::Ephemeral => rates.ephemeral,
            Self::Keys => rates.keys,
            Self::Media => rates.media,
            Self::Search => rates.search,
            Self::UserDirectory => rates.user_directory,
            Self::Report => rates.report,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_then_one_per_interval() {
        let limiter = RateLimiter::default();
        let start = kith_base::Clock::fixed(0).instant();
        let rate = Rate { per_second: 2.0, burst: 3 };
        let take = |after_ms| {
            limiter.take(start + Duration::from_millis(after_ms), Limit::Message, "@a:b", rate).is_ok()
        };
        assert!(take(0) && take(0) && take(0));
        assert!(!take(0));
        assert!(!take(400));
        assert!(take(500));
        assert!(!take(600));
        assert!(take(10_000));
    }

    #[test]
    fn another_rate_begins_with_a_full_bucket() {
        let limiter = RateLimiter::default();
        let now = kith_base::Clock::fixed(0).instant();
        let take = |rate| limiter.take(now, Limit::Message, "@a:b", rate).is_ok();
        let (slow, fast) = (Rate { per_second: 0.001, burst: 1 }, Rate { per_second: 1.0, burst: 2 });
        assert!(take(slow) && !take(slow));
        assert!(take(fast) && take(fast) && !take(fast));
        assert!(take(slow) && !take(slow));
    }
}
