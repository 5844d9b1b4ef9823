//! SRV records of a host: `_matrix-fed._tcp`, or else the older `_matrix._tcp`.
//!
//! The system's own resolver cannot be asked for SRV records, so its name servers are asked directly. A host that
//! `/etc/hosts` knows is where that file says, and no name server is asked about it.
//! <https://spec.matrix.org/v1.19/server-server-api/#resolving-server-names>

use std::time::Duration;

use hickory_resolver::{
    TokioResolver,
    lookup::Lookup,
    proto::rr::{RData, RecordType},
};
use kith_base::{Random, outgoing::Target};

/// How many name servers' answers are waited for, one after the other.
const ATTEMPTS: u32 = 2;
/// How many records of a host are used.
const RECORDS_MAX: usize = 16;
const HOSTS_FILE: &str = "/etc/hosts";

/// How long the outcome of a look-up may be kept: at least, at most, and when there was none.
const LIFETIME_MIN_MS: u64 = 60_000;
const LIFETIME_MAX_MS: u64 = 24 * 3_600_000;
const LIFETIME_NOTHING_MS: u64 = 600_000;

/// Looks up SRV records.
pub(super) struct Srv {
    resolver: Option<TokioResolver>,
    timeout: Duration,
}

/// The outcome of a look-up.
#[derive(Debug)]
pub(super) struct Found {
    /// Where to connect, in the order in which to try; empty if there are no records.
    pub(super) targets: Vec<Target>,
    /// How long that may be kept, in milliseconds.
    pub(super) lifetime_ms: u64,
}

/// One record.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Record {
    priority: u16,
    weight: u16,
    target: Target,
}

impl Srv {
    pub(super) fn new(timeout_ms: u64) -> Self {
        let timeout = Duration::from_millis(timeout_ms);
        let resolver = TokioResolver::builder_tokio().and_then(|mut builder| {
            let options = builder.options_mut();
            options.timeout = timeout / ATTEMPTS;
            options.attempts = ATTEMPTS as usize;
            builder.build()
        });
        let resolver = resolver
            .inspect_err(|error| tracing::warn!(%error, "no name servers; SRV records are not looked up"))
            .ok();
        Self { resolver, timeout }
    }

    /// The records of a host. Name servers that fail or say nothing count as having none, for a minute.
    pub(super) async fn look_up(&self, host: &str, random: &Random) -> Found {
        let failed = Found { targets: Vec::new(), lifetime_ms: LIFETIME_MIN_MS };
        let Some(resolver) = &self.resolver else { return failed };
        let hosts = tokio::fs::read_to_string(HOSTS_FILE).await.unwrap_or_default();
        if lists(&hosts, host) {
            return failed;
        }
        // The final dot keeps the search list of `/etc/resolv.conf` out of it.
        let ask = |service: &str| resolver.lookup(format!("{service}.{host}."), RecordType::SRV);
        let both = async { tokio::join!(ask("_matrix-fed._tcp"), ask("_matrix._tcp")) };
        match tokio::time::timeout(self.timeout, both).await {
            Ok((current, deprecated)) => {
                let answers = [current, deprecated].into_iter().filter_map(Result::ok);
                answers.map(|answer| read(&answer, random)).find(|found| !found.targets.is_empty()).unwrap_or(
                    Found { targets: Vec::new(), lifetime_ms: LIFETIME_NOTHING_MS },
                )
            }
            Err(_elapsed) => failed,
        }
    }
}

fn read(answer: &Lookup, random: &Random) -> Found {
    let mut records = Vec::new();
    let mut lifetime_ms = LIFETIME_MAX_MS;
    for record in answer.answers() {
        let RData::SRV(srv) = &record.data else { continue };
        let host = srv.target.to_utf8();
        let host = host.trim_end_matches('.');
        // The root as a target says that there is no such service.
        if host.is_empty() {
            continue;
        }
        lifetime_ms = lifetime_ms.min(u64::from(record.ttl).saturating_mul(1_000));
        let target = Target { host: host.to_owned(), port: srv.port };
        records.push(Record { priority: srv.priority, weight: srv.weight, target });
    }
    records.truncate(RECORDS_MAX);
    let targets = order(records, |bound| random.below(bound));
    Found { targets, lifetime_ms: lifetime_ms.max(LIFETIME_MIN_MS) }
}

/// The order in which to try records: by priority, and within one by chance in proportion to weight. `below` draws a
/// number below its argument. <https://www.rfc-editor.org/rfc/rfc2782>
fn order(mut records: Vec<Record>, mut below: impl FnMut(u64) -> u64) -> Vec<Target> {
    // Records without weight come first, so that they have a small chance of being drawn.
    records.sort_by_key(|record| (record.priority, record.weight));
    let mut ordered = Vec::with_capacity(records.len());
    while let Some(first) = records.first() {
        let priority = first.priority;
        let rivals = records.iter().take_while(|record| record.priority == priority);
        let total: u64 = rivals.clone().map(|record| u64::from(record.weight)).sum();
        let drawn = below(total + 1);
        let mut sum = 0;
        let chosen = rivals.into_iter().position(|record| {
            sum += u64::from(record.weight);
            sum >= drawn
        });
        ordered.push(records.remove(chosen.unwrap_or(0)).target);
    }
    ordered
}

/// Whether a hosts file knows a name.
fn lists(hosts: &str, name: &str) -> bool {
    hosts.lines().any(|line| {
        let line = line.split('#').next().unwrap_or_default();
        line.split_ascii_whitespace().skip(1).any(|listed| listed.eq_ignore_ascii_case(name))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(priority: u16, weight: u16, host: &str) -> Record {
        Record { priority, weight, target: Target { host: host.to_owned(), port: 1 } }
    }

    #[test]
    fn priority_comes_first_and_weight_draws() {
        let records = || {
            vec![record(20, 0, "last"), record(10, 3, "heavy"), record(10, 1, "light"), record(10, 0, "none")]
        };
        let hosts = |draws: &[u64]| {
            let mut draws = draws.iter().copied();
            let ordered = order(records(), |bound| draws.next().unwrap_or(0).min(bound - 1));
            ordered.into_iter().map(|target| target.host).collect::<Vec<_>>()
        };
        assert_eq!(hosts(&[0, 0, 0, 0]), ["none", "light", "heavy", "last"]);
        assert_eq!(hosts(&[1, 0, 0, 0]), ["light", "none", "heavy", "last"]);
        assert_eq!(hosts(&[4, 1, 0, 0]), ["heavy", "light", "none", "last"]);
    }

    #[test]
    fn a_hosts_file_knows_its_names() {
        let file = "127.0.0.1 localhost\n# 127.0.0.1 commented\n127.0.0.2\thub.example  HS1 # 1 hs2\n";
        let check = |name, expected| assert_eq!(lists(file, name), expected, "{name}");
        check("localhost", true);
        check("hs1", true);
        check("hub.example", true);
        check("commented", false);
        check("hs2", false);
        check("127.0.0.1", false);
        check("example", false);
    }
}
