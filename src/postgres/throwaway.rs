//! A database for one purpose, made on a server of ours and dropped afterwards: scripts of others run in it as psql would
//! run them.

use super::connect::Connector;
use super::conninfo::ConnInfo;
use crate::error::{Error, Result};
use crate::ident::quote;

/// What its name begins with, so that one that was left by a killed process is known for what it is.
const PREFIX: &str = "cutover_check_";

/// The database.
#[derive(Debug)]
pub struct Throwaway {
    admin: Connector,
    connector: Connector,
    name: String,
}

impl Throwaway {
    /// Makes one on the server of `admin`, with a name of its own.
    ///
    /// # Errors
    /// A target fault.
    pub async fn make(admin: &Connector) -> Result<Throwaway> {
        let name = format!("{PREFIX}{}", uuid::Uuid::new_v4().simple());
        on_server(admin, &format!("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'", quote(&name)))
            .await?;
        let mut info: ConnInfo = admin.info().clone();
        info.database.clone_from(&name);
        let connector = Connector::new(info, "check")?;
        Ok(Throwaway { admin: admin.clone(), connector, name })
    }

    /// The way into it.
    pub fn connector(&self) -> &Connector {
        &self.connector
    }

    /// Runs a script in a session of its own, with the server's own settings.
    ///
    /// # Errors
    /// A target fault where there is no session; the server's sentence with the line of the script where it refuses it.
    pub async fn run(&self, script: &str) -> Result<std::result::Result<(), String>> {
        let session = self.connector.connect("check").await?;
        let reset = session.client().batch_execute("RESET ALL").await;
        let ran = match reset {
            Ok(()) => session.client().batch_execute(script).await,
            Err(error) => Err(error),
        };
        let result = match ran {
            Ok(()) => Ok(()),
            Err(error) => match error.as_db_error() {
                Some(said) => Err(match said.position() {
                    Some(tokio_postgres::error::ErrorPosition::Original(at)) => {
                        format!("line {}: {}", line(script, *at), said.message())
                    }
                    _ => said.message().to_owned(),
                }),
                None => return Err(session.explain(error, "running a script").await),
            },
        };
        session.close().await;
        Ok(result)
    }

    /// Drops it.
    ///
    /// # Errors
    /// A target fault.
    pub async fn remove(self) -> Result<()> {
        on_server(&self.admin, &format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", quote(&self.name))).await
    }
}

async fn on_server(admin: &Connector, sql: &str) -> Result<()> {
    let session = admin.connect("check").await?;
    let done = session.client().batch_execute(sql).await;
    match done {
        Ok(()) => {
            session.close().await;
            Ok(())
        }
        Err(error) => {
            let told: Error = session.explain(error, "making or dropping a database").await;
            Err(told)
        }
    }
}

/// The line of the character at `position`, both counted from 1.
fn line(script: &str, position: u32) -> usize {
    let before = usize::try_from(position).unwrap_or(usize::MAX).saturating_sub(1);
    script.chars().take(before).filter(|c| *c == '\n').count() + 1
}
