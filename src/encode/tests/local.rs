//! Local times of a zone.

use super::*;

fn put(zone: &str, text: &str) -> Result<Vec<u8>, MisfitKind> {
    field(&Codec::LocalTime(zone.to_owned()), PgType::Timestamptz(6), Text(text.as_bytes()))
}

fn utc(text: &str) -> Result<Vec<u8>, MisfitKind> {
    field(&Codec::AnyTimestamptz, PgType::Timestamptz(6), Text(text.as_bytes()))
}

#[test]
fn local_times() {
    for (zone, text, same) in [
        ("Europe/Berlin", "2024-01-02 10:20:30.5", "2024-01-02 09:20:30.5Z"),
        ("Europe/Berlin", "2024-07-02T10:20", "2024-07-02T08:20Z"),
        ("europe/berlin", "2024-07-02", "2024-07-01 22:00Z"),
        ("Europe/Berlin", "2024-03-31 01:59:59.999999", "2024-03-31 00:59:59.999999Z"),
        ("Europe/Berlin", "2024-03-31 03:00:00", "2024-03-31 01:00:00Z"),
        ("Europe/Berlin", "2024-10-27 01:59:59.999999", "2024-10-26 23:59:59.999999Z"),
        ("Europe/Berlin", "2024-10-27 03:00:00", "2024-10-27 02:00:00Z"),
        // what names its own zone is not local
        ("Europe/Berlin", "2024-03-31 02:30:00Z", "2024-03-31 02:30:00Z"),
        ("Europe/Berlin", "2024-10-27 02:30:00 +05:00", "2024-10-26 21:30:00Z"),
        // local mean time, 53 minutes and 28 seconds
        ("Europe/Berlin", "1800-01-01 00:53:28", "1800-01-01 00:00:00Z"),
        // far beyond the table of changes
        ("Europe/Berlin", "9999-07-01 02:00:00", "9999-07-01 00:00:00Z"),
        ("America/New_York", "9999-12-31 18:59:59.999999", "9999-12-31 23:59:59.999999Z"),
        ("Asia/Kathmandu", "2024-01-01 05:45", "2024-01-01 00:00Z"),
        ("Australia/Lord_Howe", "2024-07-01 10:30", "2024-07-01 00:00Z"),
        ("+02:00", "2024-03-31 02:30", "2024-03-31 00:30Z"),
        ("-0330", "2024-03-31 02:30", "2024-03-31 06:00Z"),
        ("UTC", "2024-03-31 02:30", "2024-03-31 02:30Z"),
        ("Etc/GMT-2", "2024-03-31 02:30", "2024-03-31 00:30Z"),
    ] {
        assert_eq!(put(zone, text), utc(same), "{text} in {zone}");
    }
}

#[test]
fn local_times_that_are_not_there_or_twice() {
    for text in ["2024-03-31 02:00:00", "2024-03-31 02:30:00", "2024-03-31 02:59:59.999999"] {
        assert_eq!(put("Europe/Berlin", text), Err(K::LocalGap), "{text}");
    }
    for text in ["2024-10-27 02:00:00", "2024-10-27 02:30:00", "2024-10-27 02:59:59.999999"] {
        assert_eq!(put("Europe/Berlin", text), Err(K::LocalTwice), "{text}");
    }
    // half an hour, and a midnight that does not exist
    assert_eq!(put("Australia/Lord_Howe", "2024-10-06 02:15"), Err(K::LocalGap));
    assert_eq!(put("Australia/Lord_Howe", "2024-04-07 01:45"), Err(K::LocalTwice));
    assert_eq!(put("America/Sao_Paulo", "2018-11-04"), Err(K::LocalGap));
    // Samoa had no 30 December 2011
    assert_eq!(put("Pacific/Apia", "2011-12-30 12:00"), Err(K::LocalGap));
    assert_eq!(put("Europe/Berlin", "2024-02-30 02:00:00"), Err(K::Timestamp));
    assert_eq!(put("Europe/Berlin", "2024-01-01 02:00:00.1234567"), Err(K::Fraction(6)));
}

#[test]
fn zones_that_there_are() {
    for zone in ["Europe/Berlin", "UTC", "+02:00", "-05", "+0530", "america/new_york", "Etc/UTC"] {
        assert!(is_time_zone(zone), "{zone}");
    }
    for zone in ["", "Z", "Mars/Olympus", "Etc/Unknown", "+", "+2", "+16:00", " +02:00", "02:00", "Europe"] {
        assert!(!is_time_zone(zone), "{zone}");
        assert_eq!(put(zone, "2024-01-01"), Err(K::ZoneName), "{zone}");
        assert_eq!(put(zone, "2024-01-01"), Err(K::ZoneName), "again {zone}");
    }
}
