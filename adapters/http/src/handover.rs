//! How a connection leaves HTTP.

use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use chat_app::SessionToken;
use chat_wire::Problem;
use http::HeaderMap;
use tokio::net::TcpStream;

/// Opens a socket: from the head of a request to `/ws`, the session of its cookie and the client's address to the
/// fields of the answer (101) and to whoever takes the connection over once that is sent. What happens on the socket
/// is not HTTP's business.
pub type Upgrade = Arc<
    dyn Fn(&http::Request<()>, Option<SessionToken>, IpAddr) -> Result<(HeaderMap, TakeOver), Problem>
        + Send
        + Sync,
>;

/// Takes a connection over, with what the client has sent already, until its end.
pub type TakeOver = Box<dyn FnOnce(TcpStream, Bytes) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send>;

/// Where a request's handler leaves word who takes the connection over.
#[derive(Clone, Default)]
pub(crate) struct Handover(Arc<Mutex<Option<TakeOver>>>);

impl Handover {
    pub(crate) fn to(&self, taker: TakeOver) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(taker);
    }

    pub(crate) fn take(&self) -> Option<TakeOver> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}
