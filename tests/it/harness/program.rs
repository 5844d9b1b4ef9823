//! The `kith` program as a command that ends by itself.

use std::{
    ffi::OsString,
    io::{Read, Write},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

/// A command that has not ended after this long hangs.
const RUN_TIME_MAX: Duration = Duration::from_secs(60);

/// A call of the program: a working directory, arguments, an environment, and what is typed.
pub(crate) struct Program {
    command: Command,
    input: String,
}

/// A command that runs until it is dropped.
pub(crate) struct Running(Child);

impl Running {
    pub(crate) fn has_ended(&mut self) -> bool {
        self.0.try_wait().unwrap().is_some()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What came of it.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) success: bool,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Program {
    pub(crate) fn new(directory: &Path) -> Self {
        let mut command = Command::new(binary());
        command.current_dir(directory);
        Self { command, input: String::new() }
    }

    /// A script that calls `kith`, and finds the binary under test by that name.
    pub(crate) fn script(directory: &Path, script: &Path) -> Self {
        let found_in = directory.join("bin");
        std::fs::create_dir_all(&found_in).unwrap();
        std::os::unix::fs::symlink(binary(), found_in.join("kith")).unwrap();
        let path = format!("{}:{}", found_in.display(), std::env::var("PATH").unwrap_or_default());
        let mut command = Command::new(script);
        command.current_dir(directory).env("PATH", path);
        Self { command, input: String::new() }
    }

    pub(crate) fn arguments(mut self, arguments: &[&str]) -> Self {
        self.command.args(arguments);
        self
    }

    pub(crate) fn environment(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.command.env_remove(name);
        self
    }

    pub(crate) fn input(mut self, text: &str) -> Self {
        text.clone_into(&mut self.input);
        self
    }

    /// Starts the command and waits for nothing.
    pub(crate) fn start(mut self) -> Running {
        let child = self.command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        Running(child.unwrap_or_else(|error| panic!("{:?} does not start: {error}", self.command)))
    }

    /// Runs the command to its end.
    pub(crate) fn run(mut self) -> Ended {
        let mut child = self
            .command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{:?} does not start: {error}", self.command));
        // Whoever does not read its input may end before it is written.
        let _unread = child.stdin.take().unwrap().write_all(self.input.as_bytes());
        let outputs: [Box<dyn Read + Send>; 2] =
            [Box::new(child.stdout.take().unwrap()), Box::new(child.stderr.take().unwrap())];
        let readers = outputs.map(|mut output| {
            std::thread::spawn(move || {
                let mut bytes = Vec::new();
                output.read_to_end(&mut bytes).unwrap();
                String::from_utf8_lossy(&bytes).into_owned()
            })
        });
        let deadline = Instant::now() + RUN_TIME_MAX;
        let status = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break Some(status);
            }
            if Instant::now() > deadline {
                child.kill().unwrap();
                child.wait().unwrap();
                break None;
            }
            std::thread::sleep(Duration::from_millis(10));
        };
        let [stdout, stderr] = readers.map(|reader| reader.join().unwrap());
        let Some(status) = status else { panic!("{:?} does not end:\n{stdout}{stderr}", self.command) };
        Ended { success: status.success(), stdout, stderr }
    }
}

impl Ended {
    /// The standard output of a success.
    #[track_caller]
    pub(crate) fn ok(self) -> String {
        assert!(self.success, "the command failed:\n{}{}", self.stdout, self.stderr);
        self.stdout
    }

    /// The error output of a failure, which must name all of these.
    #[track_caller]
    pub(crate) fn failed(self, named: &[&str]) -> String {
        assert!(!self.success, "the command succeeded:\n{}{}", self.stdout, self.stderr);
        for word in named {
            assert!(self.stderr.contains(word), "the error does not name {word:?}:\n{}", self.stderr);
        }
        assert!(!self.stderr.contains("panicked"), "a panic is no error message:\n{}", self.stderr);
        self.stderr
    }
}

/// The binary under test: `KITH_BIN`, or the one that cargo built beside this test.
pub(super) fn binary() -> PathBuf {
    if let Some(path) = std::env::var_os("KITH_BIN").filter(|path| *path != OsString::new()) {
        return path.into();
    }
    let test = std::env::current_exe().unwrap();
    let path = test.parent().and_then(Path::parent).unwrap().join("kith");
    assert!(path.exists(), "build the server first: cargo build -p kith-server (or run tests/run)");
    path
}
