//! `completions` and `man`: made from the same definitions as the command line itself.

use crate::cli::args::Cli;
use crate::error::{Error, Result};
use clap::CommandFactory;
use std::io::{ErrorKind as IoErrorKind, Write};

/// Writes the completion script of `shell`.
///
/// # Errors
/// Internal, where `out` cannot be written to; a reader that went away (`| head`) is none.
pub fn completions(shell: clap_complete::Shell, out: &mut dyn Write) -> Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "cutover", &mut script);
    print(&script, out)
}

/// Writes the manual page (roff) of the program, or of `command` where one is named.
///
/// # Errors
/// Usage, where there is no such command; internal, where `out` cannot be written to.
pub fn man(command: Option<&str>, out: &mut dyn Write) -> Result<()> {
    let mut program = Cli::command().disable_help_subcommand(true).propagate_version(true);
    // Only a built command knows that the page of `copy` is named `cutover-copy`.
    program.build();
    let wanted = match command {
        None => program,
        Some(name) => page_of(&program, name)?,
    };
    let mut page = Vec::new();
    let source = concat!("cutover ", env!("CARGO_PKG_VERSION"));
    let drawn = clap_mangen::Man::new(wanted).source(source).render(&mut page);
    drawn.map_err(|cause| Error::internal("the manual page cannot be made").cause(cause))?;
    print(&page, out)
}

fn page_of(program: &clap::Command, name: &str) -> Result<clap::Command> {
    program.find_subcommand(name).cloned().ok_or_else(|| {
        let names: Vec<&str> = program.get_subcommands().map(clap::Command::get_name).collect();
        Error::usage("there is no manual page of that name")
            .remedy(format!("name one of {}", names.join(", ")))
    })
}

fn print(bytes: &[u8], out: &mut dyn Write) -> Result<()> {
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(cause) if cause.kind() != IoErrorKind::BrokenPipe => {
            Err(Error::internal("the output cannot be written").cause(cause))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;
    use clap::ValueEnum;

    fn page(command: Option<&str>) -> String {
        let mut out = Vec::new();
        man(command, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn every_shell_completes_every_command() {
        for shell in clap_complete::Shell::value_variants() {
            let mut out = Vec::new();
            completions(*shell, &mut out).unwrap();
            let script = String::from_utf8(out).unwrap();
            for word in ["cutover", "copy", "verify", "status", "embedded", "clean", "completions", "man"] {
                assert!(script.contains(word), "{shell}: {word}");
            }
        }
    }

    #[test]
    fn the_pages_name_their_options() {
        assert!(page(None).contains(".TH cutover 1") && page(None).contains("cutover\\-copy(1)"));
        let copy = page(Some("copy"));
        assert!(copy.contains(".TH cutover-copy 1"), "{copy}");
        assert!(copy.contains("\\-\\-migrate") && copy.contains("\\-\\-chunk\\-bytes"), "{copy}");
    }

    #[test]
    fn an_unknown_page_is_a_usage_error() {
        let error = man(Some("copi"), &mut Vec::new()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Usage);
        assert!(error.remedy_text().unwrap().contains("copy, verify"), "{:?}", error.remedy_text());
    }

    #[test]
    fn a_reader_that_went_away_is_no_error() {
        struct Gone(IoErrorKind);
        impl Write for Gone {
            fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
                Err(self.0.into())
            }
            fn flush(&mut self) -> std::io::Result<()> {
                Ok(())
            }
        }
        assert!(man(None, &mut Gone(IoErrorKind::BrokenPipe)).is_ok());
        assert_eq!(man(None, &mut Gone(IoErrorKind::StorageFull)).unwrap_err().kind(), ErrorKind::Internal);
    }
}
