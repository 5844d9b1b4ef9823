//! Two reports side by side, as the markdown of `docs/benchmarks.md`.

use crate::Outcome;
use crate::arguments::Compare;
use crate::report::{Report, Row, figure, mebibytes};
use crate::scenarios::SCENARIOS;
use std::fmt::Write;

/// What stands above the tables: how it was measured and how to read it.
const PREFACE: &str = include_str!("preface.md");

pub(crate) fn run(arguments: &Compare) -> Outcome<bool> {
    let (ours, theirs) = (Report::read(&arguments.ours)?, Report::read(&arguments.theirs)?);
    if ours.scale != theirs.scale {
        return Err(format!("one report is {}, the other {}", ours.scale, theirs.scale).into());
    }
    print!("{}", render(&ours, &theirs)?);
    Ok(true)
}

fn render(ours: &Report, theirs: &Report) -> Outcome<String> {
    let mut page = PREFACE.to_owned();
    writeln!(page, "\n## This run\n")?;
    for report in [ours, theirs] {
        let version = report.version.as_deref().unwrap_or("");
        let note = if report.note.is_empty() { String::new() } else { format!("; {}", report.note) };
        writeln!(page, "- {}: {version}{note}", report.label)?;
    }
    writeln!(page, "- Machine: {}, shared by the server and the load generator", ours.machine)?;
    writeln!(page, "- Scale: {}", ours.scale)?;
    for report in [ours, theirs] {
        for failure in &report.failures {
            writeln!(page, "- {} did not finish {}: {}", report.label, failure.scenario, failure.error)?;
        }
    }
    for (scenario, question) in SCENARIOS {
        let pairs = pair(scenario, ours, theirs);
        if !pairs.is_empty() {
            write!(page, "\n## {scenario}\n\n{question}\n\n{}", table(&pairs, &ours.label, &theirs.label)?)?;
        }
    }
    writeln!(
        page,
        "\n## Memory and disk\n\nAfter the last measurement of each scenario, in the order they ran.\n"
    )?;
    page += &resources(ours, theirs)?;
    Ok(page)
}

/// A case as one server did it, and as the other did.
type Pair<'a> = (&'a Row, &'a Row);

fn pair<'a>(scenario: &str, ours: &'a Report, theirs: &'a Report) -> Vec<Pair<'a>> {
    let of = |report: &'a Report| report.rows.iter().filter(move |row| row.scenario == scenario);
    of(ours).filter_map(|our| Some((our, of(theirs).find(|their| their.case == our.case)?))).collect()
}

fn table(pairs: &[Pair<'_>], ours: &str, theirs: &str) -> Outcome<String> {
    let mut text = String::new();
    writeln!(
        text,
        "| case | /s {ours} | /s {theirs} | × | p50 ms {ours} | p50 ms {theirs} | × | p99 ms {ours} | p99 ms {theirs} \
         | CPU ms/op {ours} | CPU ms/op {theirs} | × |"
    )?;
    writeln!(text, "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|")?;
    for (our, their) in pairs {
        let (our_cpu, their_cpu) = (our.cpu_ms_per_operation(), their.cpu_ms_per_operation());
        writeln!(
            text,
            "| {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} |",
            case(our, their),
            figure(our.per_second),
            figure(their.per_second),
            ratio(our.per_second, their.per_second),
            figure(our.p50_ms),
            figure(their.p50_ms),
            ratio(their.p50_ms, our.p50_ms),
            figure(our.p99_ms),
            figure(their.p99_ms),
            figure(our_cpu),
            figure(their_cpu),
            ratio(their_cpu, our_cpu),
        )?;
    }
    Ok(text)
}

/// The name of the case, with what makes the two hard to compare.
fn case(our: &Row, their: &Row) -> String {
    let mut name = our.case.clone();
    if let (Some(our_size), Some(their_size)) = (our.size, their.size)
        && our_size.abs_diff(their_size) * 100 > our_size.max(their_size)
    {
        name += &format!(" (reached {our_size} and {their_size})");
    }
    if our.limited + their.limited > 0 {
        name += &format!(" (rate-limited {} and {} times)", our.limited, their.limited);
    }
    if let (Some(our_rise), Some(their_rise)) = (our.memory_rise_bytes, their.memory_rise_bytes) {
        name += &both("memory rose by", our_rise, their_rise);
    }
    if let (Some(our_index), Some(their_index)) = (our.index_bytes, their.index_bytes) {
        name += &both("index of", our_index, their_index);
    }
    name
}

fn both(what: &str, ours: u64, theirs: u64) -> String {
    format!(" ({what} {} and {})", mebibytes(Some(ours)), mebibytes(Some(theirs)))
}

/// How many times `better` is `worse`: above 1 the first server is ahead.
fn ratio(better: Option<f64>, worse: Option<f64>) -> String {
    match (better, worse) {
        (Some(better), Some(worse)) if worse > 0.0 && better > 0.0 => figure(Some(better / worse)),
        _ => "–".to_owned(),
    }
}

fn resources(ours: &Report, theirs: &Report) -> Outcome<String> {
    let mut text = String::new();
    let (our, their) = (&ours.label, &theirs.label);
    writeln!(text, "| after | memory {our} | memory {their} | × | disk {our} | disk {their} | × |")?;
    writeln!(text, "|---|--:|--:|--:|--:|--:|--:|")?;
    for (scenario, _question) in SCENARIOS {
        let Some((our, their)) = pair(scenario, ours, theirs).pop() else { continue };
        let (our_memory, their_memory) = (float(our.memory_bytes), float(their.memory_bytes));
        let (our_disk, their_disk) = (float(our.disk_bytes), float(their.disk_bytes));
        writeln!(
            text,
            "| {scenario} | {} | {} | {} | {} | {} | {} |",
            mebibytes(our.memory_bytes),
            mebibytes(their.memory_bytes),
            ratio(their_memory, our_memory),
            mebibytes(our.disk_bytes),
            mebibytes(their.disk_bytes),
            ratio(their_disk, our_disk),
        )?;
    }
    Ok(text)
}

#[expect(clippy::cast_precision_loss, reason = "a size in bytes is far below 2^52")]
fn float(bytes: Option<u64>) -> Option<f64> {
    bytes.map(|bytes| bytes as f64)
}
