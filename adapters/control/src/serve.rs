//! The server's end of the socket.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use chat_app::App;
use chat_ports::Ports;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{UnixListener, UnixStream},
    sync::Semaphore,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{Answer, LONGEST, perform};

/// Callers at once; further ones wait.
const CALLERS: usize = 8;
/// How long a caller may take to say what it wants, or to take the answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// The socket; its file goes with it.
#[derive(Debug)]
pub struct Control {
    listener: UnixListener,
    path: PathBuf,
}

impl Drop for Control {
    fn drop(&mut self) {
        // What is left of it the next start puts away.
        let _ = fs::remove_file(&self.path);
    }
}

/// Opens the socket, readable for its owner alone, in place of one that a process before this one has left. The caller
/// holds the data directory, so nobody answers there.
///
/// # Errors
/// Those of the file system; a path of more than 107 bytes is none for a socket.
pub fn listen(path: &Path) -> io::Result<Control> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let listener = UnixListener::bind(path)?;
    let control = Control {
        listener,
        path: path.to_owned(),
    };
    fs::set_permissions(path, Permissions::from_mode(0o600))?;
    Ok(control)
}

/// Answers until it is told to stop. What is under way then is done all the same; `tasks` knows of it.
pub async fn serve<P: Ports>(
    control: Control,
    app: Arc<App<P>>,
    tasks: TaskTracker,
    stop: CancellationToken,
) {
    let places = Arc::new(Semaphore::new(CALLERS));
    loop {
        let accepted = tokio::select! {
            accepted = control.listener.accept() => accepted,
            () = stop.cancelled() => return,
        };
        let Ok((stream, _)) = accepted else {
            // No descriptor is free; there may be one in a moment.
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        let Ok(place) = Arc::clone(&places).acquire_owned().await else {
            return;
        };
        let (app, stop) = (Arc::clone(&app), stop.clone());
        tasks.spawn(async move {
            // Who hangs up has not been told, and what was asked is done all the same.
            let _ = attend(stream, &app, &stop).await;
            drop(place);
        });
    }
}

async fn attend<P: Ports>(stream: UnixStream, app: &App<P>, stop: &CancellationToken) -> io::Result<()> {
    let (reader, mut writer) = stream.into_split();
    let mut line = String::new();
    let mut reader = BufReader::new(reader.take(LONGEST));
    tokio::select! {
        read = tokio::time::timeout(PATIENCE, reader.read_line(&mut line)) => read??,
        // Nothing has been asked for yet.
        () = stop.cancelled() => return Ok(()),
    };
    let answer = match serde_json::from_str(&line) {
        Ok(request) => perform(app, request).await,
        Err(error) => Answer::invalid("The request", &error),
    };
    let mut line = serde_json::to_vec(&answer)?;
    line.push(b'\n');
    tokio::time::timeout(PATIENCE, writer.write_all(&line)).await?
}
