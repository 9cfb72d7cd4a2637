//! One parser, by the name of the program.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = chat_fuzz::parse(env!("CARGO_BIN_NAME"), bytes);
});
