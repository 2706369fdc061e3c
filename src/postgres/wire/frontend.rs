//! The four messages that a COPY needs of us (PostgreSQL manual, "Message Formats").

use super::WireFault;

/// Runs one statement by the simple protocol.
pub(super) fn query(sql: &str, out: &mut Vec<u8>) -> Result<(), WireFault> {
    if sql.contains('\0') {
        return Err(WireFault::Protocol("a statement has a NUL in it"));
    }
    head(b'Q', sql.len() + 1, out)?;
    out.extend_from_slice(sql.as_bytes());
    out.push(0);
    Ok(())
}

/// What goes before `bytes` bytes of a COPY's stream.
pub(super) fn copy_data(bytes: usize, out: &mut Vec<u8>) -> Result<(), WireFault> {
    head(b'd', bytes, out)
}

/// A COPY's stream has ended.
pub(super) fn copy_done(out: &mut Vec<u8>) -> Result<(), WireFault> {
    head(b'c', 0, out)
}

/// A COPY is to fail; ignored where it has failed already.
pub(super) fn copy_fail(out: &mut Vec<u8>) -> Result<(), WireFault> {
    head(b'f', 1, out)?;
    out.push(0);
    Ok(())
}

fn head(tag: u8, body_bytes: usize, out: &mut Vec<u8>) -> Result<(), WireFault> {
    let length = i32::try_from(body_bytes.saturating_add(4));
    let length = length.map_err(|_| WireFault::Protocol("a message above 2 GB"))?;
    out.push(tag);
    out.extend_from_slice(&length.to_be_bytes());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages() {
        let mut out = Vec::new();
        query("BEGIN", &mut out).unwrap();
        copy_data(3, &mut out).unwrap();
        out.extend_from_slice(b"abc");
        copy_done(&mut out).unwrap();
        copy_fail(&mut out).unwrap();
        assert_eq!(out, b"Q\0\0\0\x0aBEGIN\0d\0\0\0\x07abcc\0\0\0\x04f\0\0\0\x05\0");
        assert!(matches!(query("SELECT '\0'", &mut out), Err(WireFault::Protocol(_))));
        assert!(matches!(copy_data(usize::MAX, &mut out), Err(WireFault::Protocol(_))));
    }
}
