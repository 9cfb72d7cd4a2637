//! `init`: sets everything up and shows the first administrator's password, once.

use std::error::Error;

use chat_app::{App, setup::FirstAdmin};
use chat_domain::Username;
use chat_ports::Ports;

use crate::{cli, compose::compose, config::Config};

/// The administrator that a first start of `serve` makes.
pub(crate) const ADMIN: &str = "admin";

pub(crate) async fn init(config: &Config, asked: &cli::Init) -> Result<(), Box<dyn Error>> {
    let name = Username::parse(&asked.admin).map_err(|error| format!("--admin {error}"))?;
    let house = compose(config)?;
    let made = set_up(&house.app, name).await?;
    say(&match (made, asked.json) {
        (Some(admin), true) => serde_json::json!({
            "username": admin.user.username.as_str(),
            "password": admin.password.expose(),
        })
        .to_string(),
        (Some(admin), false) => welcome(&admin),
        (None, true) => serde_json::json!({ "username": null, "password": null }).to_string(),
        (None, false) => "Everything is set up already; nothing was changed.".to_owned(),
    });
    Ok(())
}

/// Makes the plain room and the first administrator, if they are missing.
pub(crate) async fn set_up<P: Ports>(
    app: &App<P>,
    admin: Username,
) -> Result<Option<FirstAdmin>, chat_app::Error> {
    app.ensure_plain_room().await?;
    app.ensure_first_admin(admin).await
}

pub(crate) fn welcome(admin: &FirstAdmin) -> String {
    format!(
        "The first administrator is {}, with the password {}\nIt is shown this once and kept nowhere: write it down.",
        admin.user.username,
        admin.password.expose(),
    )
}

/// One message on standard output.
#[expect(clippy::print_stdout, reason = "the command line talks to its user")]
pub(crate) fn say(line: &str) {
    println!("{line}");
}
