//! News within one process.

use std::sync::Arc;

use chat_domain::EventBody;
use chat_ports::{EventBus, Listener, Notice};
use metrics::{counter, describe_counter};

/// Hands the news to every listener in the publisher's own turn.
pub struct LocalBus {
    listeners: Vec<Arc<dyn Listener>>,
}

impl LocalBus {
    /// A bus with these listeners, for good.
    #[must_use]
    pub fn new(listeners: Vec<Arc<dyn Listener>>) -> Self {
        describe_counter!(
            "secure_chat_events_total",
            "Events of rooms that were stored, by kind."
        );
        Self { listeners }
    }
}

impl EventBus for LocalBus {
    fn publish(&self, notice: Notice) {
        if let Notice::Happened(event) = &notice {
            counter!("secure_chat_events_total", "kind" => kind(&event.body)).increment(1);
        }
        for listener in &self.listeners {
            listener.hear(&notice);
        }
    }
}

const fn kind(event: &EventBody) -> &'static str {
    match event {
        EventBody::Posted(_) => "message",
        EventBody::Edited(_) => "edit",
        EventBody::Reacted { .. } => "reaction",
        EventBody::Deleted { .. } => "deletion",
        EventBody::Joined { .. } => "join",
        EventBody::Left { .. } => "leave",
        EventBody::RoomChanged(_) => "settings",
        EventBody::Withheld => "withheld",
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use chat_domain::{SessionId, UserId};

    use super::*;

    #[derive(Default)]
    struct Heard(Mutex<usize>);

    impl Listener for Heard {
        fn hear(&self, _: &Notice) {
            *self.0.lock().unwrap() += 1;
        }
    }

    #[test]
    fn everybody_hears() {
        let heard: Vec<Arc<Heard>> = (0..3).map(|_| Arc::default()).collect();
        let bus = LocalBus::new(heard.iter().map(|h| Arc::clone(h) as Arc<dyn Listener>).collect());
        let (session_id, user_id) = (SessionId::parse(1).unwrap(), UserId::parse(1).unwrap());
        bus.publish(Notice::SessionEnded { session_id, user_id });
        assert!(heard.iter().all(|h| *h.0.lock().unwrap() == 1));
    }
}
