//! What is counted and timed, gathered from all adapters and shown in the text format of Prometheus.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use metrics_process::Collector;
use tokio_util::sync::CancellationToken;

/// Seconds: from a tenth of a millisecond, which a read from memory takes, to what nobody waits for.
const SECONDS: [f64; 16] = [
    0.0001, 0.000_25, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];
/// Calls that share a transaction: 512 at most.
const CALLS: [f64; 10] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0];
/// How often what was timed is put into its buckets; it waits in memory until then.
const UPKEEP: Duration = Duration::from_secs(5);

/// Everything that is counted and timed in this process.
#[derive(Clone)]
pub(crate) struct Gathered {
    all: PrometheusHandle,
    process: Arc<Collector>,
}

/// Begins to gather. What was made before this call is not counted.
pub(crate) fn gather() -> Result<Gathered, Box<dyn Error>> {
    let all = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)?
        .set_buckets_for_metric(Matcher::Suffix("_calls".to_owned()), &CALLS)?
        .install_recorder()?;
    let process = Collector::default();
    process.describe();
    metrics::describe_gauge!("secure_chat_build_info", "1, with the version of the program.");
    metrics::gauge!("secure_chat_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
    Ok(Gathered {
        all,
        process: Arc::new(process),
    })
}

impl Gathered {
    /// The figures of now.
    pub(crate) fn text(&self) -> String {
        self.process.collect();
        self.all.render()
    }

    /// Keeps what has been timed from piling up until it is asked for.
    pub(crate) async fn keep_up(self, stop: CancellationToken) {
        let mut ticks = tokio::time::interval(UPKEEP);
        loop {
            tokio::select! {
                _ = ticks.tick() => self.all.run_upkeep(),
                () = stop.cancelled() => return,
            }
        }
    }
}
