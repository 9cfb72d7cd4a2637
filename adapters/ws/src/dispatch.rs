//! What a client's frame leads to.

use std::sync::Arc;
use std::time::Duration;

use chat_app::{App, Error, SessionToken, SignedIn};
use chat_domain::{ClientId, Refusal};
use chat_ports::Ports;
use chat_wire::{
    ClientFrame, Problem, ServerFrame,
    frame::client::{Auth, Ping, Resume, Typing},
    request::SendMessage,
};

use crate::{close::CloseCode, connection::Connection, frame, meters, posts::Posting};

/// How a frame was taken.
pub(crate) enum Taken {
    /// Done, and answered if there is an answer; or not done, for no fault of the client's.
    Done,
    /// A message that is on its way into the store.
    Posting(Posting),
    /// Refused, and said so; the connection stays.
    Refused,
    /// The client wants to know what it missed.
    Resume(Resume),
    /// The client authenticates again; whether this is the same user is for the connection to say.
    Auth(Auth),
}

/// Carries out one frame of a signed-in client. `ration` counts those that are no messages: these are counted by
/// their author, whatever they come by.
pub(crate) async fn dispatch<P: Ports>(
    app: &Arc<App<P>>,
    who: &SignedIn,
    connection: &Arc<Connection>,
    text: &str,
    ration: impl FnOnce() -> Result<(), Duration>,
) -> Taken {
    let taken = match ClientFrame::parse(text) {
        Ok(asked) => carry_out(app, who, connection, asked, ration).await,
        Err(problem) => Err(problem),
    };
    taken.unwrap_or_else(|problem| {
        let reference = ClientFrame::reference(text);
        refuse(connection, &problem, reference.client_id.as_deref());
        if is_clients_fault(&problem) {
            Taken::Refused
        } else {
            Taken::Done
        }
    })
}

/// What the server fails to do is not held against the client.
fn is_clients_fault(problem: &Problem) -> bool {
    problem.status < 500
}

fn refuse(connection: &Connection, problem: &Problem, client_id: Option<&str>) {
    meters::refused(problem.code);
    send(connection, &ServerFrame::error(problem, client_id));
}

async fn carry_out<P: Ports>(
    app: &Arc<App<P>>,
    who: &SignedIn,
    connection: &Arc<Connection>,
    asked: ClientFrame,
    ration: impl FnOnce() -> Result<(), Duration>,
) -> Result<Taken, Problem> {
    if !matches!(asked, ClientFrame::Message(_)) {
        ration().map_err(|retry_after| Problem::of(&Refusal::RateLimited { retry_after }.into()))?;
    }
    match asked {
        ClientFrame::Auth(auth) => return Ok(Taken::Auth(auth)),
        ClientFrame::Resume(resume) => return Ok(Taken::Resume(resume)),
        ClientFrame::Message(asked) => return post(app, who, connection, asked).await,
        ClientFrame::Typing(signal) => typing(app, who, signal).await?,
        ClientFrame::Ping(ping) => pong(connection, ping),
    }
    Ok(Taken::Done)
}

async fn typing<P: Ports>(app: &Arc<App<P>>, who: &SignedIn, signal: Typing) -> Result<(), Problem> {
    let told = |error: Error| problem(app, &error);
    let member = app.enter_to_write(who, signal.room()?).await.map_err(told)?;
    app.signal_typing(&member, signal.is_typing).map_err(told)
}

async fn post<P: Ports>(
    app: &Arc<App<P>>,
    who: &SignedIn,
    connection: &Arc<Connection>,
    asked: SendMessage,
) -> Result<Taken, Problem> {
    let (room, said) = asked.parse(&app.settings().limits)?;
    let member = app.enter_to_write(who, room).await;
    let member = member.map_err(|error| problem(app, &error))?;
    let (app, connection) = (Arc::clone(app), Arc::clone(connection));
    let client_id = said.client_id.clone();
    Ok(Taken::Posting(Box::pin(async move {
        let acknowledge = |message: &chat_domain::Message| send(&connection, &ServerFrame::ack(message));
        let Err(error) = app.post_message(&member, said, acknowledge).await else {
            return true;
        };
        let problem = problem(&app, &error);
        refuse(&connection, &problem, client_id.as_ref().map(ClientId::as_str));
        !is_clients_fault(&problem)
    })))
}

fn pong(connection: &Connection, ping: Ping) {
    send(connection, &ServerFrame::Pong { t: ping.t });
}

pub(crate) fn send(connection: &Connection, told: &ServerFrame<'_>) {
    connection.send(&[frame::text(&told.to_json())]);
}

/// The problem that the client is told; what is internal goes to the log, under a number that both can name.
pub(crate) fn problem<P: Ports>(app: &App<P>, error: &Error) -> Problem {
    let mut problem = Problem::of(error);
    if let Error::Internal(source) = error {
        let incident = app.incident_id();
        tracing::error!(%incident, error = %source, "a frame could not be carried out");
        problem.incident = Some(incident);
    }
    problem
}

/// Recognises the client: by the token of its frame or, without one, by the cookie of its handshake.
pub(crate) async fn authenticate<P: Ports>(
    app: &App<P>,
    auth: &Auth,
    cookie: Option<&SessionToken>,
) -> Result<SignedIn, CloseCode> {
    let shown = match &auth.token {
        Some(text) => SessionToken::parse(text),
        None => cookie.cloned(),
    };
    let Some(token) = shown else {
        return Err(CloseCode::Unauthenticated);
    };
    match app.authenticate_socket(&token).await {
        Ok(who) => Ok(who),
        Err(Error::Refused(Refusal::Banned { .. })) => Err(CloseCode::Banned),
        Err(Error::Refused(_)) => Err(CloseCode::Unauthenticated),
        Err(error @ (Error::Busy | Error::StorageFull | Error::Internal(_))) => {
            problem(app, &error);
            Err(CloseCode::GoingAway)
        }
    }
}
