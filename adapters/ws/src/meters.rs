//! What is counted and timed about sockets. Nothing here names a user, a room or an address.

use metrics::{
    Counter, Gauge, Histogram, counter, describe_counter, describe_gauge, describe_histogram, gauge,
    histogram,
};

use crate::close::CloseCode;

/// The meters of all sockets.
pub(crate) struct Meters {
    /// Sockets that are open.
    pub(crate) sockets: Gauge,
    /// Users with a socket.
    pub(crate) users: Gauge,
    /// Frames that clients have sent.
    pub(crate) frames: Counter,
    /// Events that were handed to sockets: one for every event and socket.
    pub(crate) deliveries: Counter,
    /// From hearing of something to having handed it to every socket of its room, in seconds.
    pub(crate) fan_out: Histogram,
}

impl Default for Meters {
    fn default() -> Self {
        describe_gauge!("secure_chat_websocket_connections", "Sockets that are open.");
        describe_gauge!("secure_chat_users_online", "Users with at least one socket.");
        describe_counter!(
            "secure_chat_websocket_frames_total",
            "Frames that clients have sent."
        );
        describe_counter!(
            "secure_chat_deliveries_total",
            "Events handed to sockets, one for every event and socket."
        );
        describe_histogram!(
            "secure_chat_fan_out_seconds",
            "From hearing of an event to having handed it to every socket of its room."
        );
        describe_counter!(
            "secure_chat_websocket_closes_total",
            "Sockets that the server has closed, by code."
        );
        Self {
            sockets: gauge!("secure_chat_websocket_connections"),
            users: gauge!("secure_chat_users_online"),
            frames: counter!("secure_chat_websocket_frames_total"),
            deliveries: counter!("secure_chat_deliveries_total"),
            fan_out: histogram!("secure_chat_fan_out_seconds"),
        }
    }
}

/// The server closes a socket.
pub(crate) fn closed(code: CloseCode) {
    counter!("secure_chat_websocket_closes_total", "code" => code.number().to_string()).increment(1);
}

/// A frame was refused.
pub(crate) fn refused(code: &'static str) {
    counter!("secure_chat_refusals_total", "transport" => "websocket", "code" => code).increment(1);
}

/// A number as meters take them; beyond 2³² − 1 it is that.
pub(crate) fn number(number: impl TryInto<u32>) -> u32 {
    number.try_into().unwrap_or(u32::MAX)
}
