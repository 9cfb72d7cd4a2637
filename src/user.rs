//! `user …`: sees to accounts, through a running server where there is one.

use std::io::BufRead;

use chat_control::{Account, Answer, Hidden, Request};

use crate::{Failure, cli, config::Config, init::say, master::Master};

pub(crate) async fn user(config: &Config, asked: cli::User) -> Result<(), Failure> {
    let master = Master::find(config)?;
    match asked {
        cli::User::List(show) => list(&master, show).await,
        cli::User::Add(add) => make(&master, add).await,
        cli::User::Passwd(passwd) => set_password(&master, passwd).await,
        cli::User::ResetLink(whom) => reset_link(config, &master, whom).await,
        cli::User::Promote(whom) => {
            let username = whom.username.clone();
            act(
                &master,
                Request::Promote { username },
                &whom,
                "administers the server",
            )
            .await
        }
        cli::User::Demote(whom) => {
            let username = whom.username.clone();
            act(
                &master,
                Request::Demote { username },
                &whom,
                "is an ordinary user",
            )
            .await
        }
        cli::User::Unban(whom) => {
            let username = whom.username.clone();
            act(&master, Request::Unban { username }, &whom, "is not banned").await
        }
        cli::User::Ban(ban) => {
            let request = Request::Ban {
                username: ban.whom.username.clone(),
                seconds: ban.span.map(|span| span.seconds),
                reason: ban.reason,
            };
            act(&master, request, &ban.whom, "is banned").await
        }
    }
}

async fn list(master: &Master, show: cli::Show) -> Result<(), Failure> {
    let mut all: Vec<Account> = Vec::new();
    loop {
        let after = all.last().map(|account| account.id);
        match master.ask(Request::ListUsers { after }).await? {
            Answer::Users { users, has_more } => {
                all.extend(users);
                if !has_more {
                    break;
                }
            }
            other @ (Answer::Done { .. }
            | Answer::Maintained { .. }
            | Answer::Issued { .. }
            | Answer::Refused { .. }
            | Answer::Failed { .. }) => {
                return Err(Failure::of(other));
            }
        }
    }
    if show.json {
        say(&serde_json::to_string(&all)?);
    } else {
        say(&table(&all));
    }
    Ok(())
}

/// Accounts in columns that can be read, and cut apart at white space.
fn table(accounts: &[Account]) -> String {
    let mut lines = vec![[
        "ID".to_owned(),
        "NAME".to_owned(),
        "KIND".to_owned(),
        "ADMIN".to_owned(),
        "BANNED".to_owned(),
        "MADE".to_owned(),
        "LAST SEEN".to_owned(),
    ]];
    let yes = |is: bool| if is { "yes" } else { "-" }.to_owned();
    lines.extend(accounts.iter().map(|account| {
        let banned = match &account.banned_until {
            Some(until) => format!("until {until}"),
            None => yes(account.is_banned),
        };
        [
            account.id.to_string(),
            account.username.clone(),
            account.kind.clone(),
            yes(account.is_admin),
            banned,
            account.created_at.clone(),
            account.last_seen.clone(),
        ]
    }));
    let mut widths = [0; 7];
    for line in &lines {
        for (width, cell) in widths.iter_mut().zip(line) {
            *width = (*width).max(cell.len());
        }
    }
    let shown = lines.iter().map(|line| {
        let cells = line.iter().zip(widths);
        let padded: Vec<_> = cells.map(|(cell, width)| format!("{cell:width$}")).collect();
        padded.join("  ").trim_end().to_owned()
    });
    shown.collect::<Vec<_>>().join("\n")
}

async fn make(master: &Master, asked: cli::Add) -> Result<(), Failure> {
    let password = Chosen::take(asked.password_stdin)?;
    let request = Request::AddUser {
        username: asked.whom.username,
        password: password.hidden(),
        admin: asked.admin,
    };
    let (user, _) = done(master.ask(request).await?)?;
    password.show(&user, asked.whom.show, "was made");
    Ok(())
}

