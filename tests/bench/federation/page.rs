//! The reports of all pairs as the markdown of `docs/benchmarks-federation.md`.

use super::SCENARIOS;
use crate::Outcome;
use crate::arguments::ComparePairs;
use crate::report::{Report, Row, figure, mebibytes};
use std::fmt::Write;

/// What stands above the tables: how it was measured and how to read it.
const PREFACE: &str = include_str!("preface.md");

pub(crate) fn run(arguments: &ComparePairs) -> Outcome<bool> {
    let reports = arguments.reports.iter().map(|path| Report::read(path)).collect::<Outcome<Vec<_>>>()?;
    let (first, others) = reports.split_first().ok_or("no report")?;
    if let Some(other) = others.iter().find(|other| other.scale != first.scale) {
        return Err(format!("one report is {}, another {}", first.scale, other.scale).into());
    }
    print!("{}", render(first, &reports)?);
    Ok(true)
}

fn render(first: &Report, reports: &[Report]) -> Outcome<String> {
    let mut page = PREFACE.to_owned();
    writeln!(page, "\n## This run\n")?;
    for report in reports {
        writeln!(page, "- {}: {}; {}", report.label, report.version.as_deref().unwrap_or(""), report.note)?;
    }
    writeln!(page, "- Machine: {}, shared by both servers and the load generator", first.machine)?;
    writeln!(page, "- Scale: {}", first.scale)?;
    for report in reports {
        for failure in &report.failures {
            writeln!(page, "- {} did not finish {}: {}", report.label, failure.scenario, failure.error)?;
        }
    }
    for (scenario, question) in SCENARIOS {
        write!(page, "\n## {scenario}\n\n{question}\n\n{}", table(scenario, reports)?)?;
    }
    Ok(page)
}

fn table(scenario: &str, reports: &[Report]) -> Outcome<String> {
    let of = |report: &'_ Report| -> Vec<Row> {
        report.rows.iter().filter(|row| row.scenario == scenario).cloned().collect()
    };
    let mut cases: Vec<String> = Vec::new();
    for row in reports.iter().flat_map(of) {
        if !cases.contains(&row.case) {
            cases.push(row.case);
        }
    }
    let mut text = String::new();
    writeln!(
        text,
        "| case | guest → host | size | p50 ms | p99 ms | CPU ms/op guest | CPU ms/op host | memory guest |"
    )?;
    writeln!(text, "|---|---|--:|--:|--:|--:|--:|--:|")?;
    for case in cases {
        for report in reports {
            for row in of(report).iter().filter(|row| row.case == case) {
                writeln!(
                    text,
                    "| {case} | {} | {} | {} | {} | {} | {} | {} |",
                    report.label,
                    row.size.map_or("–".to_owned(), |size| size.to_string()),
                    figure(row.p50_ms),
                    figure(row.p99_ms),
                    figure(row.cpu_ms_per_operation()),
                    figure(row.peer_cpu_ms_per_operation()),
                    mebibytes(row.memory_bytes),
                )?;
            }
        }
    }
    Ok(text)
}
