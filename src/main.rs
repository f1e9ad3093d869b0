//! The program: arguments in, exit status out. A panic, which is a bug of ours, ends as status 70 with what to report.

use std::io::Write;
use std::process::ExitCode;

fn main() -> ExitCode {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic
            .location()
            .map_or_else(String::new, |place| format!(" at {}:{}", place.file(), place.line()));
        let arguments: Vec<String> =
            std::env::args_os().skip(1).map(|a| a.to_string_lossy().into_owned()).collect();
        let _ = writeln!(
            std::io::stderr(),
            "error[RC0000]: rollcast {} failed{place}\n  this is a bug of ours; please report these lines, with the input, as an issue\n  command: rollcast {}\n  rollcast explain RC0000",
            env!("CARGO_PKG_VERSION"),
            arguments.join(" "),
        );
    }));
    let status = std::panic::catch_unwind(rollcast::cli::main).unwrap_or(rollcast::cli::ExitStatus::OurBug);
    ExitCode::from(status.code())
}
