//! Network addresses by meaning: family, prefix length, bytes (semantics.md §6.2, tag 15).

use crate::plan::types::PgType;

/// The first byte of the form: IPv4, IPv6, or the 48 bits of a MAC address.
const V4: u8 = 4;
const V6: u8 = 6;
const MAC: u8 = 48;

/// The form of a source's TEXT.
pub(super) fn of_text(out: &mut Vec<u8>, text: &[u8], pg: PgType) -> Option<()> {
    match pg {
        PgType::Inet | PgType::Cidr => internet_text(out, text),
        PgType::Macaddr => {
            out.extend_from_slice(&[MAC, 48]);
            mac_text(out, text)
        }
        _ => None,
    }
}

/// The form of a field, as `network_send` and `macaddr_send` write it: family, bits, whether it is a cidr, how many bytes,
/// the bytes.
pub(super) fn of_field(out: &mut Vec<u8>, field: &[u8], pg: PgType) -> Option<()> {
    let cidr = u8::from(pg == PgType::Cidr);
    match (pg, field) {
        (PgType::Inet | PgType::Cidr, [2, bits @ 0..=32, is, 4, bytes @ ..])
            if *is == cidr && bytes.len() == 4 =>
        {
            out.extend_from_slice(&[V4, *bits]);
            out.extend_from_slice(bytes);
        }
        (PgType::Inet | PgType::Cidr, [3, bits @ 0..=128, is, 16, bytes @ ..])
            if *is == cidr && bytes.len() == 16 =>
        {
            out.extend_from_slice(&[V6, *bits]);
            out.extend_from_slice(bytes);
        }
        (PgType::Macaddr, [_, _, _, _, _, _]) => {
            out.extend_from_slice(&[MAC, 48]);
            out.extend_from_slice(field);
        }
        _ => return None,
    }
    Some(())
}

fn internet_text(out: &mut Vec<u8>, text: &[u8]) -> Option<()> {
    let slash = text.iter().position(|byte| *byte == b'/');
    let (address, bits) = match slash {
        Some(at) => (&text[..at], Some(decimal(&text[at + 1..])?)),
        None => (text, None),
    };
    if let Some(bytes) = v4(address) {
        out.extend_from_slice(&[V4, bits.unwrap_or(32)]);
        out.extend_from_slice(&bytes);
        return (bits.unwrap_or(0) <= 32).then_some(());
    }
    let groups = v6(address)?;
    out.extend_from_slice(&[V6, bits.unwrap_or(128)]);
    groups.iter().for_each(|group| out.extend_from_slice(&group.to_be_bytes()));
    (bits.unwrap_or(0) <= 128).then_some(())
}

/// 0 to 255, without sign and leading zeros.
fn decimal(digits: &[u8]) -> Option<u8> {
    if digits.is_empty() || digits.len() > 3 || (digits.len() > 1 && digits[0] == b'0') {
        return None;
    }
    let add =
        |sum: u16, digit: &u8| Some(sum * 10 + u16::from(digit.is_ascii_digit().then(|| digit - b'0')?));
    digits.iter().try_fold(0, add)?.try_into().ok()
}

fn v4(text: &[u8]) -> Option<[u8; 4]> {
    let mut bytes = [0; 4];
    let mut parts = text.split(|byte| *byte == b'.');
    for byte in &mut bytes {
        *byte = decimal(parts.next()?)?;
    }
    parts.next().is_none().then_some(bytes)
}

/// Eight groups; `::` stands for one or more that are 0.
fn v6(text: &[u8]) -> Option<[u16; 8]> {
    let mut all = [0; 8];
    let Some(gap) = text.windows(2).position(|pair| pair == b"::") else {
        return (groups(text, true, &mut all)? == 8).then_some(all);
    };
    let mut tail = [0; 8];
    let before = groups(&text[..gap], false, &mut all)?;
    let after = groups(&text[gap + 2..], true, &mut tail)?;
    if before + after > 7 {
        return None;
    }
    all[8 - after..].copy_from_slice(&tail[..after]);
    Some(all)
}

/// Groups between colons, none in an empty text; the last ones may be written as an IPv4 address at the end of the whole.
fn groups(text: &[u8], is_end: bool, out: &mut [u16; 8]) -> Option<usize> {
    let mut count = 0;
    let mut rest = (!text.is_empty()).then_some(text);
    while let Some(now) = rest {
        let colon = now.iter().position(|byte| *byte == b':');
        let (group, later) = colon.map_or((now, None), |at| (&now[..at], Some(&now[at + 1..])));
        if let (None, true, Some([a, b, c, d])) = (later, is_end, v4(group)) {
            out.get_mut(count..count + 2)?
                .copy_from_slice(&[u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d])]);
            return Some(count + 2);
        }
        *out.get_mut(count)? = hexadecimal(group)?;
        count += 1;
        rest = later;
    }
    Some(count)
}

/// One to four hexadecimal digits.
fn hexadecimal(digits: &[u8]) -> Option<u16> {
    if digits.is_empty() || digits.len() > 4 {
        return None;
    }
    let add = |sum: u16, digit: &u8| Some(sum << 4 | char::from(*digit).to_digit(16)? as u16);
    digits.iter().try_fold(0, add)
}

fn mac_text(out: &mut Vec<u8>, text: &[u8]) -> Option<()> {
    if text.len() != 17 {
        return None;
    }
    for (place, pair) in text.chunks(3).enumerate() {
        let (digits, colon) = pair.split_at(2);
        if (place < 5) != (colon == b":") {
            return None;
        }
        out.push(u8::try_from(hexadecimal(digits)?).ok()?);
    }
    Some(())
}
