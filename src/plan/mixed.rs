//! What becomes of a column that no type holds with every storage class kept, where the user chose (`--mixed`;
//! semantics.md §0.2, §1.5): refused, tagged, split into one column for each family of classes, or given the type of
//! its majority.

use super::choose::{Choice, Circumstances, choose, mixture};
use super::draft::refusal;
use super::types::{Classes, Codec, Level, PgType};
use crate::catalog::Column;
use crate::catalog::profile::ColumnProfile;
use crate::config::{BadValuePolicy, MixedPolicy};
use crate::finding::{Finding, Way};

/// What a column becomes.
pub(super) enum Settled {
    /// one column
    One(Choice, BadValuePolicy),
    /// one column for each family of classes; the first keeps the name, the others have this suffix
    Parts(Vec<(&'static str, Choice, Classes)>),
    /// nothing: the run is refused
    Refused(Choice, Finding),
}

/// Settles a column whose widest choice is `choice`.
pub(super) fn settle(
    object: &str,
    column: &Column,
    facts: &ColumnProfile,
    choice: Choice,
    around: Circumstances,
) -> Settled {
    let widened = matches!(choice.mapping.codec, Codec::TextForm | Codec::BytesForm);
    let loses_class = choice.level == Level::B;
    match around.mixed {
        MixedPolicy::Refuse if loses_class => {
            let finding = refused(object, facts);
            Settled::Refused(choice, finding)
        }
        MixedPolicy::Tagged if loses_class => Settled::One(tagged(facts), BadValuePolicy::Refuse),
        MixedPolicy::Split if widened && (around.in_key || around.joined) => {
            let message = format!("holds {} and is part of a key, which cannot be split", mixture(facts));
            let finding = refusal(code(facts), object, message)
                .way(Way::option("mixed", "widen"))
                .way(Way::option("mixed", "tagged"));
            Settled::Refused(choice, finding)
        }
        MixedPolicy::Split if widened && families(facts).len() > 1 => {
            Settled::Parts(parts(column, facts, around))
        }
        MixedPolicy::Quarantine if widened => {
            let (_, classes) = families(facts)[0];
            let majority = choose(column, &only(facts, classes), around);
            let why = format!("the type of the majority of {}", mixture(facts));
            Settled::One(Choice { why, ..majority }, BadValuePolicy::Quarantine)
        }
        _ => Settled::One(choice, BadValuePolicy::Refuse),
    }
}

fn refused(object: &str, facts: &ColumnProfile) -> Finding {
    let message = format!("holds {}, which no type keeps with every storage class", mixture(facts));
    refusal(code(facts), object, message)
        .count(facts.values())
        .examples(if facts.odd_texts.is_empty() {
            facts.first.iter().map(|(class, key)| format!("{class} at {key}")).collect()
        } else {
            facts.odd_texts.clone()
        })
        .way(Way::option("mixed", "widen"))
        .way(Way::option("mixed", "tagged"))
        .way(Way::option("mixed", "split"))
        .way(Way::option("mixed", "quarantine"))
        .or("mend these rows in the source")
}

fn code(facts: &ColumnProfile) -> &'static str {
    match facts {
        ColumnProfile { blobs: 1.., .. } if facts.blobs < facts.values() => "E_MIXED_BLOB",
        ColumnProfile { texts_nul: 1.., .. } => "E_TEXT_NUL",
        ColumnProfile { texts_invalid: 1.., .. } => "E_TEXT_UTF8",
        _ => "E_MIXED",
    }
}

fn tagged(facts: &ColumnProfile) -> Choice {
    let why = format!("{}; each value with a byte for its class", mixture(facts));
    Choice::new(PgType::Bytea, Codec::Tagged, Level::E0, why)
}

/// The families of classes that occur, the one with most values first.
fn families(facts: &ColumnProfile) -> Vec<(&'static str, Classes)> {
    let none = Classes::default();
    let mut families = vec![
        (facts.integers + facts.reals, "number", Classes { integer: true, real: true, ..none }),
        (facts.texts, "text", Classes { text: true, ..none }),
        (facts.blobs, "blob", Classes { blob: true, ..none }),
    ];
    families.sort_by_key(|(count, ..)| std::cmp::Reverse(*count));
    families.into_iter().filter(|(count, ..)| *count > 0).map(|(_, name, classes)| (name, classes)).collect()
}

fn parts(
    column: &Column,
    facts: &ColumnProfile,
    around: Circumstances,
) -> Vec<(&'static str, Choice, Classes)> {
    let part = |(name, classes): (&'static str, Classes)| {
        let choice = choose(column, &only(facts, classes), around);
        let codec = Codec::Only(classes, Box::new(choice.mapping.codec));
        let why = format!("the {name} values of {}", mixture(facts));
        (name, Choice::new(choice.mapping.pg, codec, choice.level, why), classes)
    };
    families(facts).into_iter().map(part).collect()
}

/// The facts of the values of these classes alone; texts that no text column holds are set aside where only TEXT is left
/// to be one.
fn only(facts: &ColumnProfile, classes: Classes) -> ColumnProfile {
    let mut part = facts.clone();
    if !classes.integer {
        (part.integers, part.integers_zero, part.integers_one, part.integer_range) = (0, 0, 0, None);
    }
    if !classes.real {
        (part.reals, part.reals_integral, part.reals_infinite) = (0, 0, 0);
        (part.reals_negative_zero, part.real_range) = (0, None);
    }
    if !classes.text {
        (part.texts, part.texts_numeric, part.spelling) = (0, 0, None);
    }
    let alone = facts.values() == facts.texts;
    if !classes.text || alone {
        (part.texts_invalid, part.texts_nul) = (0, 0);
    }
    if !classes.blob {
        part.blobs = 0;
    }
    part
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::affinity::Affinity;

    fn facts(integers: u64, texts: u64, blobs: u64) -> ColumnProfile {
        ColumnProfile { integers, texts, blobs, texts_numeric: texts, ..ColumnProfile::default() }
    }

    fn settled(policy: MixedPolicy, facts: &ColumnProfile) -> Settled {
        let column = Column { affinity: Affinity::Blob, ..Column::default() };
        let around = Circumstances { mixed: policy, ..Circumstances::default() };
        settle("t.c", &column, facts, choose(&column, facts, around), around)
    }

    #[test]
    fn each_policy_settles_the_same_column_in_its_way() {
        let mixed = facts(3, 1, 0);
        let Settled::One(choice, BadValuePolicy::Refuse) = settled(MixedPolicy::Widen, &mixed) else {
            panic!()
        };
        assert_eq!((choice.mapping.pg, choice.level), (PgType::Text, Level::B));
        let Settled::Refused(_, finding) = settled(MixedPolicy::Refuse, &mixed) else { panic!() };
        assert_eq!(finding.code, "E_MIXED");
        let Settled::Refused(_, finding) = settled(MixedPolicy::Refuse, &facts(0, 1, 1)) else { panic!() };
        assert_eq!(finding.code, "E_MIXED_BLOB");
        let Settled::One(choice, _) = settled(MixedPolicy::Tagged, &mixed) else { panic!() };
        assert_eq!((choice.mapping.pg, choice.mapping.codec), (PgType::Bytea, Codec::Tagged));
        let Settled::One(choice, BadValuePolicy::Quarantine) = settled(MixedPolicy::Quarantine, &mixed)
        else {
            panic!()
        };
        assert_eq!(choice.mapping.pg, PgType::Int8);
        let Settled::Parts(parts) = settled(MixedPolicy::Split, &facts(3, 1, 2)) else { panic!() };
        let types: Vec<_> = parts.iter().map(|(name, choice, _)| (*name, choice.mapping.pg)).collect();
        assert_eq!(types, [("number", PgType::Int8), ("blob", PgType::Bytea), ("text", PgType::Text)]);
    }

    #[test]
    fn unfit_texts_alone_are_the_bad_values_of_a_text_column() {
        let nul = ColumnProfile { texts_nul: 1, ..facts(0, 5, 0) };
        let Settled::One(choice, BadValuePolicy::Quarantine) = settled(MixedPolicy::Quarantine, &nul) else {
            panic!()
        };
        assert_eq!(choice.mapping.pg, PgType::Text);
        let Settled::Refused(_, finding) = settled(MixedPolicy::Refuse, &nul) else { panic!() };
        assert_eq!(finding.code, "E_TEXT_NUL");
        assert!(matches!(settled(MixedPolicy::Split, &nul), Settled::One(..)), "there is nothing to split");
    }

    #[test]
    fn one_class_is_nobodys_business() {
        for policy in [MixedPolicy::Refuse, MixedPolicy::Tagged, MixedPolicy::Split, MixedPolicy::Quarantine]
        {
            let Settled::One(choice, BadValuePolicy::Refuse) = settled(policy, &facts(4, 0, 0)) else {
                panic!()
            };
            assert_eq!(choice.mapping.pg, PgType::Int8);
        }
    }
}
