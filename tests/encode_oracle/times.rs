//! Dates, times, instants and intervals in every spelling, under settings of the server that must not matter.

use super::*;
use cutover::plan::types::{Fraction, Template, TimeTemplate, Unit, Zone};

/// What people set, and what changes how a server reads and prints times.
const SETTINGS: [&str; 3] = [
    "SET datestyle = 'ISO, DMY'; SET intervalstyle = 'postgres'; SET timezone = 'Asia/Kolkata'",
    "SET datestyle = 'German'; SET intervalstyle = 'sql_standard'; SET timezone = 'America/New_York'",
    "SET datestyle = 'SQL, MDY'; SET intervalstyle = 'iso_8601'; SET timezone = 'Pacific/Apia'",
];

const FRACTIONS: [Fraction; 9] = [
    Fraction::Fixed(0),
    Fraction::Fixed(1),
    Fraction::Fixed(2),
    Fraction::Fixed(3),
    Fraction::Fixed(4),
    Fraction::Fixed(5),
    Fraction::Fixed(6),
    Fraction::NoneOrSix,
    Fraction::Shortened,
];

/// Random values of each spelling: there are about two hundred spellings.
const OF_A_SPELLING: usize = 150;

#[test]
fn every_time_against_a_server() {
    against_a_server(async |client| {
        for (turn, settings) in SETTINGS.into_iter().enumerate() {
            client.batch_execute(settings).await.unwrap();
            dates(client).await;
            times_of_day(client, turn).await;
            timestamps(client, turn).await;
            of_any_spelling(client).await;
            instants_as_integers(client).await;
            instants_as_reals(client).await;
            intervals(client).await;
        }
    });
}

#[test]
fn local_times_against_a_server() {
    against_a_server(async |client| {
        for settings in SETTINGS {
            client.batch_execute(settings).await.unwrap();
            local_times(client).await;
        }
    });
}

/// Year, month, day, hour, minute, second, microsecond.
type Parts = [u32; 7];

/// The ends of time, leap days, and dates that there are not.
const EDGES: [Parts; 12] = [
    [1, 1, 1, 0, 0, 0, 0],
    [9999, 12, 31, 23, 59, 59, 999_999],
    [1969, 12, 31, 23, 59, 59, 999_999],
    [1970, 1, 1, 0, 0, 0, 0],
    [2000, 1, 1, 0, 0, 0, 0],
    [2000, 2, 29, 12, 0, 0, 500_000],
    [2024, 2, 29, 0, 0, 0, 1],
    [1900, 2, 28, 23, 59, 59, 0],
    [1900, 2, 29, 0, 0, 0, 0],
    [0, 1, 1, 0, 0, 0, 0],
    [2024, 4, 31, 0, 0, 0, 0],
    [2024, 12, 31, 24, 0, 0, 0],
];

/// Dates and times, about one in ten of them not real.
fn moments() -> Vec<Parts> {
    let year = prop_oneof![0..10_000_u32, 1970..2040_u32];
    let micros = prop_oneof![Just(0), (0..10_u32).prop_map(|n| n * 100_000), 0..1_000_000_u32];
    let parts = (year, 1..13_u32, 1..32_u32, 0..24_u32, 0..60_u32, 0..60_u32, micros);
    let all = samples(parts.prop_map(|(y, m, d, h, mi, s, us)| [y, m, d, h, mi, s, us]));
    EDGES.into_iter().chain(all).collect()
}

fn spelled(moments: &[Parts], spell: impl Fn(Parts) -> String) -> Vec<Case> {
    of_texts(moments.iter().map(|parts| spell(*parts)).collect())
}

fn date(p: Parts) -> String {
    format!("{:04}-{:02}-{:02}", p[0], p[1], p[2])
}

/// The time of day, as one who writes in this spelling has it: what it cannot say is cut.
fn clock(p: Parts, seconds: bool, fraction: Fraction) -> String {
    let minutes = format!("{:02}:{:02}", p[3], p[4]);
    let digits = format!("{:06}", p[6]);
    let fraction = match fraction {
        Fraction::Fixed(n) => &digits[..n.into()],
        Fraction::Shortened => digits.trim_end_matches('0'),
        Fraction::NoneOrSix if p[6] == 0 => "",
        Fraction::NoneOrSix => &digits,
    };
    match (seconds, fraction) {
        (false, _) => minutes,
        (true, "") => format!("{minutes}:{:02}", p[5]),
        (true, fraction) => format!("{minutes}:{:02}.{fraction}", p[5]),
    }
}

