//! `doctor`: looks for what is wrong with an installation, and says what to mend.

use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::time::Duration;

use chat_domain::Timestamp;
use chat_ports::Clock;
use chat_system::SystemClock;
use serde::Serialize;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use crate::{Failure, cli::Show, compose, config::Config, init::say};

/// No clock of a machine that runs this program is before it.
const BUILT: Timestamp = Timestamp::from_millis(1_767_225_600_000);
/// Room on the disk below which it is time to act, and below which writing is about to be refused.
const SCARCE: u64 = 1024 * 1024 * 1024;
const NOTHING: u64 = 100 * 1024 * 1024;

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    Good,
    Doubtful,
    Bad,
}

/// What was found about something.
#[derive(Debug, Serialize)]
struct Finding {
    about: &'static str,
    state: State,
    words: String,
}

/// A state with its words; of which matter, the caller knows.
type Found = (State, String);

fn good(words: impl Into<String>) -> Found {
    (State::Good, words.into())
}

fn doubtful(words: impl Into<String>) -> Found {
    (State::Doubtful, words.into())
}

fn bad(words: impl Into<String>) -> Found {
    (State::Bad, words.into())
}

pub(crate) async fn doctor(config: &Config, show: Show) -> Result<(), Failure> {
    let is_served = compose::is_served(config)?;
    let found = [
        ("data directory", directory(&config.data_dir)),
        ("rights", rights(&config.data_dir)),
        ("disk", room(&config.data_dir)),
        ("database", database(config)),
        ("clock", clock(config)),
        ("server", server(config, is_served).await),
        ("address", address(config)),
        ("proxy", proxy(config)),
    ];
    let findings = found.map(|(about, (state, words))| Finding { about, state, words });
    if show.json {
        say(&serde_json::to_string_pretty(&findings)?);
    } else {
        for Finding { about, state, words } in &findings {
            let mark = match state {
                State::Good => "ok  ",
                State::Doubtful => "look",
                State::Bad => "BAD ",
            };
            say(&format!("{mark}  {about:14}  {words}"));
        }
    }
    let bad = findings
        .iter()
        .filter(|finding| finding.state == State::Bad)
        .count();
    if bad > 0 {
        return Err(format!("{bad} of {} findings are bad", findings.len()).into());
    }
    Ok(())
}

fn directory(path: &Path) -> Found {
    let shown = path.display();
    match fs::metadata(path) {
        Ok(found) if !found.is_dir() => bad(format!("{shown} is no directory")),
        Ok(found) if found.permissions().mode() & 0o077 != 0 => {
            bad(format!("{shown} is open to others: run `chmod 700 {shown}`"))
        }
        Ok(_) => good(format!("{shown} is its owner's own")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            doubtful(format!("{shown} does not exist yet: the first start makes it"))
        }
        Err(error) => bad(format!("{shown} cannot be read: {error}")),
    }
}

/// Of every file in the data directory.
fn rights(path: &Path) -> Found {
    let Ok(entries) = fs::read_dir(path) else {
        return good("there are no files yet");
    };
    let owner = fs::metadata(path).map(|found| found.uid());
    let mut count = 0;
    for entry in entries.flatten() {
        let (path, Ok(found)) = (entry.path(), entry.metadata()) else {
            continue;
        };
        let shown = path.display();
        if found.permissions().mode() & 0o077 != 0 {
            return bad(format!("{shown} is open to others: run `chmod go= {shown}`"));
        }
        if owner.as_ref().is_ok_and(|owner| *owner != found.uid()) {
            return bad(format!(
                "{shown} belongs to another user than the directory: run `chown` on it"
            ));
        }
        count += 1;
    }
    good(format!("{count} files are their owner's own"))
}

fn room(path: &Path) -> Found {
    let place = if path.exists() { path } else { Path::new(".") };
    match rustix::fs::statvfs(place) {
        Ok(disk) => {
            let free = disk.f_bavail.saturating_mul(disk.f_frsize);
            let words = format!("{} MiB are free", free / 1024 / 1024);
            match free {
                ..NOTHING => bad(format!("{words}: writing is refused when they are used up")),
                NOTHING..SCARCE => doubtful(words),
                SCARCE.. => good(words),
            }
        }
        Err(error) => bad(format!("cannot be asked how much is free: {error}")),
    }
}

