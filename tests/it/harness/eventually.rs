//! Waiting for what another server will have told this one.

use std::time::Duration;

use tokio::time::Instant;

/// Everything between two servers on one machine happens within this time, also on a busy one.
const WITHIN: Duration = Duration::from_secs(45);
const PAUSE: Duration = Duration::from_millis(50);

/// Looks again and again until there is what the test waits for, and answers it. An error says what was there
/// instead; the last one is shown when the time is over.
pub(crate) async fn eventually<T>(what: &str, mut look: impl AsyncFnMut() -> Result<T, String>) -> T {
    let deadline = Instant::now() + WITHIN;
    loop {
        match look().await {
            Ok(found) => return found,
            Err(instead) => {
                assert!(
                    Instant::now() < deadline,
                    "{what} did not happen within {WITHIN:?}; last seen: {instead}"
                );
            }
        }
        tokio::time::sleep(PAUSE).await;
    }
}
