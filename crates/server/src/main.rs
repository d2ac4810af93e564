//! The `foretell` program. Everything is in the library, where tests can reach it.

fn main() -> std::process::ExitCode {
    foretell::commands::main()
}
