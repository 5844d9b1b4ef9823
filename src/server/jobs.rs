//! Background jobs: what runs beside requests, and how often. Each is a verb of its crate that may be called at any
//! time and continues where a crash left off.

use kith_api_common::App;
use kith_rooms::transactions::TransactionSweep;
use kith_store::Error;
use std::sync::Arc;
use std::time::Duration;

/// How often expired tokens and sessions are thrown away.
const SWEEP_INTERVAL: Duration = Duration::from_secs(300);
/// How often transaction ids that nobody repeats any more are forgotten.
const TRANSACTIONS_INTERVAL: Duration = Duration::from_secs(3_600);
/// How often what is remembered of strangers' devices, and of their messages, is forgotten.
const KEYS_INTERVAL: Duration = Duration::from_secs(6 * 3_600);
/// How often users with closed accounts are taken out of rooms they are still in.
const DEPARTURES_INTERVAL: Duration = Duration::from_secs(10);

/// Starts every job.
pub(crate) fn start(app: &Arc<App>) {
    app.sync.start();
    app.ephemeral.start(&app.tasks);
    app.federation.start();
    app.media.start();
    app.bridges.start();
    app.e2ee.start();
    app.push.start();
    app.rooms.start_delayed_events();
    app.search.start();
    app.rooms.resume_resyncs();
    every(app, "sweep", SWEEP_INTERVAL, |app| app.accounts.sweep().map(|_swept| ()));
    every(app, "transactions", TRANSACTIONS_INTERVAL, sweep_transactions);
    every(app, "sliding connections", TRANSACTIONS_INTERVAL, |app| app.sync.sweep_sliding());
    every(app, "sticky events", TRANSACTIONS_INTERVAL, |app| app.rooms.sweep_sticky());
    every(app, "keys", KEYS_INTERVAL, |app| app.e2ee.sweep());
    every_async(app, "departures", DEPARTURES_INTERVAL, finish_departures);
}

fn sweep_transactions(app: &App) -> Result<(), Error> {
    let mut from = TransactionSweep::default();
    while let Some(next) = app.rooms.sweep_transactions(&from)? {
        if app.tasks.stopping().is_cancelled() {
            break;
        }
        from = next;
    }
    Ok(())
}

/// Accounts that were closed on the command line, and those whose request a crash cut short.
async fn finish_departures(app: Arc<App>) -> Result<(), Error> {
    let accounts = Arc::clone(&app.accounts);
    for user in app.tasks.blocking(move || accounts.departures()).await? {
        if app.tasks.stopping().is_cancelled() {
            break;
        }
        // Rooms that could not be left are tried again at the next turn.
        if app.rooms.leave_all_across(user).await? == 0 {
            let accounts = Arc::clone(&app.accounts);
            app.tasks.blocking(move || accounts.departed(user)).await?;
        }
    }
    Ok(())
}

/// Runs a job on the blocking pool now and then. Its failure is logged, and the next turn tries again.
fn every(app: &Arc<App>, name: &'static str, interval: Duration, job: fn(&App) -> Result<(), Error>) {
    every_async(app, name, interval, move |app| async move {
        let tasks = app.tasks.clone();
        tasks.blocking(move || job(&app)).await
    });
}

/// The same for a job that also waits for other servers.
fn every_async<F>(
    app: &Arc<App>,
    name: &'static str,
    interval: Duration,
    job: impl Fn(Arc<App>) -> F + Send + 'static,
) where
    F: Future<Output = Result<(), Error>> + Send,
{
    let (app, tasks) = (Arc::clone(app), app.tasks.clone());
    let supervisor = tasks.clone();
    let stopping = tasks.stopping();
    let turns = async move {
        loop {
            tokio::select! {
                () = stopping.cancelled() => return,
                () = tokio::time::sleep(interval) => {}
            }
            if let Err(error) = job(Arc::clone(&app)).await {
                tracing::error!(job = name, %error, "a background job failed and will be tried again");
            }
        }
    };
    supervisor.spawn(name, turns);
}
