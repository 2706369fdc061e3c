//! UUIDs, flags in words, labels, tagged values and network addresses.

use super::*;
use cutover::encode::is_uuid;
use cutover::plan::types::{UuidOrder, UuidStyle};
use std::net::{Ipv4Addr, Ipv6Addr};

pub(super) async fn all(client: &Client) {
    uuids(client).await;
    flags(client).await;
    labels(client).await;
    tagged(client).await;
    networks(client).await;
    network_verdicts(client).await;
}

/// 32 digits in lower case in a style of spelling.
fn spelled(digits: &str, style: UuidStyle) -> String {
    let cut = [0..8, 8..12, 12..16, 16..20, 20..32].map(|range| digits[range].to_owned());
    let bare = if style.hyphens { cut.join("-") } else { cut.concat() };
    let text = if style.braces { format!("{{{bare}}}") } else { bare };
    if style.upper { text.to_uppercase() } else { text }
}

async fn uuids(client: &Client) {
    let mut digits = samples("[0-9a-f]{32}");
    digits.extend(["0".repeat(32), "f".repeat(32), "01234567890123456789012345678901".to_owned()]);
    let plain = UuidStyle { upper: false, hyphens: true, braces: false };
    let strict: Vec<String> = digits.iter().map(|text| spelled(text, plain)).collect();
    assert!(strict.iter().all(|text| is_uuid(text.as_bytes())));
    agree(client, PgType::Uuid, Codec::Uuid, "s", of_texts(strict.clone())).await;
    let mut any = Vec::new();
    for bits in 0..8_u8 {
        let style = UuidStyle { upper: bits & 1 > 0, hyphens: bits & 2 > 0, braces: bits & 4 > 0 };
        let texts: Vec<String> = digits.iter().map(|text| spelled(text, style)).collect();
        any.extend(texts.iter().take(500).cloned());
        agree(client, PgType::Uuid, Codec::UuidStyle(style), "s", of_texts(texts)).await;
    }
    agree(client, PgType::Uuid, Codec::UuidAny, "s", of_texts(any)).await;
    let byte = |text: &str, place: usize| u8::from_str_radix(&text[2 * place..2 * place + 2], 16).unwrap();
    for (order, places) in [
        (UuidOrder::Rfc4122, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]),
        (UuidOrder::Dotnet, [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15]),
    ] {
        let blob = |text: &String| Owned::Blob(places.iter().map(|place| byte(text, *place)).collect());
        let cases = digits.iter().map(|text| Case { value: blob(text), text: text.clone() }).collect();
        agree(client, PgType::Uuid, Codec::UuidBlob(order), "s", cases).await;
    }
}

/// The server reads these words itself.
async fn flags(client: &Client) {
    let pairs = [("t", "f"), ("TRUE", "FALSE"), ("Yes", "No"), ("y", "n"), ("on", "off")];
    for (yes, no) in pairs {
        let texts = (0..60).map(|n| if n % 3 == 0 { yes } else { no }.to_owned()).collect();
        let codec = Codec::FlagText { yes: yes.to_owned(), no: no.to_owned() };
        agree(client, PgType::Bool, codec, "s", of_texts(texts)).await;
    }
}

async fn labels(client: &Client) {
    let labels = [
        "small",
        "",
        "größer ",
        "Small",
        "'\\\"",
        "0123456789012345678901234567890123456789012345678901234567890ab",
    ];
    let quoted: Vec<String> = labels.iter().map(|label| format!("'{}'", label.replace('\'', "''"))).collect();
    client.batch_execute(&format!("CREATE TYPE pg_temp.size AS ENUM ({})", quoted.join(", "))).await.unwrap();
    let codec = Codec::Label(labels.iter().map(|label| (*label).to_owned()).collect());
    let mapping = Mapping { pg: PgType::Enum, codec };
    let texts = (0..60).map(|n| labels[n % labels.len()].to_owned()).chain(["other".to_owned()]).collect();
    agree_as(client, "pg_temp.size", &mapping, "s", of_texts(texts)).await;
}

async fn tagged(client: &Client) {
    let hex = |class: u8, bytes: &[u8]| {
        bytes.iter().fold(format!("\\x{class:02x}"), |text, byte| text + &format!("{byte:02x}"))
    };
    let bytes = samples(proptest::collection::vec(any::<u8>(), 0..40));
    let stored = bytes.into_iter().flat_map(|v| {
        let text = String::from_utf8_lossy(&v).into_owned();
        [
            Case { text: hex(3, text.as_bytes()), value: Owned::Text(text) },
            Case { text: hex(4, &v), value: Owned::Blob(v) },
        ]
    });
    let integers = integers().into_iter();
    let integers = integers.map(|v| Case { text: hex(1, &v.to_be_bytes()), value: Owned::Integer(v) });
    let reals = reals().into_iter();
    let reals = reals.map(|v| Case { text: hex(2, &v.to_bits().to_be_bytes()), value: Owned::Real(v) });
    agree(client, PgType::Bytea, Codec::Tagged, "s", stored.chain(integers).chain(reals).collect()).await;
}