/// Every spelling of a time of day; each of the settings has its third of them.
fn spellings(turn: usize) -> impl Iterator<Item = TimeTemplate> {
    let minutes = TimeTemplate { seconds: false, fraction: Fraction::Fixed(0) };
    let seconds = FRACTIONS.into_iter().map(|fraction| TimeTemplate { seconds: true, fraction });
    std::iter::once(minutes).chain(seconds).skip(turn).step_by(SETTINGS.len())
}

/// The precisions of a column that loses nothing of this spelling, and one that would.
fn precisions(fraction: Fraction) -> [u8; 3] {
    match fraction {
        Fraction::Fixed(n) => [6, n, n.saturating_sub(1)],
        _ => [6, 3, 0],
    }
}

/// The server reads it with a precision of its own only where we refused what that would round.
async fn unrounded_text(client: &Client, plain: &str) {
    let query = format!("SELECT count(*) FROM t JOIN e USING (id) WHERE v::{plain} <> s::{plain}");
    assert_eq!(client.query_one(&query, &[]).await.unwrap().get::<_, i64>(0), 0);
}

async fn dates(client: &Client) {
    let moments = moments();
    agree(client, PgType::Date, Codec::Date, "s", spelled(&moments, date)).await;
    let number = |p: Parts| Case {
        value: Owned::Integer(i64::from(p[0]) * 10_000 + i64::from(p[1]) * 100 + i64::from(p[2])),
        text: format!("{:04}{:02}{:02}", p[0], p[1], p[2]),
    };
    let refused =
        agree(client, PgType::Date, Codec::DayNumber, "s", moments.into_iter().map(number).collect()).await;
    never_read(client, "date", &refused).await;
}

/// What we refused the server refuses, too.
async fn never_read(client: &Client, pg: &str, refused: &[Case]) {
    assert!(!refused.is_empty());
    let function = format!(
        "CREATE OR REPLACE FUNCTION pg_temp.reads(s text) RETURNS bool LANGUAGE plpgsql AS
        $$ BEGIN PERFORM s::{pg}; RETURN true; EXCEPTION WHEN OTHERS THEN RETURN false; END $$"
    );
    client.batch_execute(&function).await.unwrap();
    for case in refused {
        let read: bool = client.query_one("SELECT pg_temp.reads($1)", &[&case.text]).await.unwrap().get(0);
        assert!(!read, "{case:?} is a {pg}");
    }
}

async fn times_of_day(client: &Client, turn: usize) {
    let moments = moments();
    for template in spellings(turn) {
        let texts = spelled(&moments[..OF_A_SPELLING], |p| clock(p, template.seconds, template.fraction));
        for precision in precisions(template.fraction) {
            let pg = PgType::Time(precision);
            agree(client, pg, Codec::TimeOfDay(template), "s", texts.clone()).await;
            unrounded_text(client, "time").await;
            agree(client, pg, Codec::AnyTime, "s", texts.clone()).await;
        }
    }
}

async fn timestamps(client: &Client, turn: usize) {
    let zones = [
        ("", 0),
        ("Z", 0),
        ("+00:00", 0),
        (" +00:00", 0),
        ("+05:30", 19_800),
        (" -08:00", -28_800),
        ("+14", 50_400),
        ("-0330", -12_600),
    ];
    let moments = moments();
    for clock_template in spellings(turn) {
        for (text, seconds) in zones {
            for separator in [' ', 'T'] {
                let TimeTemplate { seconds: with_seconds, fraction } = clock_template;
                let zone = match text {
                    "" => Zone::None,
                    "Z" => Zone::Z,
                    _ => Zone::Offset { text: text.to_owned(), seconds },
                };
                let spell =
                    |p: Parts| format!("{}{separator}{}{text}", date(p), clock(p, with_seconds, fraction));
                let cases = spelled(&moments[..OF_A_SPELLING], spell);
                let precision = precisions(fraction)[usize::from(separator == 'T')];
                let (pg, plain) = match zone {
                    Zone::None => (PgType::Timestamp(precision), "timestamp"),
                    _ => (PgType::Timestamptz(precision), "timestamptz"),
                };
                let template = Template { separator, seconds: with_seconds, fraction, zone };
                agree(client, pg, Codec::Stamp(template), "s", cases).await;
                unrounded_text(client, plain).await;
            }
        }
    }
}

