//! The program.

fn main() -> std::process::ExitCode {
    secure_chat::main()
}