fn database(config: &Config) -> Found {
    let path = config.database();
    let shown = path.display();
    if !path.exists() {
        return doubtful(format!("{shown} does not exist yet: the first start makes it"));
    }
    match chat_sqlite::inspect(&path) {
        Err(error) => bad(format!("{shown} cannot be read: {error}")),
        Ok(found) if !found.damages.is_empty() => bad(format!(
            "{shown} is damaged ({}): restore a backup",
            found.damages.join("; ")
        )),
        Ok(found) if found.schema > found.newest_schema => bad(format!(
            "{shown} has the schema {}, and this program knows {}: use the newer version",
            found.schema, found.newest_schema
        )),
        Ok(found) if found.schema < found.newest_schema => doubtful(format!(
            "{shown} is whole; the next start brings its schema from {} to {}",
            found.schema, found.newest_schema
        )),
        Ok(found) => good(format!("{shown} is whole, with the schema {}", found.schema)),
    }
}

fn clock(config: &Config) -> Found {
    let now = SystemClock.now();
    let shown = chat_wire::time::rfc3339(now);
    if now < BUILT {
        return bad(format!(
            "it is {shown} here, which was before this program: set the clock"
        ));
    }
    let newest = chat_sqlite::inspect(&config.database())
        .ok()
        .and_then(|found| found.newest_event);
    match newest {
        Some(newest) if newest > now => bad(format!(
            "it is {shown} here, and the newest event is of {}: set the clock",
            chat_wire::time::rfc3339(newest)
        )),
        _ => good(format!("it is {shown} here")),
    }
}

/// Whether one runs and answers, or could.
async fn server(config: &Config, is_served: bool) -> Found {
    let (host, port) = (config.websocket_host, config.websocket_port);
    let address = format!("http://{host}:{port}");
    if !is_served {
        return match TcpListener::bind((host, port)).await {
            Ok(_) => good(format!("none runs; {address} is free")),
            Err(error) => bad(format!(
                "none runs, and none could at {address}: {error}; stop what is there, or set WEBSOCKET_PORT"
            )),
        };
    }
    let answer = tokio::time::timeout(Duration::from_secs(5), ask_readiness(host, port)).await;
    match answer {
        Ok(Ok(200)) => good(format!("one runs, and answers at {address}")),
        Ok(Ok(status)) => bad(format!(
            "one runs, and answers {address}/readyz with {status}: read its log"
        )),
        Ok(Err(error)) => doubtful(format!(
            "one runs, and is not reached at {address} ({error}): was it started with another port?"
        )),
        Err(_) => bad(format!(
            "one runs, and does not answer at {address}: read its log"
        )),
    }
}

/// The status of `/readyz`.
async fn ask_readiness(host: std::net::IpAddr, port: u16) -> io::Result<u16> {
    let host = match host {
        host if host.is_unspecified() && host.is_ipv4() => std::net::Ipv4Addr::LOCALHOST.into(),
        host if host.is_unspecified() => std::net::Ipv6Addr::LOCALHOST.into(),
        host => host,
    };
    let mut stream = TcpStream::connect((host, port)).await?;
    let request = "GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).await?;
    let mut head = [0; 12];
    stream.read_exact(&mut head).await?;
    let status = std::str::from_utf8(&head)
        .ok()
        .and_then(|head| head.strip_prefix("HTTP/1.1 "));
    let status = status.and_then(|status| status.parse().ok());
    status.ok_or_else(|| io::Error::other("no HTTP"))
}

fn address(config: &Config) -> Found {
    let is_open = !config.websocket_host.is_loopback();
    match config.public_url() {
        Ok(Some(url)) if url.is_secure() => good("people come over HTTPS"),
        Ok(Some(_)) => doubtful(
            "PUBLIC_URL is without TLS: whoever is on the way reads everything, and browsers offer no encryption there",
        ),
        _ if is_open => bad("the server is open to the network and has no PUBLIC_URL: set it, with https"),
        _ => good("the server is for this machine alone; set PUBLIC_URL to open it"),
    }
}

fn proxy(config: &Config) -> Found {
    let is_secure = config
        .public_url()
        .is_ok_and(|url| url.is_some_and(|url| url.is_secure()));
    if is_secure && !config.trusts_proxies() {
        return doubtful(
            "there has to be one for TLS, and none is named in TRUSTED_PROXIES: limits by address count all people as one",
        );
    }
    good(if config.trusts_proxies() {
        "those of TRUSTED_PROXIES name the clients' addresses"
    } else {
        "none is trusted"
    })
}
