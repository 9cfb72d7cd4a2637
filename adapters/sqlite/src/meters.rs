//! What is counted and timed about the database.

use metrics::{
    Counter, Gauge, Histogram, counter, describe_counter, describe_gauge, describe_histogram, gauge,
    histogram,
};

/// The writer's meters.
pub(crate) struct Writes {
    /// A transaction with its sync of the disk, in seconds.
    pub(crate) commit: Histogram,
    /// Calls that one transaction carries out.
    pub(crate) calls: Histogram,
    /// Transactions that did not get onto the disk.
    pub(crate) failures: Counter,
    /// Calls that wait for the next transaction.
    pub(crate) waiting: Gauge,
    /// Bytes of the write-ahead log that are in use.
    pub(crate) log: Gauge,
}

impl Default for Writes {
    fn default() -> Self {
        describe_histogram!(
            "secure_chat_database_commit_seconds",
            "A transaction that writes, with its sync of the disk."
        );
        describe_histogram!(
            "secure_chat_database_commit_calls",
            "Calls that share one transaction."
        );
        describe_counter!(
            "secure_chat_database_commit_failures_total",
            "Transactions that did not get onto the disk."
        );
        describe_gauge!(
            "secure_chat_database_writes_waiting",
            "Calls that wait for the next transaction."
        );
        describe_gauge!(
            "secure_chat_database_log_bytes",
            "Bytes of the write-ahead log that are in use."
        );
        Self {
            commit: histogram!("secure_chat_database_commit_seconds"),
            calls: histogram!("secure_chat_database_commit_calls"),
            failures: counter!("secure_chat_database_commit_failures_total"),
            waiting: gauge!("secure_chat_database_writes_waiting"),
            log: gauge!("secure_chat_database_log_bytes"),
        }
    }
}

/// From asking for something to having read it, in seconds.
pub(crate) fn reads() -> Histogram {
    describe_histogram!(
        "secure_chat_database_read_seconds",
        "From asking the database for something to having it."
    );
    histogram!("secure_chat_database_read_seconds")
}

/// A number as meters take them; beyond 2³² − 1 it is that.
pub(crate) fn number(number: impl TryInto<u32>) -> u32 {
    number.try_into().unwrap_or(u32::MAX)
}
