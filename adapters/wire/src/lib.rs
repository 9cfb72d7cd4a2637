//! The JSON of frames, bodies and problems, shared by the transports. What comes in is parsed into types of the
//! domain and the application; what goes out is written from them. Nobody else knows a field's name.

pub mod asyncapi;
pub mod decode;
pub mod frame;
pub mod keyed;
pub mod message;
pub mod problem;
pub mod request;
pub mod room;
pub mod schema;
pub mod session;
pub mod time;
pub mod user;

pub use frame::{ClientFrame, ServerFrame};
pub use problem::Problem;
