//! What can only be seen with the database open beside the store.

mod first_text;
mod odd_rows;
mod sample;
