//! From the text of a connection string to its parameters, with libpq's grammar
//! (PostgreSQL manual, "Connection Strings"; `conninfo_parse` and `conninfo_uri_parse_options` in libpq).
//!
//! Invariant: no error here repeats any part of the text that could be a piece of a password: a password with an
//! unescaped `/`, `@`, space or quote makes libpq's grammar take its tail for something else.

use crate::error::{Error, Result};
use percent_encoding::percent_decode_str;
use std::collections::BTreeMap;

/// A parameter and the variable that supplies it when the text does not.
struct Keyword {
    name: &'static str,
    variable: Option<&'static str>,
}

const fn keyword(name: &'static str, variable: &'static str) -> Keyword {
    Keyword { name, variable: Some(variable) }
}

const fn bare(name: &'static str) -> Keyword {
    Keyword { name, variable: None }
}

/// Every parameter we honour.
const KEYWORDS: &[Keyword] = &[
    keyword("host", "PGHOST"),
    keyword("hostaddr", "PGHOSTADDR"),
    keyword("port", "PGPORT"),
    keyword("dbname", "PGDATABASE"),
    keyword("user", "PGUSER"),
    keyword("password", "PGPASSWORD"),
    keyword("passfile", "PGPASSFILE"),
    keyword("sslmode", "PGSSLMODE"),
    keyword("sslrootcert", "PGSSLROOTCERT"),
    keyword("sslcert", "PGSSLCERT"),
    keyword("sslkey", "PGSSLKEY"),
    keyword("sslnegotiation", "PGSSLNEGOTIATION"),
    keyword("channel_binding", "PGCHANNELBINDING"),
    keyword("gssencmode", "PGGSSENCMODE"),
    keyword("options", "PGOPTIONS"),
    keyword("application_name", "PGAPPNAME"),
    keyword("connect_timeout", "PGCONNECT_TIMEOUT"),
    keyword("target_session_attrs", "PGTARGETSESSIONATTRS"),
    bare("fallback_application_name"),
    bare("client_encoding"),
    bare("keepalives"),
    bare("keepalives_idle"),
    bare("keepalives_interval"),
    bare("keepalives_count"),
    bare("tcp_user_timeout"),
];

/// What libpq knows beyond that; named apart, so that nobody looks for a typing error.
const UNSUPPORTED: &[&str] = &[
    "gssdelegation",
    "gsslib",
    "krbsrvname",
    "load_balance_hosts",
    "max_protocol_version",
    "min_protocol_version",
    "replication",
    "require_auth",
    "requirepeer",
    "service",
    "servicefile",
    "ssl_max_protocol_version",
    "ssl_min_protocol_version",
    "sslcertmode",
    "sslcompression",
    "sslcrl",
    "sslcrldir",
    "sslpassword",
    "sslsni",
];

const ENCODING_REMEDY: &str = "in a URI, write the special characters of a user name or password as %XX \
     (@ is %40, / is %2F, : is %3A, % is %25), or put the password into PGPASSWORD or ~/.pgpass";
const QUOTING_REMEDY: &str =
    "quote a value that has spaces: password='…', with \\' and \\\\ for ' and \\ inside";

