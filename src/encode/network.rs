//! Addresses as PostgreSQL writes them → inet, cidr, macaddr (semantics.md §1.6; PostgreSQL's `network_send`, `macaddr_send`).
//!
//! The parsers are strict: what PostgreSQL's own input would complete or guess (`10/8`, `08-00-2b…`) is a misfit.

use super::misfit::MisfitKind;
use super::{wire, wrong_pair};
use crate::plan::types::PgType;
// Parsing only, no I/O: that is why it is `core`'s and not `std`'s.
use core::net::IpAddr;

/// PostgreSQL's PGSQL_AF_INET and PGSQL_AF_INET6, the same on every platform.
const FAMILY_4: u8 = 2;
const FAMILY_6: u8 = 3;

/// TEXT → the type's binary form.
pub(super) fn address(text: &[u8], pg: PgType, out: &mut Vec<u8>) -> Result<(), MisfitKind> {
    match pg {
        PgType::Inet | PgType::Cidr => internet(text, pg == PgType::Cidr, out),
        PgType::Macaddr => {
            wire::bytes(&hardware(text).ok_or(MisfitKind::Macaddr)?, out);
            Ok(())
        }
        _ => Err(wrong_pair(pg)),
    }
}

/// IPv4 or IPv6, with `/bits` or as one host. The address of a network has no bits beyond its prefix.
fn internet(text: &[u8], is_cidr: bool, out: &mut Vec<u8>) -> Result<(), MisfitKind> {
    let (address, bits) = parse(text).ok_or(MisfitKind::Address)?;
    let aligned = match address {
        IpAddr::V4(v4) => u128::from(v4.to_bits()) << 96,
        IpAddr::V6(v6) => v6.to_bits(),
    };
    if is_cidr && aligned.checked_shl(u32::from(bits)).unwrap_or(0) != 0 {
        return Err(MisfitKind::HostBits);
    }
    let mut field = [0; 20];
    let (family, octets) = match address {
        IpAddr::V4(_) => (FAMILY_4, 4),
        IpAddr::V6(_) => (FAMILY_6, 16),
    };
    field[..4].copy_from_slice(&[family, bits, u8::from(is_cidr), octets]);
    field[4..].copy_from_slice(&aligned.to_be_bytes());
    wire::bytes(field.get(..4 + usize::from(octets)).unwrap_or_default(), out);
    Ok(())
}

fn parse(text: &[u8]) -> Option<(IpAddr, u8)> {
    let text = std::str::from_utf8(text).ok()?;
    let (address, prefix) = match text.split_once('/') {
        Some((address, prefix)) => (address, Some(prefix)),
        None => (text, None),
    };
    let address: IpAddr = address.parse().ok()?;
    let most = if address.is_ipv4() { 32 } else { 128 };
    let bits = match prefix {
        Some(digits) => prefix_bits(digits)?,
        None => most,
    };
    (bits <= most).then_some((address, bits))
}

/// A decimal without sign and leading zeros.
fn prefix_bits(digits: &str) -> Option<u8> {
    let plain =
        digits.bytes().all(|byte| byte.is_ascii_digit()) && (digits == "0" || !digits.starts_with('0'));
    if plain { digits.parse().ok() } else { None }
}

/// `aa:bb:cc:dd:ee:ff`, in any case.
fn hardware(text: &[u8]) -> Option<[u8; 6]> {
    let mut address = [0; 6];
    let mut pairs = text.split(|byte| *byte == b':');
    for byte in &mut address {
        let [high, low] = pairs.next()?.try_into().ok()?;
        *byte = super::uuid::digit(high)? << 4 | super::uuid::digit(low)?;
    }
    if pairs.next().is_none() { Some(address) } else { None }
}
