//! The command line.

use std::{net::SocketAddr, path::PathBuf};

use anyhow::{Context, Result, bail};
use testkit::embedded::Data;

/// What `--help` prints.
pub const HELP: &str = "\
Tollgate, the whole system in one process.

Usage: tollgate [COMMAND] [OPTIONS]

Commands:
  (none)   serve everything until Ctrl-C
  demo     play the whole story on an in-memory stack, and fail if a step fails
  token    make another operator's token for company 1, and the company if need be
  audit    hold every log against its seals, and fail if one was altered

Options:
  --listen ADDR       address to listen on       [default: 127.0.0.1:4321]
  --data DIR|memory   where the data is kept     [default: .tollgate]
  --help              print this
";

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Serve until Ctrl-C.
    Serve {
        /// Where.
        listen: SocketAddr,
        /// The data.
        data: Data,
    },
    /// Play the story.
    Demo,
    /// Make another operator's token.
    Token {
        /// The data.
        data: Data,
    },
    /// Hold every log against its seals.
    Audit {
        /// The data.
        data: Data,
    },
    /// Print the help.
    Help,
}

/// Reads the arguments after the program's name.
///
/// # Errors
/// When one of them is not understood.
pub fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Command> {
    let mut arguments = arguments.into_iter();
    let (mut listen, mut data) = (SocketAddr::from(([127, 0, 0, 1], 4321)), Data::Dir(PathBuf::from(".tollgate")));
    let mut command = None;
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().with_context(|| format!("{argument} needs a value"));
        match argument.as_str() {
            "--help" | "-h" => return Ok(Command::Help),
            "demo" | "token" | "audit" if command.is_none() => command = Some(argument),
            "--listen" => {
                let value = value()?;
                listen =
                    value.parse().with_context(|| format!("--listen {value}: not an address like 127.0.0.1:4321"))?;
            }
            "--data" => {
                let value = value()?;
                data = if value == "memory" { Data::Memory } else { Data::Dir(PathBuf::from(value)) };
            }
            other => bail!("unknown argument {other}\n\n{HELP}"),
        }
    }
    Ok(match command.as_deref() {
        Some("demo") => Command::Demo,
        Some("audit") => Command::Audit { data },
        Some(_) => Command::Token { data },
        None => Command::Serve { listen, data },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<Command> {
        parse(text.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn the_defaults_are_the_readmes() {
        let serve = Command::Serve { listen: "127.0.0.1:4321".parse().unwrap(), data: Data::Dir(".tollgate".into()) };
        assert_eq!(parsed("").unwrap(), serve);
        assert_eq!(parsed("demo").unwrap(), Command::Demo);
        assert_eq!(parsed("audit --data shop").unwrap(), Command::Audit { data: Data::Dir("shop".into()) });
        assert_eq!(parsed("token --data shop").unwrap(), Command::Token { data: Data::Dir("shop".into()) });
        assert_eq!(
            parsed("--data memory --listen 127.0.0.1:0").unwrap(),
            Command::Serve { listen: "127.0.0.1:0".parse().unwrap(), data: Data::Memory }
        );
    }

    #[test]
    fn what_is_not_understood_is_said() {
        assert!(parsed("--listen").unwrap_err().to_string().contains("needs a value"));
        assert!(parsed("--listen here").unwrap_err().to_string().contains("not an address"));
        assert!(parsed("--verbose").unwrap_err().to_string().contains("--verbose"));
        assert!(parsed("demo token").unwrap_err().to_string().contains("token"));
    }
}
