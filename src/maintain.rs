//! `maintain`: does now what the server does on a schedule.

use chat_control::{Answer, Request};

use crate::{Failure, cli::Show, config::Config, init::say, master::Master};

pub(crate) async fn maintain(config: &Config, show: Show) -> Result<(), Failure> {
    let answer = Master::find(config)?.ask(Request::Maintain).await?;
    let Answer::Maintained { sessions } = answer else {
        return Err(Failure::of(answer));
    };
    if show.json {
        say(&serde_json::json!({ "sessions_ended": sessions }).to_string());
    } else {
        let plural = if sessions == 1 { "" } else { "s" };
        say(&format!(
            "{sessions} session{plural} ended whose time was over; the database is in good shape."
        ));
    }
    Ok(())
}