async fn of_any_spelling(client: &Client) {
    let moments = moments();
    let python = |p: Parts| format!("{}T{}", date(p), clock(p, true, Fraction::NoneOrSix));
    let plain = PgType::Timestamp(6);
    agree(client, plain, Codec::AnyTimestamp, "s", spelled(&moments, date)).await;
    agree(client, plain, Codec::AnyTimestamp, "s", spelled(&moments, python)).await;
    let tz = PgType::Timestamptz(6);
    let zoned = spelled(&moments, |p| format!("{}+05:30", python(p)));
    agree(client, tz, Codec::AnyTimestamptz, "s", zoned).await;
    // Without a zone it is UTC, whatever the session's zone is.
    agree(client, tz, Codec::AnyTimestamptz, "s::timestamp AT TIME ZONE 'UTC'", spelled(&moments, python))
        .await;
}

/// From 4714-11-24 BC 00:00 to the end of the year 294276, in microseconds since 1970; no 64 bits hold the end.
const UNIX_MIN: i128 = -210_866_803_200_000_000;
const UNIX_END: i128 = 9_224_318_016_000_000_000;

/// An instant as the server makes it: whole days and microseconds since 1970, each exact.
fn since_1970(micros: i128) -> String {
    format!("{} {}", micros.div_euclid(86_400_000_000), micros.rem_euclid(86_400_000_000))
}

const MADE: &str = "(timestamp '1970-01-01' + (split_part(s, ' ', 1) || ' days')::interval \
                    + (split_part(s, ' ', 2) || ' microseconds')::interval)";

async fn instants_as_integers(client: &Client) {
    let made_tz = format!("{MADE} AT TIME ZONE 'UTC'");
    for (unit, one) in [(Unit::Seconds, 1_000_000_i128), (Unit::Millis, 1000), (Unit::Micros, 1)] {
        let ends = [UNIX_MIN / one, UNIX_END / one, 0, 946_684_800_000_000 / one];
        let near = ends.into_iter().flat_map(|end| (end - 3..=end + 3).chain([end + 86_400_000_000 / one]));
        let near = near.filter_map(|v| i64::try_from(v).ok());
        let ours =
            samples(-4_000_000_000_000_000_i64..9_000_000_000_000_000).into_iter().map(|v| v / one as i64);
        let values: Vec<i64> = near.chain(ours).chain(integers()).collect();
        let in_range = |v: &&i64| (UNIX_MIN..UNIX_END).contains(&(i128::from(**v) * one));
        let expected = values.iter().filter(in_range).count();
        let case = |v: &i64| {
            // What is out of range is refused before the server sees it.
            Case { text: since_1970(i128::from(*v) * one), value: Owned::Integer(*v) }
        };
        let cases: Vec<Case> = values.iter().map(case).collect();
        for (pg, made) in [(PgType::Timestamptz(6), made_tz.as_str()), (PgType::Timestamp(6), MADE)] {
            let refused = agree(client, pg, Codec::Epoch(unit), made, cases.clone()).await;
            assert_eq!(cases.len() - refused.len(), expected, "{unit:?} into {pg}");
        }
        agree(client, PgType::Timestamptz(2), Codec::Epoch(unit), &made_tz, cases.clone()).await;
        let lost = format!("SELECT count(*) FROM t JOIN e USING (id) WHERE v <> {made_tz}");
        assert_eq!(client.query_one(&lost, &[]).await.unwrap().get::<_, i64>(0), 0);
    }
}

