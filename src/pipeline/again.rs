//! A run that has left nothing behind can begin again from the start, where what failed can pass.

use super::account::Account;
use super::tools::Tools;
use crate::error::Result;

/// Does `work`; where it fails for a cause that can pass, again from the start, as long as `leaves_nothing` says of the account
/// that nothing was done that a new beginning would not find. But not where the server was never reached: a mistake in an
/// address or a password is told at once.
///
/// # Errors
/// Those of `work`.
pub(super) async fn from_the_start<T>(
    tools: &Tools,
    account: &mut Account,
    leaves_nothing: fn(&Account) -> bool,
    mut work: impl AsyncFnMut(&mut Account) -> Result<T>,
) -> Result<T> {
    let (mut attempts, mut was_reached) = (tools.retry.attempts(None), false);
    loop {
        let error = match work(account).await {
            Ok(done) => return Ok(done),
            Err(error) => error,
        };
        was_reached |= account.report.target.is_some();
        if !was_reached || !leaves_nothing(account) {
            return Err(error);
        }
        attempts.after(error).await?;
        account.begin_again();
    }
}
