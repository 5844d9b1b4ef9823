//! The command line.

use crate::scale::ScaleName;
use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;

/// Drives a Matrix homeserver and measures it.
#[derive(Parser, Debug)]
#[command(name = "kith-bench", max_term_width = 100)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Runs the scenarios against one server
    Measure(Measure),
    /// Sets two reports side by side, as markdown on standard output
    Compare(Compare),
    /// Runs the scenarios of two servers that share rooms
    Federation(Federation),
    /// Sets the reports of several pairs side by side, as markdown on standard output
    ComparePairs(ComparePairs),
}

#[derive(Args, Debug)]
pub(crate) struct Measure {
    /// Base URL of the server
    #[arg(long, default_value = "http://127.0.0.1:8008")]
    pub(crate) base: String,

    /// Secret for making accounts through /_synapse/admin/v1/register; without it registration has to be open
    #[arg(long)]
    pub(crate) shared_secret: Option<String>,

    /// Token of an application service that may make accounts without a password: the crowds that fill rooms are then
    /// made through it, because thousands of password hashes would take longer than everything that is measured
    #[arg(long)]
    pub(crate) appservice_token: Option<String>,

    /// Process of the server, counted with all its descendants; may be repeated (a database beside it)
    #[arg(long)]
    pub(crate) pid: Vec<u32>,

    /// Directory whose size is reported; may be repeated
    #[arg(long)]
    pub(crate) data_dir: Vec<PathBuf>,

    /// A shell command that prints how many bytes the index of messages takes
    #[arg(long)]
    pub(crate) index_size_command: Option<String>,

    /// How much of everything
    #[arg(long, value_enum, default_value_t = ScaleName::Small)]
    pub(crate) scale: ScaleName,

    /// Runs only the named scenarios; may be repeated
    #[arg(long)]
    pub(crate) only: Vec<String>,

    /// What the server is called in tables
    #[arg(long, default_value = "server")]
    pub(crate) label: String,

    /// A remark for the report: the release, the settings, the day
    #[arg(long, default_value = "")]
    pub(crate) note: String,

    /// Where the report goes, as JSON
    #[arg(long)]
    pub(crate) out: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(crate) struct Federation {
    /// How much of everything
    #[arg(long, value_enum, default_value_t = ScaleName::Small)]
    pub(crate) scale: ScaleName,

    /// Runs only the named scenarios; may be repeated
    #[arg(long)]
    pub(crate) only: Vec<String>,

    /// What the pair is called in tables: guest → host
    #[arg(long, default_value = "guest → host")]
    pub(crate) label: String,

    /// A remark for the report
    #[arg(long, default_value = "")]
    pub(crate) note: String,

    /// Where the report goes, as JSON
    #[arg(long)]
    pub(crate) out: Option<PathBuf>,

    /// The program that starts both servers, the guest's first (servers.py beside this)
    #[arg(last = true, required = true)]
    pub(crate) servers: Vec<String>,
}

#[derive(Args, Debug)]
pub(crate) struct ComparePairs {
    /// Reports of `federation`, in the order in which they are shown
    #[arg(required = true)]
    pub(crate) reports: Vec<PathBuf>,
}

#[derive(Args, Debug)]
pub(crate) struct Compare {
    /// The report whose advantage the ratios state
    pub(crate) ours: PathBuf,
    /// The report it is measured against
    pub(crate) theirs: PathBuf,
}
