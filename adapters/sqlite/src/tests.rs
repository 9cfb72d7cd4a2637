//! What can only be seen with the database open beside the store.

mod cost;
mod first_text;
mod log;
mod odd_rows;
mod sample;
