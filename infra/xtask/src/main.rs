//! `cargo xtask`: packages the functions, measures their start-up and their lists, and tries them under AWS's own runtime emulator.
#![expect(clippy::print_stdout, reason = "a command-line tool prints what it found")]

mod audit;
mod bench;
mod emulator;
mod fake_aws;
mod lists;
mod loopback;
mod measure;
mod package;
mod workspace;

use std::process::ExitCode;

use package::Architecture;
use workspace::Workspace;

const USAGE: &str = "\
cargo xtask package [--arm64]   build every function and lay it out in target/lambda/ for SAM
cargo xtask bench [BINARY...]   start-up of every function (or of these binaries) against an empty Lambda
cargo xtask lists               what pages of lists of a million rows cost; takes minutes
cargo xtask rie                 try the functions of target/debug under AWS's runtime interface emulator
cargo xtask audit verify [--data DIR]
                                hold every company's log against its seals: in the local stack's folder, or in the table
                                that TABLE_NAME names, with AWS's credentials and region in the environment";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[&str]) -> anyhow::Result<()> {
    match arguments {
        ["package"] => package::run(&Workspace::load()?, Architecture::Native),
        ["package", "--arm64"] => package::run(&Workspace::load()?, Architecture::Arm64),
        ["bench", binaries @ ..] => bench::run(&Workspace::load()?, binaries),
        ["lists"] => lists::run(&Workspace::load()?),
        ["rie"] => emulator::run(&Workspace::load()?),
        ["audit", "verify", options @ ..] => audit::verify(&Workspace::load()?, options),
        _ => anyhow::bail!("{USAGE}"),
    }
}