async fn set_password(master: &Master, asked: cli::Passwd) -> Result<(), Failure> {
    let password = Chosen::take(asked.password_stdin)?;
    let request = Request::SetPassword {
        username: asked.whom.username,
        password: password.hidden(),
    };
    let (user, _) = done(master.ask(request).await?)?;
    password.show(
        &user,
        asked.whom.show,
        "has another password, and is signed out everywhere",
    );
    Ok(())
}

async fn reset_link(config: &Config, master: &Master, whom: cli::Whom) -> Result<(), Failure> {
    let username = whom.username;
    let answer = master.ask(Request::IssueReset { username }).await?;
    let Answer::Issued { user, token } = answer else {
        return Err(Failure::of(answer));
    };
    // What stands behind # is seen by the browser alone, and by no log on the way.
    let link = format!("{}/#/reset/{}", address(config)?, token.reveal());
    if whom.show.json {
        say(&serde_json::json!({ "username": user.username, "link": link }).to_string());
    } else {
        say(&format!(
            "{} begins anew with other keys at {link}\nIt is good once, for a day, for whoever has it; it is shown this once and \
             kept nowhere. What was sealed for the old keys stays closed.",
            user.username
        ));
    }
    Ok(())
}

/// What addresses of the server begin with, for people.
fn address(config: &Config) -> Result<String, Failure> {
    let public = config.public_url()?;
    let local = || format!("http://127.0.0.1:{}", config.websocket_port);
    Ok(public.map_or_else(local, |url| url.origin()))
}

async fn act(master: &Master, request: Request, whom: &cli::Whom, state: &str) -> Result<(), Failure> {
    let (user, is_new) = done(master.ask(request).await?)?;
    if whom.show.json {
        say(&serde_json::to_string(&user)?);
        return Ok(());
    }
    let already = if is_new {
        ""
    } else {
        " already; nothing was changed"
    };
    let until = match &user.banned_until {
        Some(until) => format!(" until {until}"),
        None => String::new(),
    };
    say(&format!("{} {state}{until}{already}.", user.username));
    Ok(())
}

fn done(answer: Answer) -> Result<(Account, bool), Failure> {
    match answer {
        Answer::Done { user, is_new } => Ok((*user, is_new)),
        other @ (Answer::Users { .. }
        | Answer::Maintained { .. }
        | Answer::Issued { .. }
        | Answer::Refused { .. }
        | Answer::Failed { .. }) => Err(Failure::of(other)),
    }
}

/// A password, and whether its owner has seen it.
enum Chosen {
    Given(String),
    Drawn(String),
}

impl Chosen {
    fn take(from_input: bool) -> Result<Self, Failure> {
        if !from_input {
            return Ok(Self::Drawn(chat_app::setup::draw_password(
                &chat_system::SystemEntropy,
            )));
        }
        let mut line = String::new();
        let read = std::io::stdin().lock().read_line(&mut line);
        read.map_err(|error| format!("the password could not be read from standard input: {error}"))?;
        Ok(Self::Given(line.trim_end_matches(['\r', '\n']).to_owned()))
    }

    fn hidden(&self) -> Hidden {
        let (Self::Given(password) | Self::Drawn(password)) = self;
        Hidden::new(password.clone())
    }

    fn show(&self, user: &Account, show: cli::Show, what: &str) {
        match (self, show.json) {
            (Self::Drawn(password), true) => {
                say(&serde_json::json!({ "username": user.username, "password": password }).to_string());
            }
            (Self::Given(_), true) => say(&serde_json::json!({ "username": user.username }).to_string()),
            (Self::Drawn(password), false) => say(&format!(
                "{} {what}. The password is {password}\nIt is shown this once and kept nowhere: write it down.",
                user.username
            )),
            (Self::Given(_), false) => say(&format!("{} {what}.", user.username)),
        }
    }
}
