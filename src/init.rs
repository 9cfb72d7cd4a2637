//! `init`: sets everything up and shows the first administrator's password, once.

use std::error::Error;

use chat_app::{App, setup::FirstAdmin};
use chat_domain::{PasswordHash, Secret, Username};
use chat_ports::Ports;

use crate::{cli, compose::compose, config::Config};

/// The administrator that a first start of `serve` makes.
pub(crate) const ADMIN: &str = "admin";

pub(crate) async fn init(config: &Config, asked: &cli::Init) -> Result<(), Box<dyn Error>> {
    let name = Username::parse(&asked.admin).map_err(|error| format!("--admin {error}"))?;
    let house = compose(config)?;
    let show = if asked.json { as_json } else { welcome };
    let is_new = set_up(&house.app, name, config.admin_password_hash()?, show).await?;
    house.store.settled().await;
    match (is_new, asked.json) {
        (true, _) => {}
        (false, true) => say(&serde_json::json!({ "username": null, "password": null }).to_string()),
        (false, false) => say("Everything is set up already; nothing was changed."),
    }
    Ok(())
}

/// Makes the plain room and the first administrator, if they are missing. Whether there was nobody before.
pub(crate) async fn set_up<P: Ports>(
    app: &App<P>,
    admin: Username,
    chosen: Option<PasswordHash>,
    show: impl FnOnce(&FirstAdmin) + Send,
) -> Result<bool, chat_app::Error> {
    app.ensure_plain_room().await?;
    Ok(app.ensure_first_admin(admin, chosen, show).await?.is_some())
}

pub(crate) fn welcome(admin: &FirstAdmin) {
    let name = &admin.username;
    say(&match &admin.password {
        Some(password) => format!(
            "The first administrator is {name}, with the password {}\nIt is shown this once and kept nowhere: write it down.",
            password.expose(),
        ),
        None => format!("The first administrator is {name}, with the password of ADMIN_PASSWORD_HASH."),
    });
}

fn as_json(admin: &FirstAdmin) {
    let shown = serde_json::json!({
        "username": admin.username.as_str(),
        "password": admin.password.as_ref().map(Secret::expose),
    });
    say(&shown.to_string());
}

/// One message on standard output.
#[expect(clippy::print_stdout, reason = "the command line talks to its user")]
pub(crate) fn say(line: &str) {
    println!("{line}");
}