/// Parameters by libpq's names; an empty value stands for "given, but empty", which hides the variable.
#[derive(Default)]
pub(super) struct Params(BTreeMap<&'static str, String>);

impl Params {
    /// Reads `text`: a `postgres://` or `postgresql://` URI, or `key=value` pairs.
    pub(super) fn parse(text: &str) -> Result<Params> {
        let mut params = Params::default();
        match text.strip_prefix("postgresql://").or_else(|| text.strip_prefix("postgres://")) {
            Some(rest) => params.read_uri(rest)?,
            None => params.read_pairs(text)?,
        }
        Ok(params)
    }

    /// Takes what the text did not say from the `PG*` variables.
    pub(super) fn fill_from(&mut self, env: &dyn Fn(&str) -> Option<String>) {
        for keyword in KEYWORDS {
            let Some(variable) = keyword.variable else { continue };
            if !self.0.contains_key(keyword.name)
                && let Some(value) = env(variable)
            {
                self.0.insert(keyword.name, value);
            }
        }
    }

    /// The value, where there is one that is not empty.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Stores a value under a known name; a later one wins, as in libpq. `shown` is false where the name may be
    /// the tail of a password.
    fn put(&mut self, name: &str, value: String, shown: bool) -> Result<()> {
        if value.contains('\0') {
            return Err(Error::usage("a value in the connection string contains a zero byte"));
        }
        match KEYWORDS.iter().find(|keyword| keyword.name == name) {
            Some(keyword) => self.0.insert(keyword.name, value),
            None => return Err(unknown(name, shown)),
        };
        Ok(())
    }

    fn read_pairs(&mut self, text: &str) -> Result<()> {
        let mut rest = text.trim_start();
        let mut previous = String::new();
        while !rest.is_empty() {
            let end = rest.find(|c: char| c == '=' || c.is_ascii_whitespace()).unwrap_or(rest.len());
            let (name, after) = rest.split_at(end);
            let Some(after) = after.trim_start().strip_prefix('=') else {
                return Err(Error::usage("a word in the connection string has no \"=\" after it").remedy(
                    format!(
                        "give a URI (postgres://user@host/database) or key=value pairs; {QUOTING_REMEDY}"
                    ),
                ));
            };
            refuse_empty(after)?;
            let (value, after) = read_value(after.trim_start())?;
            self.put(name, value, previous != "password")?;
            previous = name.to_string();
            rest = after.trim_start();
        }
        Ok(())
    }

    fn read_uri(&mut self, rest: &str) -> Result<()> {
        let rest = self.read_credentials(rest)?;
        let rest = self.read_hosts(rest)?;
        let (path, query) = match rest.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (rest, None),
        };
        let database = path.strip_prefix('/').unwrap_or(path);
        refuse_at_sign(database)?;
        if !database.is_empty() {
            self.put("dbname", decode(database)?, true)?;
        }
        query.map_or(Ok(()), |query| self.read_query(query))
    }

    /// `user:password@`, where an `@` comes before the first `/`.
    fn read_credentials<'t>(&mut self, rest: &'t str) -> Result<&'t str> {
        let end = rest.find(['@', '/']).unwrap_or(rest.len());
        let Some(after) = rest[end..].strip_prefix('@') else { return Ok(rest) };
        let (user, password) = rest[..end].split_once(':').unwrap_or((&rest[..end], ""));
        for (name, value) in [("user", user), ("password", password)] {
            if !value.is_empty() {
                self.put(name, decode(value)?, true)?;
            }
        }
        Ok(after)
    }

    /// `host:port,[v6]:port,…`, kept as two lists as `host=` and `port=` take them.
    fn read_hosts<'t>(&mut self, mut rest: &'t str) -> Result<&'t str> {
        let (mut hosts, mut ports) = (String::new(), String::new());
        loop {
            let (host, after) = read_host(rest)?;
            refuse_at_sign(host)?;
            hosts.push_str(host);
            rest = after;
            if let Some(after) = rest.strip_prefix(':') {
                let end = after.find(['/', '?', ',']).unwrap_or(after.len());
                refuse_at_sign(&after[..end])?;
                ports.push_str(&after[..end]);
                rest = &after[end..];
            }
            match rest.strip_prefix(',') {
                Some(after) => rest = after,
                None => break,
            }
            hosts.push(',');
            ports.push(',');
        }
        for (name, value) in [("host", hosts), ("port", ports)] {
            if !value.is_empty() {
                self.put(name, decode(&value)?, true)?;
            }
        }
        Ok(rest)
    }

    fn read_query(&mut self, query: &str) -> Result<()> {
        // A raw @ may mean that all of this is the tail of a password, and what follows a password may be its own.
        let has_at_sign = query.contains('@');
        let mut previous = String::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) =
                pair.split_once('=').filter(|(_, value)| !value.contains('=')).ok_or_else(|| {
                    Error::usage("a parameter after ? in the connection URI is not of the form name=value")
                        .remedy("write = inside a value as %3D and & as %26")
                })?;
            let (name, value) = (decode(name)?, decode(value)?);
            match (name.as_str(), value.as_str()) {
                // JDBC's spelling, which libpq takes too.
                ("ssl", "true") => self.put("sslmode", "require".to_string(), true)?,
                _ => self.put(&name, value, !has_at_sign && previous != "password")?,
            }
            previous = name;
        }
        Ok(())
    }
}

