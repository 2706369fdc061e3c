//! The places of a connection string, `host`, `hostaddr` and `port` side by side, and the password for each.

use super::conninfo::{Endpoint, Host};
use super::conninfo_text::Params;
use super::passfile::{self, Wanted};
use crate::config::Secret;
use crate::error::{Error, Result};
use std::net::IpAddr;
use std::path::{Path, PathBuf};

/// The lists `host`, `hostaddr` and `port` side by side.
pub(super) fn endpoints(params: &Params) -> Result<Vec<Endpoint>> {
    let list = |name: &str| params.get(name).map(|value| value.split(',').collect::<Vec<&str>>());
    let (hosts, addrs, ports) = (list("host"), list("hostaddr"), list("port"));
    let count = addrs.as_ref().or(hosts.as_ref()).map_or(1, Vec::len);
    if hosts.as_ref().is_some_and(|hosts| hosts.len() != count) {
        return Err(Error::usage("host and hostaddr do not name the same number of places"));
    }
    let ports = ports.unwrap_or_else(|| vec![""]);
    if ports.len() != 1 && ports.len() != count {
        return Err(Error::usage(format!("there are {count} hosts, but {} ports", ports.len()))
            .remedy("give one port for all hosts, or one for each"));
    }
    (0..count)
        .map(|i| {
            let port = port(ports.get(i).or(ports.first()).copied().unwrap_or(""))?;
            Ok(Endpoint {
                host: host(at(hosts.as_deref(), i), at(addrs.as_deref(), i), port)?,
                port,
                password: None,
            })
        })
        .collect()
}

fn at<'t>(list: Option<&[&'t str]>, i: usize) -> &'t str {
    list.and_then(|list| list.get(i).copied()).unwrap_or("")
}

fn port(text: &str) -> Result<u16> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(5432);
    }
    let port = text.parse().ok().filter(|port| *port > 0);
    port.ok_or_else(|| {
        Error::usage("the port of the connection string is not a number from 1 to 65535")
            .remedy("in a URI, a password with / : @ or % in it must be written with %2F %3A %40 %25")
    })
}

fn host(name: &str, addr: &str, port: u16) -> Result<Host> {
    if !addr.is_empty() {
        let parsed: IpAddr =
            addr.trim().parse().map_err(|_| Error::usage("hostaddr is not an IP address"))?;
        let name = if name.is_empty() { parsed.to_string() } else { name.to_string() };
        return Ok(Host::Tcp { name, addr: Some(parsed) });
    }
    match name {
        "" => Ok(default_host(port)),
        name if name.starts_with('/') => Ok(Host::Unix(PathBuf::from(name))),
        name if name.starts_with('@') => {
            Err(Error::usage("abstract Unix sockets (host=@…) are not supported"))
        }
        name => Ok(Host::Tcp { name: name.to_string(), addr: None }),
    }
}

/// A server's socket in one of the usual places, else `localhost`.
fn default_host(port: u16) -> Host {
    let socket = |directory: &&&str| Path::new(directory).join(format!(".s.PGSQL.{port}")).exists();
    match ["/var/run/postgresql", "/run/postgresql", "/tmp"].iter().find(socket) {
        Some(directory) => Host::Unix(PathBuf::from(directory)),
        None => Host::Tcp { name: "localhost".to_string(), addr: None },
    }
}

/// The given password for all places, or for each the one that the password file has for it. Gives a note where the
/// file is ignored.
pub(super) fn give_passwords(
    endpoints: &mut [Endpoint],
    params: &Params,
    passfile: Option<&Path>,
    (user, database): (&str, &str),
) -> Option<String> {
    if let Some(password) = params.get("password") {
        endpoints.iter_mut().for_each(|endpoint| endpoint.password = Some(Secret(password.to_string())));
        return None;
    }
    let content = match passfile::read(passfile?) {
        Ok(content) => content?,
        Err(note) => return Some(note),
    };
    for endpoint in endpoints {
        let host = match &endpoint.host {
            Host::Tcp { name, .. } => name.clone(),
            Host::Unix(directory) => directory.display().to_string(),
        };
        let socket = matches!(endpoint.host, Host::Unix(_));
        let port = endpoint.port.to_string();
        let wanted = Wanted { host: &host, socket, port: &port, database, user };
        endpoint.password = passfile::find(&content, &wanted).map(Secret);
    }
    None
}