/// Addresses in many spellings, with prefix and without; about half of them networks.
fn addresses() -> Vec<String> {
    let group = prop_oneof![Just(0_u16), Just(0), any::<u16>(), 0..16_u16];
    let groups = proptest::array::uniform8(group);
    let four = (any::<u32>(), 0..40_u32, any::<bool>());
    let mut all: Vec<String> = samples(four)
        .into_iter()
        .map(|(bits, prefix, network)| {
            let mask = u32::MAX.checked_shl(32_u32.saturating_sub(prefix)).unwrap_or(0);
            let address = Ipv4Addr::from(if network { bits & mask } else { bits });
            if prefix > 32 { address.to_string() } else { format!("{address}/{prefix}") }
        })
        .collect();
    all.extend(samples((groups, 0..140_u32, 0..4_u8)).into_iter().map(|(groups, prefix, spelling)| {
        let mask = u128::MAX.checked_shl(128_u32.saturating_sub(prefix)).unwrap_or(0);
        let address = Ipv6Addr::from(groups);
        let text = match spelling {
            0 => address.to_string(),
            1 => Ipv6Addr::from(address.to_bits() & mask).to_string(),
            2 => groups.map(|group| format!("{group:04X}")).join(":"),
            _ => format!("{:x}:{:x}::{}", groups[0], groups[1], Ipv4Addr::from(address.to_bits() as u32)),
        };
        if prefix > 128 { text } else { format!("{text}/{prefix}") }
    }));
    all.extend(
        ["0.0.0.0", "255.255.255.255", "::", "::1", "224.0.0.0", "0.0.0.0/0", "::/0"].map(str::to_owned),
    );
    all
}

async fn networks(client: &Client) {
    agree(client, PgType::Inet, Codec::Network, "s", of_texts(addresses())).await;
    agree(client, PgType::Cidr, Codec::Network, "s", of_texts(addresses())).await;
    let mac = samples("[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}");
    agree(client, PgType::Macaddr, Codec::Network, "s", of_texts(mac)).await;
}

/// Every address in these spellings that the server takes we take, too, and every network with bits beyond its prefix is
/// refused by both. Of texts that are nearly addresses we take none that the server refuses.
async fn network_verdicts(client: &Client) {
    let try_cast =
        "CREATE OR REPLACE FUNCTION pg_temp.is_net(s text, cidr bool) RETURNS bool LANGUAGE plpgsql AS
        $$ BEGIN IF cidr THEN PERFORM s::cidr; ELSE PERFORM s::inet; END IF; RETURN true;
        EXCEPTION WHEN OTHERS THEN RETURN false; END $$";
    client.batch_execute(try_cast).await.unwrap();
    let near = samples(prop_oneof![
        "[0-9a-f:./]{2,14}",
        "([0-9a-f]{0,4}:){2,8}[0-9a-f]{0,4}",
        "([0-9]{1,3}\\.){2,4}[0-9]{1,3}"
    ]);
    let whole = addresses();
    let texts: Vec<&String> = whole.iter().chain(&near).collect();
    let query = "SELECT pg_temp.is_net(s, false), pg_temp.is_net(s, true) FROM unnest($1::text[]) WITH ORDINALITY AS e (s, n) ORDER BY n";
    let verdicts = client.query(query, &[&texts]).await.unwrap();
    let mut taken = 0;
    for (place, (text, row)) in texts.iter().zip(&verdicts).enumerate() {
        for (pg, theirs) in [(PgType::Inet, row.get::<_, bool>(0)), (PgType::Cidr, row.get(1))] {
            let ours =
                value(Value::Text(text.as_bytes()), &Mapping { pg, codec: Codec::Network }, &mut Vec::new());
            assert!(theirs || ours.is_err(), "{pg} {text:?}: we take it, the server does not");
            assert!(place >= whole.len() || ours.is_ok() == theirs, "{pg} {text:?}: {ours:?}");
            taken += u32::from(ours.is_ok() && place >= whole.len());
        }
    }
    assert!(taken > 20, "only {taken} of the near ones are addresses");
    println!("inet, cidr: {} verdicts, {taken} of the near ones taken", texts.len());
}
