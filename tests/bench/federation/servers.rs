//! The program that runs the two servers, and what is said between it and us: a line of JSON for each thing asked.

use crate::Outcome;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::path::PathBuf;
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

pub(super) struct Servers {
    program: Child,
    ask: ChildStdin,
    answers: BufReader<ChildStdout>,
}

/// One of the two as the program describes it.
#[derive(Deserialize)]
pub(super) struct Description {
    /// What stands after the colon in its users' ids.
    pub(super) name: String,
    pub(super) base: String,
    pub(super) pids: Vec<u32>,
    pub(super) data: PathBuf,
    pub(super) appservice_token: String,
}

impl Servers {
    /// Starts the program, which starts both.
    pub(super) async fn open(command: &[String]) -> Outcome<(Servers, [Description; 2])> {
        let (name, arguments) = command.split_first().ok_or("no command that starts the servers")?;
        let mut program =
            Command::new(name).args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let ask = program.stdin.take().ok_or("no standard input")?;
        let answers = BufReader::new(program.stdout.take().ok_or("no standard output")?);
        let mut servers = Servers { program, ask, answers };
        match servers.hear().await {
            Ok(descriptions) => Ok((servers, descriptions)),
            Err(error) => {
                // One of them may run; the next pair must not start before it is gone.
                let _less_telling_than_the_first_error = servers.close().await;
                Err(error)
            }
        }
    }

    pub(super) async fn stop(&mut self, index: usize) -> Outcome<()> {
        let _pids: Vec<u32> = self.say(&format!("stop {index}\n")).await?;
        Ok(())
    }

    /// Starts one that was stopped; gives its processes when it answers requests.
    pub(super) async fn start(&mut self, index: usize) -> Outcome<Vec<u32>> {
        self.say(&format!("start {index}\n")).await
    }

    /// Stops both and waits until they are gone.
    pub(super) async fn close(self) -> Outcome<()> {
        let Servers { mut program, ask, answers } = self;
        drop(ask);
        let status = program.wait().await?;
        drop(answers);
        if status.success() {
            Ok(())
        } else {
            Err(format!("the servers' program ended with {status}").into())
        }
    }

    async fn say<T: DeserializeOwned>(&mut self, line: &str) -> Outcome<T> {
        self.ask.write_all(line.as_bytes()).await?;
        self.ask.flush().await?;
        self.hear().await
    }

    async fn hear<T: DeserializeOwned>(&mut self) -> Outcome<T> {
        let mut line = String::new();
        if self.answers.read_line(&mut line).await? == 0 {
            return Err("the servers' program ended".into());
        }
        Ok(serde_json::from_str(&line)?)
    }
}
