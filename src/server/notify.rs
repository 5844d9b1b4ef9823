//! Tells systemd (`Type=notify`) when the server is ready and when it stops. Without systemd nothing happens.
//! <https://www.freedesktop.org/software/systemd/man/latest/sd_notify.html>

use std::ffi::OsString;
use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};

const SOCKET_VARIABLE: &str = "NOTIFY_SOCKET";

/// The server answers requests from now on.
pub(crate) fn ready() {
    tell("READY=1");
}

/// The server has begun to stop.
pub(crate) fn stopping() {
    tell("STOPPING=1");
}

fn tell(state: &str) {
    if let Some(socket) = std::env::var_os(SOCKET_VARIABLE)
        && let Err(error) = send(&socket, state)
    {
        tracing::warn!(%error, "could not tell the service manager {state}");
    }
}

fn send(socket: &OsString, state: &str) -> io::Result<()> {
    let address = match socket.as_bytes().strip_prefix(b"@") {
        Some(name) => SocketAddr::from_abstract_name(name)?,
        None => SocketAddr::from_pathname(socket)?,
    };
    UnixDatagram::unbound()?.send_to_addr(state.as_bytes(), &address)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::send;
    use std::os::unix::net::UnixDatagram;

    #[test]
    fn the_message_arrives() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let path = directory.path().join("notify");
        let receiver = UnixDatagram::bind(&path).expect("bound");
        send(&path.into_os_string(), "READY=1").expect("sent");
        let mut buffer = [0; 16];
        let length = receiver.recv(&mut buffer).expect("received");
        assert_eq!(&buffer[..length], b"READY=1");
    }
}
