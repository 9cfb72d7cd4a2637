//! The HTTP transport: hyper driven by us, axum as the router and nothing more.
//!
//! A handler parses, calls one use case and answers. What every answer needs (security headers, the shape of
//! problems, the check of the host) is done once around all of them.

mod answer;
pub mod assets;
mod boundaries;
mod call;
mod carrier;
mod client_address;
mod cookies;
mod deadline;
mod description;
mod handlers;
mod handover;
mod headers;
mod hosts;
mod line;
mod meters;
mod metrics;
mod needs;
mod places;
mod problem;
mod request_id;
mod router;
mod serve;
mod shared;

pub use axum::Router;
pub use client_address::{TrustedProxies, TrustedProxiesError};
pub use deadline::Timeouts;
pub use handover::{TakeOver, Upgrade};
pub use hosts::{Hosts, PublicUrl, PublicUrlError};
pub use metrics::Metrics;
pub use router::{Site, router};
pub use serve::{Edge, serve};
pub use shared::{Probe, Readiness};
