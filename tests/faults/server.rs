//! Servers that stop, crash, fill up, fail over, hide behind a pooler, or do not want what the run wants; each on a
//! cluster of its own, where the others' tests are not met by it.

// disks and memory that are full
mod full;
// another server answers under the same address
mod failover;
// timeouts that a role or a database sets
mod limits;
// backends that are lent by the transaction
mod pooler;
// what a role may not, or may no longer
mod rights;
// shutdowns and crashes, with a restart behind them
mod stops;
// targets that are no good
mod targets;

use crate::support::cli::Cli;

/// The run ends at its first fault, so that a test sees how.
fn impatient(cli: Cli) -> Cli {
    cli.args(["--retry-for", "0"])
}
