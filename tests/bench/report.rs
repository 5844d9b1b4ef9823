//! The report of one run: as JSON for comparing, as a table for reading at once.

use crate::Outcome;
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::Path;

#[derive(Serialize, Deserialize)]
pub(crate) struct Report {
    pub(crate) label: String,
    pub(crate) note: String,
    /// What the server calls itself.
    pub(crate) version: Option<String>,
    pub(crate) scale: String,
    pub(crate) machine: String,
    pub(crate) rows: Vec<Row>,
    pub(crate) failures: Vec<Failure>,
}

/// One measurement.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Row {
    pub(crate) scenario: String,
    pub(crate) case: String,
    /// How large the thing really was, where it was built up first and the time for that is limited.
    pub(crate) size: Option<u64>,
    pub(crate) operations: u64,
    pub(crate) seconds: f64,
    pub(crate) per_second: Option<f64>,
    pub(crate) p50_ms: Option<f64>,
    pub(crate) p99_ms: Option<f64>,
    pub(crate) max_ms: Option<f64>,
    pub(crate) cpu_seconds: Option<f64>,
    /// What the load generator itself took from the machine meanwhile.
    pub(crate) generator_cpu_seconds: f64,
    /// At the end of the measurement.
    pub(crate) memory_bytes: Option<u64>,
    pub(crate) disk_bytes: Option<u64>,
    /// How far the memory rose at its highest moment above what it was at the start, where that is the question.
    #[serde(default)]
    pub(crate) memory_rise_bytes: Option<u64>,
    /// The size of the index that the measurement is about.
    #[serde(default)]
    pub(crate) index_bytes: Option<u64>,
    /// Of the other server, where two are measured.
    #[serde(default)]
    pub(crate) peer_cpu_seconds: Option<f64>,
    /// Answers that were M_LIMIT_EXCEEDED.
    pub(crate) limited: u64,
}

/// A scenario that could not be finished.
#[derive(Serialize, Deserialize)]
pub(crate) struct Failure {
    pub(crate) scenario: String,
    pub(crate) error: String,
}

impl Report {
    pub(crate) fn read(path: &Path) -> Outcome<Report> {
        let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(serde_json::from_str(&text)?)
    }

    pub(crate) fn write(&self, path: &Path) -> Outcome<()> {
        fs::write(path, serde_json::to_string_pretty(self)? + "\n")?;
        Ok(())
    }
}

impl Row {
    /// Processor time of the server for one operation.
    pub(crate) fn cpu_ms_per_operation(&self) -> Option<f64> {
        self.per_operation_ms(self.cpu_seconds)
    }

    /// The same of the other server, where two are measured.
    pub(crate) fn peer_cpu_ms_per_operation(&self) -> Option<f64> {
        self.per_operation_ms(self.peer_cpu_seconds)
    }

    fn per_operation_ms(&self, seconds: Option<f64>) -> Option<f64> {
        let operations = u32::try_from(self.operations.max(1)).unwrap_or(u32::MAX);
        Some(seconds? * 1000.0 / f64::from(operations))
    }

    pub(crate) fn heading() -> String {
        format!(
            "{:<16} {:<34} {:>10} {:>10} {:>10} {:>12} {:>10} {:>10}",
            "scenario", "case", "ops/s", "p50 ms", "p99 ms", "cpu ms/op", "memory", "disk"
        )
    }

    pub(crate) fn line(&self) -> String {
        let limited =
            if self.limited > 0 { format!("  {} times limited", self.limited) } else { String::new() };
        let size = self.size.map(|size| format!(" [{size}]")).unwrap_or_default();
        let rise = self.memory_rise_bytes.map(|rise| format!("  memory +{}", mebibytes(Some(rise))));
        let index = self.index_bytes.map(|index| format!("  index {}", mebibytes(Some(index))));
        format!(
            "{:<16} {:<34} {:>10} {:>10} {:>10} {:>12} {:>10} {:>10}{limited}{}{}",
            self.scenario,
            format!("{}{size}", self.case),
            figure(self.per_second),
            figure(self.p50_ms),
            figure(self.p99_ms),
            figure(self.cpu_ms_per_operation()),
            mebibytes(self.memory_bytes),
            mebibytes(self.disk_bytes),
            rise.unwrap_or_default(),
            index.unwrap_or_default(),
        )
    }
}

/// Three figures that count, or a dash.
pub(crate) fn figure(value: Option<f64>) -> String {
    match value {
        None => "–".to_owned(),
        Some(value) if value >= 100.0 => format!("{value:.0}"),
        Some(value) if value >= 10.0 => format!("{value:.1}"),
        Some(value) => format!("{value:.2}"),
    }
}

pub(crate) fn mebibytes(bytes: Option<u64>) -> String {
    bytes.map_or("–".to_owned(), |bytes| format!("{} MiB", bytes.div_ceil(1024 * 1024)))
}
