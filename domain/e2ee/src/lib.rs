//! The encryption protocol's rules: sans-I/O, with randomness as an argument.
//!
//! It begins with what lies on the server's disk: the labels that keep every use of a key apart, and the record
//! in which values are sealed at rest.

pub mod at_rest;
pub mod hash;
pub mod label;
