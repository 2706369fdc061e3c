//! The template of a whole column.

use super::*;

fn votes(texts: &[&str]) -> TemplateVotes {
    let mut votes = TemplateVotes::default();
    texts.iter().for_each(|text| votes.observe(text.as_bytes()));
    votes
}

#[test]
fn votes_for_templates() {
    use Fraction::{Fixed, NoneOrSix, Shortened};
    let same: [(&[&str], Option<Fraction>); 12] = [
        (&[""], Some(Fixed(0))),
        (&["", ".5"], Some(Shortened)),
        (&["", ".500000"], Some(NoneOrSix)),
        (&["", ".500001"], Some(NoneOrSix)),
        (&["", ".500001", ".5"], Some(Shortened)),
        (&[".500000", ".000000"], Some(Fixed(6))),
        (&[".120", ".121"], Some(Fixed(3))),
        (&[".12", ".121"], Some(Shortened)),
        (&[".12", ".120"], None),
        (&["", ".120"], None),
        (&["", ".000000"], None),
        (&[".1234567"], None),
    ];
    for (tails, fraction) in same {
        let texts: Vec<String> = tails.iter().map(|tail| format!("2024-01-02T10:20:30{tail}")).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let expected =
            fraction.map(|fraction| Template { separator: 'T', seconds: true, fraction, zone: Zone::None });
        assert_eq!(votes(&texts).stamp(), expected, "{texts:?}");
        let mut merged = votes(&texts[..1]);
        merged.merge(&votes(&texts[1..]));
        assert_eq!(merged.stamp(), expected, "merged {texts:?}");
    }
    let zone = |zones: [&str; 2]| {
        votes(&zones.map(|zone| format!("2024-01-02 10:20{zone}")).each_ref().map(String::as_str))
            .stamp()
            .map(|t| (t.zone, t.seconds))
    };
    assert_eq!(zone(["Z", "Z"]), Some((Zone::Z, false)));
    assert_eq!(zone([" +05:30", " +05:30"]), Some((offset(" +05:30", 19_800), false)));
    assert_eq!(zone(["-05", "-05"]), Some((offset("-05", -18_000), false)));
    assert_eq!(zone(["+01:00", "+02:00"]), None);
    assert_eq!(zone(["", "Z"]), None);
    assert_eq!(zone(["", ":00"]), None);
    assert_eq!(votes(&["2024-01-02 10:20", "2024-01-02T10:20"]).stamp(), None);
    assert_eq!(votes(&["2024-01-02 10:20", "x", "2024-01-02 10:20"]).stamp(), None);
    assert_eq!(votes(&["x"]).stamp(), None);
    let mut dead = votes(&["2024-01-02 10:20", "x"]);
    dead.merge(&votes(&["2024-01-02 10:20"]));
    assert_eq!(dead.stamp(), None);
}

#[test]
fn votes_for_dates() {
    assert!(votes(&["2024-01-01", "2023-02-28"]).date());
    assert!(!votes(&["2024-01-01", "2023-02-29"]).date());
    assert!(!votes(&[]).date());
    assert_eq!(votes(&["2024-01-01"]).stamp(), None);
}

#[test]
fn votes_for_times() {
    use Fraction::{Fixed, NoneOrSix, Shortened};
    let of = |seconds, fraction| Some(TimeTemplate { seconds, fraction });
    let same: [(&[&str], Option<TimeTemplate>); 15] = [
        (&["10:20"], of(false, Fixed(0))),
        (&["10:20:30", "00:00:00"], of(true, Fixed(0))),
        (&["10:20:30.120", "23:59:59.999"], of(true, Fixed(3))),
        (&["10:20:30.123456", "10:20:30.100000"], of(true, Fixed(6))),
        (&["10:20:30", "10:20:30.100000"], of(true, NoneOrSix)),
        (&["10:20:30", "10:20:30.1", "10:20:30.123456"], of(true, Shortened)),
        (&["10:20:30", "10:20:30.10"], None),
        (&["10:20", "10:20:30"], None),
        (&["10:20:30.1234567"], None),
        (&["24:00:00"], None),
        (&["10:20:30", ""], None),
        (&["10:20:30Z"], None),
        (&["2024-01-02 10:20:30"], None),
        (&["x", "10:20"], None),
        (&[], None),
    ];
    for (texts, expected) in same {
        assert_eq!(votes(texts).time(), expected, "{texts:?}");
        for at in 0..texts.len() {
            let mut merged = votes(&texts[..at]);
            merged.merge(&votes(&texts[at..]));
            assert_eq!(merged.time(), expected, "merged {texts:?} at {at}");
        }
    }
    assert_eq!(votes(&["10:20"]).stamp(), None);
    assert!(!votes(&["10:20"]).date());
    assert_eq!(votes(&["2024-01-01"]).time(), None);
}

/// Whoever stops to observe at the first text that is neither must not lose the others' say.
#[test]
fn votes_are_open_while_anything_is_possible() {
    assert!(votes(&[]).is_open());
    for text in ["10:20", "2024-01-01", "2024-01-01 10:20"] {
        assert!(votes(&[text]).is_open(), "{text}");
        assert!(!votes(&[text, "x"]).is_open(), "{text}");
    }
    assert!(!votes(&["10:20", "10:20:30"]).is_open());
}
