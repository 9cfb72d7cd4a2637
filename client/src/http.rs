//! Requests.

use bytes::Bytes;
use http::{Method, Request, Uri, header};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpStream;

use crate::{
    error::{ClientError, text},
    follow::{Follower, Patience, Poster},
    socket::Socket,
};

/// An answer, whatever it says.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The header fields.
    pub headers: http::HeaderMap,
    /// The body; null if it is no JSON.
    pub body: Value,
}

impl Answer {
    /// The body of a success.
    ///
    /// # Errors
    /// [`ClientError::Refused`].
    pub fn success(self) -> Result<Value, ClientError> {
        if (200..300).contains(&self.status) {
            Ok(self.body)
        } else {
            Err(ClientError::Refused {
                status: self.status,
                body: self.body,
            })
        }
    }

    /// The stable name of a problem; empty for a success.
    #[must_use]
    pub fn code(&self) -> &str {
        text(&self.body, "code").unwrap_or_default()
    }
}

/// One client of one server, signed in by a bearer token or not at all.
#[derive(Debug, Clone)]
pub struct Client {
    authority: String,
    token: Option<String>,
}

impl Client {
    /// A client of the server at this address.
    ///
    /// # Errors
    /// [`ClientError::Address`].
    pub fn new(address: &str) -> Result<Self, ClientError> {
        let wrong = || ClientError::Address(address.to_owned());
        let uri: Uri = address.parse().map_err(|_| wrong())?;
        let authority = uri
            .authority()
            .filter(|_| uri.scheme_str() == Some("http"))
            .ok_or_else(wrong)?;
        Ok(Self {
            authority: authority.to_string(),
            token: None,
        })
    }

    /// The same client, signed in as it was, of a server that has moved to this address.
    ///
    /// # Errors
    /// [`ClientError::Address`].
    pub fn at(&self, address: &str) -> Result<Self, ClientError> {
        let moved = Self::new(address)?;
        Ok(Self {
            token: self.token.clone(),
            ..moved
        })
    }

    /// Host and port.
    #[must_use]
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// The bearer token, once signed in.
    #[must_use]
    pub fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// The same client, recognised by this token from here on: a program's own, say.
    #[must_use]
    pub fn with_token(self, token: &str) -> Self {
        let token = Some(token.to_owned());
        Self { token, ..self }
    }

    /// Makes a basic account and signs in.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn register(&mut self, username: &str, password: &str) -> Result<Value, ClientError> {
        let body = json!({
            "username": username, "password": password, "confirm_password": password, "session": "bearer",
        });
        let body = self.post("/register", &body).await?.success()?;
        self.accept(&body);
        Ok(body)
    }

    /// Signs in to a basic account.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn sign_in(&mut self, username: &str, password: &str) -> Result<Value, ClientError> {
        let body = json!({ "username": username, "password": password, "session": "bearer" });
        let body = self.post("/login", &body).await?.success()?;
        self.accept(&body);
        Ok(body)
    }

    /// Is signed in from here on as an answer says.
    pub(crate) fn accept(&mut self, answer: &Value) {
        self.token = text(answer, "token").map(ToOwned::to_owned);
    }

    /// Posts a message to the plain room.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn say(&self, content: &str) -> Result<Value, ClientError> {
        let body = json!({ "content": content, "message_type": "text" });
        self.post("/api/send-message", &body).await?.success()
    }

    /// Makes a GET request.
    ///
    /// # Errors
    /// [`ClientError`], but not for an answer that says no.
    pub async fn get(&self, path: &str) -> Result<Answer, ClientError> {
        self.request(Method::GET, path, &[], None).await
    }

    /// Makes a POST request with a JSON body.
    ///
    /// # Errors
    /// [`ClientError`], but not for an answer that says no.
    pub async fn post(&self, path: &str, body: &Value) -> Result<Answer, ClientError> {
        let json = [("content-type", "application/json")];
        self.request(Method::POST, path, &json, Some(body.to_string()))
            .await
    }

    /// Makes any request, with the token if there is one.
    ///
    /// # Errors
    /// [`ClientError`], but not for an answer that says no.
    pub async fn request(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<String>,
    ) -> Result<Answer, ClientError> {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, &self.authority);
        if let Some(token) = &self.token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(Bytes::from(body.unwrap_or_default())))?;
        let stream = TcpStream::connect(&self.authority).await?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        let exchange = async {
            let (head, body) = sender.send_request(request).await?.into_parts();
            let bytes = body.collect().await?.to_bytes();
            Ok::<_, ClientError>((head, bytes))
        };
        let mut exchange = std::pin::pin!(exchange);
        // The connection does its work while the exchange waits, and ends with it; or before it, where the server answers
        // before it has heard everything and hangs up: the answer is there then all the same.
        let (head, bytes) = tokio::select! {
            done = &mut exchange => done?,
            ended = connection => match (exchange.await, ended) {
                (Ok(done), _) => done,
                (Err(_), Err(error)) => return Err(error.into()),
                (Err(error), Ok(())) => return Err(error),
            },
        };
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Ok(Answer {
            status: head.status.as_u16(),
            headers: head.headers,
            body,
        })
    }

    /// Opens a socket, signed in by the token.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn socket(&self) -> Result<Socket, ClientError> {
        let mut socket = Socket::connect(&self.authority).await?;
        socket.authenticate(self.token.as_deref()).await?;
        Ok(socket)
    }

    /// Follows what happens in every room of the signed-in user, through every interruption, and posts for as long as
    /// it takes. Events come in the order of each room, none twice and none left out.
    #[must_use]
    pub fn follow(&self, patience: Patience) -> (Follower, Poster) {
        Follower::start(self.clone(), patience)
    }
}
