//! The time.

use chat_domain::Timestamp;

/// Tells the time. It may jump, also backwards (an operator sets the clock): nothing but what people read and
/// how long things last may depend on it, never an order.
pub trait Clock: Send + Sync + 'static {
    /// Now.
    fn now(&self) -> Timestamp;
}
