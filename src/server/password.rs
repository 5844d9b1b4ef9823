//! Passwords on the command line: from a flag, from the terminal without echo, or from standard input.

use crate::cli::PasswordSource;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use std::io::{self, BufRead, IsTerminal, Write};

/// Why there is no password.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PasswordError {
    #[error("cannot read a password: {0}")]
    Io(#[from] io::Error),
    #[error("the two passwords differ")]
    Differ,
    #[error("no password was given")]
    Empty,
}

impl PasswordSource {
    /// The password.
    pub(crate) fn read(&self) -> Result<String, PasswordError> {
        let password = match &self.password {
            Some(password) => password.clone(),
            None if io::stdin().is_terminal() => ask_twice()?,
            None => read_line()?,
        };
        if password.is_empty() { Err(PasswordError::Empty) } else { Ok(password) }
    }
}

fn ask_twice() -> Result<String, PasswordError> {
    let _silence = Silence::begin()?;
    let first = ask("Password: ")?;
    let second = ask("Again: ")?;
    if first == second { Ok(first) } else { Err(PasswordError::Differ) }
}

fn ask(question: &str) -> Result<String, io::Error> {
    let mut terminal = io::stderr();
    write!(terminal, "{question}")?;
    terminal.flush()?;
    let line = read_line();
    // The newline that was typed has not been shown.
    writeln!(terminal)?;
    line
}

fn read_line() -> Result<String, io::Error> {
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line)?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

/// While it lives, the terminal does not show what is typed.
struct Silence(Termios);

impl Silence {
    fn begin() -> io::Result<Silence> {
        let before = tcgetattr(io::stdin())?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        tcsetattr(io::stdin(), OptionalActions::Flush, &silent)?;
        Ok(Silence(before))
    }
}

impl Drop for Silence {
    fn drop(&mut self) {
        if let Err(error) = tcsetattr(io::stdin(), OptionalActions::Flush, &self.0) {
            eprintln!("kith: could not switch the terminal's echo on again ({error}); type `stty echo`");
        }
    }
}
