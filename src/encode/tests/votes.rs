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
