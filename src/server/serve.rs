//! `kith serve`: from the configuration to a running server, and to its orderly end.

use crate::cli::Settings;
use crate::data_dir::DataDir;
use crate::open::{self, Ground, Missing, OpenError};
use crate::orders::Hands;
use crate::{control, figures, jobs, listen, logging, notify, outgoing, resources, start_message, wiring};
use kith_base::Tasks;
use kith_base::shutdown::StopSignals;
use kith_config::{Config, ConfigError};
use kith_e2ee::E2ee;
use std::path::PathBuf;
use std::time::Duration;

/// How long requests and background tasks may take to end. With the two below it stays under the ten seconds after
/// which service managers lose patience.
const STOP_DEADLINE: Duration = Duration::from_secs(6);
/// How long the storage engine may take to put its buffers into files; what is not put there is replayed at the start.
const FLUSH_DEADLINE: Duration = Duration::from_secs(2);
/// How long threads that hang in the system are waited for.
const THREADS_DEADLINE: Duration = Duration::from_secs(1);

/// Why the server did not start.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ServeError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Logging(#[from] logging::LevelError),
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error(transparent)]
    Outgoing(#[from] outgoing::OpenError),
    #[error(transparent)]
    Listen(#[from] listen::ListenError),
    #[error("cannot make a backup into a server's data: {0}")]
    Copy(#[from] crate::data_dir::DataDirError),
    #[error("cannot make a backup into a server's data: {0}")]
    Recover(#[from] kith_store::Error),
    #[error("cannot collect figures: {0}")]
    Figures(#[from] metrics_exporter_prometheus::BuildError),
    #[error("cannot start: {0}")]
    System(#[from] std::io::Error),
}

/// Runs the server until it is told to stop.
pub(crate) fn run(settings: &Settings) -> Result<(), crate::Failure> {
    let config = settings.load()?;
    logging::start(&config.logging)?;
    resources::raise_open_files();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().thread_name("kith").build()?;
    let outcome = runtime.block_on(serve(config, settings.config_file()));
    runtime.shutdown_timeout(THREADS_DEADLINE);
    Ok(outcome?)
}

async fn serve(config: Config, config_file: Option<PathBuf>) -> Result<(), ServeError> {
    let tasks = Tasks::new();
    let mut signals = StopSignals::listen()?;
    let collected = figures::start(&tasks)?;
    // The sockets come first: a port in use must not leave a data directory behind.
    let bound = listen::bind(&config)?;
    let ground: Ground = tasks.blocking(move || open::open(config, Missing::Create)).await?;
    control::start(Hands::of(&ground), ground.data_dir.path(), &tasks)?;
    let outgoing = outgoing::open(&ground.config.outgoing)?;
    let mailer = outgoing::open_mailer(&ground.config, &ground.random)?;
    let directory = outgoing::open_directory(&ground.config)?;
    let message = start_message::write(&ground, config_file.as_deref(), &bound);
    let is_copy = ground.data_dir.is_copy();
    let data_dir = ground.data_dir.clone();
    let app = wiring::wire(ground, outgoing, mailer, directory, &tasks)?;
    if is_copy {
        let e2ee = app.e2ee.clone();
        tasks.blocking(move || recover_from_copy(&e2ee, &data_dir)).await?;
    }
    jobs::start(&app);
    let router = wiring::router(&app, collected);
    listen::accept(bound, router, &app.config.limits, &app.clock, &tasks);
    println!("{message}");
    notify::ready();

    let signal = signals.next().await;
    tracing::info!(signal, "stopping");
    notify::stopping();
    let ended = tokio::select! {
        ended = tasks.stop(STOP_DEADLINE) => ended,
        again = signals.next() => {
            tracing::warn!(signal = again, "told twice; not waiting for requests any longer");
            false
        }
    };
    if !ended {
        tracing::warn!("some requests or tasks had not ended and were cut off");
    }
    let store = app.store.clone();
    drop(app);
    // Not through the tasks, which have stopped: this is the last thing that runs.
    match tokio::time::timeout(FLUSH_DEADLINE, Tasks::new().blocking(move || store.engine().flush())).await {
        Ok(Ok(())) => tracing::info!("stopped"),
        Ok(Err(error)) => {
            tracing::error!(%error, "the last buffers were not put into files; the log holds them")
        }
        Err(_elapsed) => tracing::warn!("the last buffers take long; the log holds them"),
    }
    Ok(())
}

/// The first start on a backup: what must not be used twice is thrown away. The mark goes last, so that a crash in
/// between only repeats it.
fn recover_from_copy(e2ee: &E2ee, data_dir: &DataDir) -> Result<(), ServeError> {
    e2ee.recover_from_copy()?;
    data_dir.forget_copy()?;
    tracing::info!("this is the first start on a backup; clients will upload new one-time keys");
    Ok(())
}