/// libpq passes over blanks behind `=`, so an empty value takes the next parameter for its own: `host= password=…` is a
/// host of that name, which every message would show.
fn refuse_empty(after: &str) -> Result<()> {
    let next = after.trim_start();
    let end = next.find(|c: char| c == '=' || c.is_ascii_whitespace()).unwrap_or(next.len());
    let (name, rest) = next.split_at(end);
    // Only a known name: a password may well have an = in it.
    let is_known = KEYWORDS.iter().any(|keyword| keyword.name == name) || UNSUPPORTED.contains(&name);
    if next.len() < after.len() && is_known && rest.trim_start().starts_with('=') {
        return Err(Error::usage(
            "a parameter in the connection string has no value, and another one follows",
        )
        .remedy("write name='' for an empty value"));
    }
    Ok(())
}

/// One value of a `key=value` string and what follows it.
fn read_value(text: &str) -> Result<(String, &str)> {
    let quoted = text.starts_with('\'');
    let body = if quoted { &text[1..] } else { text };
    let mut value = String::new();
    let mut chars = body.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => value.extend(chars.next().map(|(_, escaped)| escaped)),
            '\'' if quoted => return Ok((value, &body[at + 1..])),
            c if !quoted && c.is_ascii_whitespace() => return Ok((value, &body[at..])),
            c => value.push(c),
        }
    }
    if quoted {
        return Err(Error::usage("a quoted value in the connection string has no closing quote")
            .remedy(QUOTING_REMEDY));
    }
    Ok((value, ""))
}

/// One host of a URI and what follows it.
fn read_host(rest: &str) -> Result<(&str, &str)> {
    let Some(inner) = rest.strip_prefix('[') else {
        return Ok(rest.split_at(rest.find([':', '/', '?', ',']).unwrap_or(rest.len())));
    };
    let broken = |what: &str| Error::usage(format!("the IPv6 address in the connection URI {what}"));
    let (host, after) = inner.split_once(']').ok_or_else(|| broken("has no closing ]"))?;
    if host.is_empty() {
        return Err(broken("is empty"));
    }
    if !after.is_empty() && !after.starts_with([':', '/', '?', ',']) {
        return Err(broken("is followed by something else than a port, a path or another host"));
    }
    Ok((host, after))
}

/// A raw `@` behind the credentials is a password that was not encoded, and its tail must not pass for a name.
fn refuse_at_sign(part: &str) -> Result<()> {
    if part.contains('@') {
        return Err(Error::usage("the connection URI has an @ where a host, port or database should be")
            .remedy(ENCODING_REMEDY));
    }
    Ok(())
}

/// Undoes percent-encoding, strictly.
fn decode(text: &str) -> Result<String> {
    let bytes = text.as_bytes();
    for (at, _) in text.match_indices('%') {
        let hex = bytes.get(at + 1..at + 3).filter(|hex| hex.iter().all(u8::is_ascii_hexdigit));
        if hex.is_none_or(|hex| hex == b"00") {
            return Err(Error::usage(
                "the connection URI has a % that is not followed by two hexadecimal digits",
            )
            .remedy(ENCODING_REMEDY));
        }
    }
    let decoded = percent_decode_str(text).decode_utf8();
    Ok(decoded.map_err(|_| Error::usage("a %XX in the connection URI does not give UTF-8"))?.into_owned())
}

fn unknown(name: &str, shown: bool) -> Error {
    if !shown || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') || name.len() > 40 {
        return Error::usage("the connection string has an unknown parameter")
            .remedy(format!("if it is part of a password: {QUOTING_REMEDY}; {ENCODING_REMEDY}"));
    }
    if UNSUPPORTED.contains(&name) {
        return Error::usage(format!("the connection parameter \"{name}\" is not supported"))
            .remedy("leave it out, or say the same with host, port, user, dbname and the ssl parameters");
    }
    let nearest = KEYWORDS.iter().map(|keyword| keyword.name).min_by_key(|known| distance(name, known));
    Error::usage(format!("unknown connection parameter \"{name}\""))
        .remedy(format!("did you mean \"{}\"?", nearest.unwrap_or_default()))
}

/// Edits (insert, delete, replace) from `a` to `b`; both are short.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.bytes().enumerate() {
            let replaced = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}
