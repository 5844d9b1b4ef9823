//! Figures for the operator: `/metrics` in Prometheus' text format, and `/_kith/health` for whoever watches over the
//! process.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get};
use http::{StatusCode, header};
use kith_api_common::{App, Router};
use kith_base::Tasks;
use kith_store::Engine;
use metrics_exporter_prometheus::{BuildError, PrometheusBuilder, PrometheusHandle};
use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

/// Samples of histograms lie about until they are folded into their buckets; this bounds how many.
const FOLD_INTERVAL: Duration = Duration::from_secs(5);
/// Upper bounds of the buckets that times fall into, in seconds: from a read in memory to a long poll.
const SECONDS_BUCKETS: [f64; 14] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0, 120.0];
const TEXT_FORMAT: &str = "text/plain; version=0.0.4; charset=utf-8";
/// The storage engine's count of failed flushes and compactions: after one of them it takes no writes.
const BACKGROUND_ERRORS: &str = "background_errors";

/// Begins to collect figures. What anybody reports before is lost, so this comes first.
pub(crate) fn start(tasks: &Tasks) -> Result<PrometheusHandle, BuildError> {
    let recorder = PrometheusBuilder::new().set_buckets(&SECONDS_BUCKETS)?.build_recorder();
    let handle = recorder.handle();
    if metrics::set_global_recorder(recorder).is_err() {
        tracing::warn!("figures are already collected elsewhere; /metrics will be empty");
    }
    let (folding, stopping) = (handle.clone(), tasks.stopping());
    tasks.spawn("figures", async move {
        loop {
            tokio::select! {
                () = stopping.cancelled() => return,
                () = tokio::time::sleep(FOLD_INTERVAL) => folding.run_upkeep(),
            }
        }
    });
    Ok(handle)
}

/// Enters `/metrics` and `/_kith/health`.
pub(crate) fn routes(router: Router, handle: PrometheusHandle) -> Router {
    router.hand_made("/metrics", metrics_route(handle)).hand_made("/_kith/health", get(health))
}

fn metrics_route(handle: PrometheusHandle) -> MethodRouter<Arc<App>> {
    get(move |State(app): State<Arc<App>>| async move {
        let tasks = app.tasks.clone();
        // The storage engine may look at files for its figures.
        let text = tasks.blocking(move || render(&handle, &app)).await;
        ([(header::CONTENT_TYPE, TEXT_FORMAT)], text)
    })
}

fn render(handle: &PrometheusHandle, app: &App) -> String {
    let mut text = handle.render();
    for (name, value) in app.store.engine().figures() {
        write_gauge(&mut text, &format!("kith_storage_{name}"), value);
    }
    for (name, value) in cache_figures(app) {
        write_gauge(&mut text, name, value);
    }
    for (name, value) in process_figures() {
        write_gauge(&mut text, name, value);
    }
    text
}

fn write_gauge(text: &mut String, name: &str, value: u64) {
    // Writing into a String cannot fail.
    let _written = write!(text, "# TYPE {name} gauge\n{name} {value}\n\n");
}

/// How many bytes the caches above the storage engine hold.
fn cache_figures(app: &App) -> [(&'static str, u64); 3] {
    [
        ("kith_cache_events_bytes", app.rooms.pdu_cache_bytes()),
        ("kith_cache_names_bytes", app.store.ids().cache_bytes()),
        ("kith_cache_state_nodes_bytes", app.store.state_cache().bytes()),
    ]
}

/// What the system knows about this process; empty where it does not tell.
fn process_figures() -> Vec<(&'static str, u64)> {
    let mut figures = Vec::new();
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.split_whitespace().next()?.parse::<u64>().ok()
    };
    if let Some(resident_kib) = field("VmRSS:") {
        figures.push(("process_resident_memory_bytes", resident_kib.saturating_mul(1_024)));
    }
    if let Some(threads) = field("Threads:") {
        figures.push(("process_threads", threads));
    }
    if let Ok(open) = std::fs::read_dir("/proc/self/fd") {
        figures.push(("process_open_fds", open.count() as u64));
    }
    figures
}

/// 200 while the server takes requests and its storage writes; 503 otherwise.
async fn health(State(app): State<Arc<App>>) -> Response {
    if app.tasks.stopping().is_cancelled() {
        return report(StatusCode::SERVICE_UNAVAILABLE, "stopping");
    }
    let tasks = app.tasks.clone();
    let failed = tasks.blocking(move || has_failed(app.store.engine())).await;
    if failed {
        report(StatusCode::SERVICE_UNAVAILABLE, "storage failed")
    } else {
        report(StatusCode::OK, "ok")
    }
}

fn has_failed(engine: &dyn Engine) -> bool {
    engine.figures().iter().any(|(name, value)| *name == BACKGROUND_ERRORS && *value > 0)
}

fn report(status: StatusCode, word: &str) -> Response {
    let body = serde_json::json!({ "status": word }).to_string();
    (status, [(header::CONTENT_TYPE, "application/json")], body).into_response()
}

#[cfg(test)]
mod tests {
    use super::{process_figures, write_gauge};

    #[test]
    fn the_process_knows_its_own_size() {
        let figures = process_figures();
        let resident = figures.iter().find(|(name, _)| *name == "process_resident_memory_bytes");
        assert!(resident.is_some_and(|(_, bytes)| *bytes > 1_000_000), "{figures:?}");
    }

    #[test]
    fn a_gauge_is_written_as_prometheus_reads_it() {
        let mut text = String::new();
        write_gauge(&mut text, "kith_storage_snapshots", 2);
        assert_eq!(text, "# TYPE kith_storage_snapshots gauge\nkith_storage_snapshots 2\n\n");
    }
}
