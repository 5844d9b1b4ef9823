//! What the server's processes cost, read from `/proc`, and what its data directory holds.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Linux counts processor time for user space in hundredths of a second on every architecture.
const TICKS_PER_SECOND: f64 = 100.0;

/// One process's line in `/proc/<pid>/stat`.
struct Stat {
    parent: u32,
    /// Its own time and that of the children it has waited for.
    ticks: u64,
}

/// Processor time of these processes and all their descendants, the ended ones included.
pub(crate) fn cpu_seconds(pids: &[u32]) -> f64 {
    let stats = read_stats();
    let ticks: u64 =
        family(&stats, pids).iter().filter_map(|pid| stats.get(pid)).map(|stat| stat.ticks).sum();
    to_float(ticks) / TICKS_PER_SECOND
}

/// Memory of these processes and their descendants. What they share is counted once, where the kernel tells.
pub(crate) fn memory_bytes(pids: &[u32]) -> u64 {
    family(&read_stats(), pids).into_iter().map(|pid| find_memory_kib(pid).unwrap_or(0) * 1024).sum()
}

/// The memory of a server at some moment, from which its highest moment since is counted.
pub(crate) struct MemoryMark(u64);

/// Makes the kernel forget earlier high-water marks. Nothing where it does not let us.
pub(crate) fn mark_memory(pids: &[u32]) -> Option<MemoryMark> {
    let family = family(&read_stats(), pids);
    for pid in &family {
        // Resets the high-water mark, see proc_pid_clear_refs(5).
        fs::write(format!("/proc/{pid}/clear_refs"), "5").ok()?;
    }
    (!family.is_empty()).then(|| MemoryMark(status_bytes(&family, "VmRSS:")))
}

/// How far the memory has risen since at the highest. What processes share counts for each, before and after.
pub(crate) fn memory_rise_bytes(mark: &MemoryMark, pids: &[u32]) -> u64 {
    status_bytes(&family(&read_stats(), pids), "VmHWM:").saturating_sub(mark.0)
}

fn status_bytes(pids: &[u32], key: &str) -> u64 {
    let kib = |pid: &u32| find_kib(&fs::read_to_string(format!("/proc/{pid}/status")).ok()?, key);
    pids.iter().filter_map(kib).sum::<u64>() * 1024
}

/// Bytes on disk below these directories.
pub(crate) fn disk_bytes(directories: &[PathBuf]) -> u64 {
    directories.iter().map(|directory| bytes_below(directory)).sum()
}

/// For the report: the kind of processor and how many there are.
pub(crate) fn machine() -> String {
    let model = fs::read_to_string("/proc/cpuinfo").ok().and_then(|text| {
        let line = text.lines().find(|line| line.starts_with("model name"))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    });
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let memory_kib = fs::read_to_string("/proc/meminfo").ok().and_then(|text| find_kib(&text, "MemTotal:"));
    let memory_gib = memory_kib.unwrap_or(0) / (1024 * 1024);
    format!("{cores} cores ({}), {memory_gib} GiB", model.as_deref().unwrap_or("unknown processor"))
}

/// The number that a shell command prints, if it prints one.
pub(crate) fn output_number(command: &str) -> Option<u64> {
    let output = Command::new("sh").args(["-c", command]).output().ok()?;
    String::from_utf8_lossy(&output.stdout).split_whitespace().next()?.parse().ok()
}

fn read_stats() -> BTreeMap<u32, Stat> {
    let Ok(entries) = fs::read_dir("/proc") else { return BTreeMap::new() };
    let pids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    pids.filter_map(|pid| {
        let line = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        Some((pid, parse_stat(&line)?))
    })
    .collect()
}

fn parse_stat(line: &str) -> Option<Stat> {
    // The second field is the program's name in parentheses and may hold anything, so what follows starts after
    // the last one: state, parent, ..., and from the twelfth on the four times.
    let fields: Vec<&str> = line.rsplit_once(')')?.1.split_whitespace().collect();
    let parent = fields.get(1)?.parse().ok()?;
    let times = fields.get(11..15)?.iter().filter_map(|field| field.parse::<u64>().ok());
    Some(Stat { parent, ticks: times.sum() })
}

fn family(stats: &BTreeMap<u32, Stat>, pids: &[u32]) -> Vec<u32> {
    let mut family = pids.to_vec();
    let mut next = 0;
    while let Some(parent) = family.get(next).copied() {
        let children = stats.iter().filter(|(_, stat)| stat.parent == parent).map(|(pid, _)| *pid);
        let new: Vec<u32> = children.filter(|child| !family.contains(child)).collect();
        family.extend(new);
        next += 1;
    }
    family
}

fn find_memory_kib(pid: u32) -> Option<u64> {
    let proportional = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok();
    proportional.and_then(|text| find_kib(&text, "Pss:")).or_else(|| {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
        find_kib(&status, "VmRSS:")
    })
}

fn find_kib(text: &str, key: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix(key)?.split_whitespace().next()?.parse().ok())
}

fn bytes_below(directory: &Path) -> u64 {
    use std::os::unix::fs::MetadataExt;
    let Ok(entries) = fs::read_dir(directory) else { return 0 };
    entries
        .flatten()
        .map(|entry| match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => bytes_below(&entry.path()),
            // Blocks and not the length: log files are often reserved in advance and sparse.
            Ok(metadata) => metadata.blocks() * 512,
            Err(_gone) => 0,
        })
        .sum()
}

#[expect(clippy::cast_precision_loss, reason = "a number of ticks is far below 2^52")]
fn to_float(ticks: u64) -> f64 {
    ticks as f64
}

#[cfg(test)]
mod tests {
    use super::{cpu_seconds, mark_memory, memory_bytes, memory_rise_bytes, parse_stat};

    #[test]
    fn a_name_may_hold_parentheses() {
        let line = "7 (a) b) S 3 7 7 0 -1 4194560 1 0 0 0 10 20 30 40 20 0 1 0 5";
        let stat = parse_stat(line).expect("a well-formed line");
        assert_eq!((stat.parent, stat.ticks), (3, 100));
    }

    #[test]
    fn this_process_takes_memory() {
        assert!(memory_bytes(&[std::process::id()]) > 0);
        assert!(cpu_seconds(&[std::process::id()]) >= 0.0);
    }

    #[test]
    fn a_high_water_mark_outlives_the_water() {
        let own = [std::process::id()];
        let mark = mark_memory(&own).expect("a process may reset its own");
        let block = vec![1_u8; 64 << 20];
        assert!(block.iter().all(|byte| *byte == 1));
        drop(block);
        assert!(memory_rise_bytes(&mark, &own) >= 48 << 20);
    }
}
