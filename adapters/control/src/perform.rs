//! From a request to its use case.

use std::time::Duration;

use chat_app::{App, accounts::Registration};
use chat_domain::{
    Password, User, UserId, Username,
    moderation::{self, Act, Authority},
};
use chat_ports::Ports;

use crate::{Account, Answer, Hidden, PAGE, Request};

/// Does what is asked, with the authority of the shell.
pub async fn perform<P: Ports>(app: &App<P>, request: Request) -> Answer {
    done(app, request).await.unwrap_or_else(|answer| answer)
}

async fn done<P: Ports>(app: &App<P>, request: Request) -> Result<Answer, Answer> {
    match request {
        Request::Maintain => {
            let done = app.maintain().await.map_err(|error| Answer::of_error(&error))?;
            let sessions = done.sessions;
            Ok(Answer::Maintained { sessions })
        }
        Request::ListUsers { after } => list(app, after).await,
        Request::AddUser {
            username,
            password,
            admin,
        } => add(app, &username, password, admin).await,
        Request::SetPassword { username, password } => set_password(app, &username, password).await,
        Request::IssueReset { username } => issue_reset(app, &username).await,
        Request::Promote { username } => act(app, &username, Act::Promote).await,
        Request::Demote { username } => act(app, &username, Act::Demote).await,
        Request::Unban { username } => act(app, &username, Act::Unban).await,
        Request::Ban {
            username,
            seconds,
            reason,
        } => {
            let until = seconds.map(|seconds| app.now().after(Duration::from_secs(seconds)));
            let most = app.settings().limits.reason;
            let reason = moderation::parse_reason(most, reason.as_deref().unwrap_or_default());
            let reason = reason.map_err(|error| Answer::invalid("The reason", &error))?;
            act(app, &username, Act::Ban { until, reason }).await
        }
    }
}

async fn list<P: Ports>(app: &App<P>, after: Option<u64>) -> Result<Answer, Answer> {
    let after = after.map(UserId::parse).transpose();
    let after = after.map_err(|error| Answer::invalid("after", &error))?;
    // One more than is shown tells whether there are others.
    let found = app.list_users(&Authority::Shell, after, PAGE + 1).await;
    let found = found.map_err(|error| Answer::of_error(&error))?;
    let now = app.now();
    let shown = found.iter().take(PAGE as usize);
    Ok(Answer::Users {
        users: shown.map(|user| Account::of(user, now)).collect(),
        has_more: found.len() > PAGE as usize,
    })
}

async fn add<P: Ports>(
    app: &App<P>,
    username: &str,
    password: Hidden,
    admin: bool,
) -> Result<Answer, Answer> {
    let username = parse_name(username)?;
    let password = choose(password, &username)?;
    let asked = Registration { username, password };
    let made = app.add_user(&Authority::Shell, asked).await;
    let made = made.map_err(|error| Answer::of_error(&error))?;
    if admin {
        return moderate(app, &made, Act::Promote).await;
    }
    Ok(answer(app, &made, true))
}

async fn set_password<P: Ports>(app: &App<P>, username: &str, password: Hidden) -> Result<Answer, Answer> {
    let user = named(app, username).await?;
    let password = choose(password, &user.username)?;
    let set = app.set_password(&Authority::Shell, user.id, password).await;
    let set = set.map_err(|error| Answer::of_error(&error))?;
    Ok(answer(app, &set.user, set.is_new))
}

async fn issue_reset<P: Ports>(app: &App<P>, username: &str) -> Result<Answer, Answer> {
    let user = named(app, username).await?;
    let issued = app.issue_reset(&Authority::Shell, user.id).await;
    let (user, token) = issued.map_err(|error| Answer::of_error(&error))?;
    Ok(Answer::Issued {
        user: Box::new(Account::of(&user, app.now())),
        token: Hidden::new(token.reveal()),
    })
}

async fn act<P: Ports>(app: &App<P>, username: &str, act: Act) -> Result<Answer, Answer> {
    let user = named(app, username).await?;
    moderate(app, &user, act).await
}

async fn moderate<P: Ports>(app: &App<P>, user: &User, act: Act) -> Result<Answer, Answer> {
    let outcome = app.moderate(&Authority::Shell, user.id, act).await;
    let outcome = outcome.map_err(|error| Answer::of_error(&error))?;
    Ok(answer(app, &outcome.user, outcome.is_new))
}

fn answer<P: Ports>(app: &App<P>, user: &User, is_new: bool) -> Answer {
    let user = Box::new(Account::of(user, app.now()));
    Answer::Done { user, is_new }
}

/// The account of this name. A name that nobody can have is nobody's.
async fn named<P: Ports>(app: &App<P>, username: &str) -> Result<User, Answer> {
    let nobody = || Answer::Refused {
        code: "not_found".to_owned(),
        message: format!("There is no account named {username:?}."),
    };
    let parsed = Username::parse(username).map_err(|_| nobody())?;
    let found = app.user_named(&Authority::Shell, &parsed).await;
    found.map_err(|error| match error.code() {
        "not_found" => nobody(),
        _ => Answer::of_error(&error),
    })
}

fn parse_name(username: &str) -> Result<Username, Answer> {
    Username::parse(username).map_err(|error| Answer::invalid("The username", &error))
}

fn choose(password: Hidden, owner: &Username) -> Result<Password, Answer> {
    Password::choose(password.reveal(), owner).map_err(|error| Answer::invalid("The password", &error))
}