/// SQLite itself makes the numbers, from moments of whole milliseconds.
async fn instants_as_reals(client: &Client) {
    let sqlite = rusqlite::Connection::open_in_memory().unwrap();
    let mut query = sqlite.prepare("SELECT julianday(?1), unixepoch(?1, 'subsec')").unwrap();
    let (mut days, mut seconds) = (Vec::new(), Vec::new());
    for parts in moments().into_iter().filter(|p| p[0] > 0 && p[2] < 29 && p[3] < 24) {
        let text = format!("{} {}", date(parts), clock(parts, true, Fraction::Fixed(3)));
        let case = |v| Case { value: Owned::Real(v), text: text.clone() };
        let (day, second) = query.query_row([&text], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        days.push(case(day));
        seconds.push(case(second));
    }
    for p in [3, 6] {
        let utc = "s::timestamp AT TIME ZONE 'UTC'";
        for (codec, cases) in [(Codec::Julian, &days), (Codec::EpochReal, &seconds)] {
            let refused = agree(client, PgType::Timestamp(p), codec.clone(), "s", cases.clone()).await;
            assert!(refused.is_empty(), "{codec:?} {refused:?}");
            let refused = agree(client, PgType::Timestamptz(p), codec, utc, cases.clone()).await;
            assert!(refused.is_empty(), "{refused:?}");
        }
    }
    any_reals(client).await;
}

/// Doubles that nobody made from a calendar: whatever is taken comes back bit for bit.
async fn any_reals(client: &Client) {
    let micros = samples(UNIX_MIN as i64..i64::MAX);
    let second = |v: &i64| Case { value: Owned::Real(*v as f64 / 1e6), text: String::new() };
    let small = micros.iter().map(|v| second(&(v >> 12))).chain(micros.iter().map(second));
    let days = samples(-0.5..109_203_527.5_f64).into_iter().chain(samples(2_300_000.0..2_600_000.0));
    let day = |v| Case { value: Owned::Real(v), text: String::new() };
    let edges = [0.0, -0.5, 0.5, 1.0, 2_440_587.5, 109_203_526.5].map(day);
    // There is no text to make them from: `v` is compared with itself here, and what is read back with the REAL.
    let refused = agree(client, PgType::Timestamp(6), Codec::EpochReal, "v", small.collect()).await;
    assert!(refused.len() < 3 * CASES / 2, "{}", refused.len());
    let all: Vec<Case> = edges.into_iter().chain(days.map(day)).collect();
    let refused = agree(client, PgType::Timestamp(6), Codec::Julian, "v", all).await;
    assert!(refused.len() < CASES / 10, "{}", refused.len());
}

/// Months, days and microseconds of an interval, from the smallest to the largest.
fn spans() -> Vec<(i32, i32, i64)> {
    let months = prop_oneof![Just(0), -30..30_i32, any::<i32>()];
    let days = prop_oneof![Just(0), -40..40_i32, any::<i32>()];
    let micros = prop_oneof![
        Just(0),
        -200_000_i64..200_000,
        (-100_000_i64..100_000).prop_map(|seconds| seconds * 1_000_000),
        any::<i64>()
    ];
    let mut all = samples((months, days, micros));
    all.extend([(0, 0, i64::MIN), (0, 0, i64::MAX), (i32::MIN, 0, 0), (i32::MAX, 0, 0), (0, i32::MIN, 0)]);
    all.extend([(14, -3, 14_706_789_000), (-14, 3, -14_706_789_000), (0, -1, 7_200_000_000)]);
    all
}

/// The server prints each interval in each of its styles; that text is what a source may hold.
async fn intervals(client: &Client) {
    // A sign before every part means the same in every style.
    let made: Vec<String> =
        spans().iter().map(|(m, d, us)| format!("{m:+} mons {d:+} days {us:+} microseconds")).collect();
    let query = "SELECT s::interval::text FROM unnest($1::text[]) WITH ORDINALITY AS e (s, n) ORDER BY n";
    let own: String = client.query_one("SHOW intervalstyle", &[]).await.unwrap().get(0);
    for style in ["postgres", "iso_8601", "sql_standard"] {
        client.batch_execute(&format!("SET intervalstyle = '{style}'")).await.unwrap();
        let printed = client.query(query, &[&made]).await.unwrap();
        client.batch_execute(&format!("SET intervalstyle = '{own}'")).await.unwrap();
        let case = |(row, text): (&tokio_postgres::Row, &String)| Case {
            value: Owned::Text(row.get(0)),
            text: text.clone(),
        };
        let cases: Vec<Case> = printed.iter().zip(&made).map(case).collect();
        let refused = agree(client, PgType::Interval(6), Codec::Interval, "s", cases.clone()).await;
        // Only one of the styles writes a minus for all parts.
        let unclear = |case: &Case| matches!(&case.value, Owned::Text(text) if text.starts_with('-') && text.contains(' '));
        assert!(refused.iter().all(|case| style == "sql_standard" && unclear(case)), "{style}: {refused:?}");
        agree(client, PgType::Interval(3), Codec::Interval, "s", cases).await;
        let lost = "SELECT count(*) FROM t JOIN e USING (id) WHERE v <> s::interval";
        assert_eq!(client.query_one(lost, &[]).await.unwrap().get::<_, i64>(0), 0);
    }
    numbers_of_units(client).await;
    timedeltas(client).await;
}

async fn numbers_of_units(client: &Client) {
    for (unit, one) in [(Unit::Seconds, 1_000_000_i128), (Unit::Millis, 1000), (Unit::Micros, 1)] {
        let all = integers().into_iter().map(|v| Case {
            value: Owned::Integer(v),
            text: format!("{} microseconds", i128::from(v) * one),
        });
        let all: Vec<Case> = all.collect();
        for precision in [6, 4, 0] {
            agree(client, PgType::Interval(precision), Codec::IntervalUnits(unit), "s", all.clone()).await;
        }
    }
}

/// Python's `str(timedelta)`: the days have a sign, the time is what is added to them.
async fn timedeltas(client: &Client) {
    let spans =
        samples((-1000..1000_i32, 0..24_u32, 0..60_u32, 0..60_u32, prop_oneof![Just(0), 1..1_000_000_u32]));
    let case = |(days, h, m, s, us): (i32, u32, u32, u32, u32)| {
        let time = clock([0, 0, 0, 0, m, s, us], true, Fraction::NoneOrSix).split_off(3);
        let name = if days.abs() == 1 { "day" } else { "days" };
        let python = if days == 0 { format!("{h}:{time}") } else { format!("{days} {name}, {h}:{time}") };
        Case { value: Owned::Text(python), text: format!("{days} days +{h}:{time}") }
    };
    let refused =
        agree(client, PgType::Interval(6), Codec::Interval, "s", spans.into_iter().map(case).collect()).await;
    assert!(refused.is_empty(), "{refused:?}");
}

/// Minutes around the changes of a zone's clocks, and moments of the years in which zones are agreed upon.
async fn local_times(client: &Client) {
    for (zone, changes) in [
        ("Europe/Berlin", [[2024, 3, 31], [2024, 10, 27]]),
        ("America/New_York", [[2024, 3, 10], [2024, 11, 3]]),
        ("Australia/Lord_Howe", [[2024, 10, 6], [2024, 4, 7]]),
        ("America/Sao_Paulo", [[2018, 11, 4], [2018, 2, 17]]),
        ("Asia/Kathmandu", [[2024, 1, 1], [1986, 1, 1]]),
        ("UTC", [[2024, 3, 31], [2024, 10, 27]]),
    ] {
        let agreed_upon = |p: &Parts| (1975..2037).contains(&p[0]) && p[2] < 29;
        let mut all: Vec<Parts> = moments().into_iter().filter(agreed_upon).collect();
        for [y, m, d] in changes {
            all.extend((0..24 * 12).map(|n| [y, m, d, n / 12, n % 12 * 5, 0, 0]));
            all.extend((0..5).map(|h| [y, m, d, h, 59, 59, 999_999]));
        }
        let cases = spelled(&all, |p| format!("{} {}", date(p), clock(p, true, Fraction::Shortened)));
        let made = format!("s::timestamp AT TIME ZONE '{zone}'");
        let codec = Codec::LocalTime(zone.to_owned());
        let refused = agree(client, PgType::Timestamptz(6), codec, &made, cases).await;
        // Of what was taken, one instant shows this time in the zone; of what was refused, none does, or two.
        let shown = "SELECT s, (SELECT count(*) FROM unnest('{-60,-30,0,30,60}'::int[]) AS m
             WHERE ((s::timestamp AT TIME ZONE '#') + make_interval(mins => m)) AT TIME ZONE '#' = s::timestamp)"
            .replace('#', zone);
        for row in client.query(&format!("{shown} FROM e WHERE s IS NOT NULL"), &[]).await.unwrap() {
            assert_eq!(row.get::<_, i64>(1), 1, "{} in {zone}", row.get::<_, &str>(0));
        }
        let odd: Vec<String> = refused.into_iter().map(|case| case.text).collect();
        client.batch_execute("TRUNCATE e").await.unwrap();
        let insert = "INSERT INTO e SELECT n, s FROM unnest($1::text[]) WITH ORDINALITY AS e (s, n)";
        client.execute(insert, &[&odd]).await.unwrap();
        for row in client.query(&format!("{shown} FROM e WHERE s IS NOT NULL"), &[]).await.unwrap() {
            assert_ne!(row.get::<_, i64>(1), 1, "{} in {zone}", row.get::<_, &str>(0));
        }
        println!("{zone}: {} times are not there or twice", odd.len());
    }
    let fixed = spelled(&moments(), |p| format!("{} {}", date(p), clock(p, true, Fraction::Shortened)));
    let codec = Codec::LocalTime("-03:30".to_owned());
    agree(client, PgType::Timestamptz(6), codec, "s::timestamp AT TIME ZONE INTERVAL '-03:30'", fixed).await;
}
