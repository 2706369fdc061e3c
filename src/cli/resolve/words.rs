//! The words of the command line as settings.

use crate::cli::args::{
    BadValueWord, CommentWord, CreateWord, ExistingWord, GeneratedWord, InferWord, MixedWord, NameWord,
    OrphanWord, TriggerWord, VerifyWord,
};
use crate::config::{
    BadValuePolicy, CommentPolicy, CreatePolicy, ExistingPolicy, GeneratedPolicy, Infer, MixedPolicy,
    NamePolicy, OrphanPolicy, TriggerPolicy, VerifyLevel,
};

impl From<CreateWord> for CreatePolicy {
    fn from(word: CreateWord) -> CreatePolicy {
        match word {
            CreateWord::Auto => CreatePolicy::Auto,
            CreateWord::Never => CreatePolicy::Never,
        }
    }
}

impl From<ExistingWord> for ExistingPolicy {
    fn from(word: ExistingWord) -> ExistingPolicy {
        match word {
            ExistingWord::Refuse => ExistingPolicy::Refuse,
            ExistingWord::Append => ExistingPolicy::Append,
            ExistingWord::Truncate => ExistingPolicy::Truncate,
        }
    }
}

impl From<OrphanWord> for OrphanPolicy {
    fn from(word: OrphanWord) -> OrphanPolicy {
        match word {
            OrphanWord::Auto => OrphanPolicy::Auto,
            OrphanWord::Refuse => OrphanPolicy::Refuse,
            OrphanWord::NotValid => OrphanPolicy::NotValid,
            OrphanWord::Quarantine => OrphanPolicy::Quarantine,
        }
    }
}

impl From<VerifyWord> for VerifyLevel {
    fn from(word: VerifyWord) -> VerifyLevel {
        match word {
            VerifyWord::Checksum => VerifyLevel::Checksum,
            VerifyWord::Count => VerifyLevel::Count,
            VerifyWord::Off => VerifyLevel::Off,
        }
    }
}

impl From<NameWord> for NamePolicy {
    fn from(word: NameWord) -> NamePolicy {
        match word {
            NameWord::Keep => NamePolicy::Keep,
            NameWord::Lower => NamePolicy::Lower,
            NameWord::Snake => NamePolicy::Snake,
        }
    }
}

impl From<InferWord> for Infer {
    fn from(word: InferWord) -> Infer {
        match word {
            InferWord::Declared => Infer::Declared,
            InferWord::Content => Infer::Content,
        }
    }
}

impl From<MixedWord> for MixedPolicy {
    fn from(word: MixedWord) -> MixedPolicy {
        match word {
            MixedWord::Widen => MixedPolicy::Widen,
            MixedWord::Refuse => MixedPolicy::Refuse,
            MixedWord::Tagged => MixedPolicy::Tagged,
            MixedWord::Split => MixedPolicy::Split,
            MixedWord::Quarantine => MixedPolicy::Quarantine,
        }
    }
}

impl From<BadValueWord> for BadValuePolicy {
    fn from(word: BadValueWord) -> BadValuePolicy {
        match word {
            BadValueWord::Refuse => BadValuePolicy::Refuse,
            BadValueWord::Quarantine => BadValuePolicy::Quarantine,
        }
    }
}

impl From<GeneratedWord> for GeneratedPolicy {
    fn from(word: GeneratedWord) -> GeneratedPolicy {
        match word {
            GeneratedWord::Values => GeneratedPolicy::Values,
            GeneratedWord::Translate => GeneratedPolicy::Translate,
        }
    }
}

impl From<TriggerWord> for TriggerPolicy {
    fn from(word: TriggerWord) -> TriggerPolicy {
        match word {
            TriggerWord::List => TriggerPolicy::List,
            TriggerWord::Timestamps => TriggerPolicy::Timestamps,
        }
    }
}

impl From<CommentWord> for CommentPolicy {
    fn from(word: CommentWord) -> CommentPolicy {
        match word {
            CommentWord::On => CommentPolicy::On,
            CommentWord::Off => CommentPolicy::Off,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Word;
    use clap::ValueEnum;

    /// The command line and `cutover.toml` have the same words for the same things.
    fn same<W: ValueEnum + Into<P>, P: Word + std::fmt::Debug>() {
        let words = W::value_variants();
        assert_eq!(words.len(), P::WORDS.len());
        for word in words {
            let spelled = word.to_possible_value().unwrap().get_name().to_owned();
            assert_eq!(P::of_word(&spelled), Some(word.clone().into()), "{spelled}");
        }
    }

    #[test]
    fn the_file_has_the_words_of_the_command_line() {
        same::<CreateWord, CreatePolicy>();
        same::<ExistingWord, ExistingPolicy>();
        same::<OrphanWord, OrphanPolicy>();
        same::<VerifyWord, VerifyLevel>();
        same::<NameWord, NamePolicy>();
        same::<InferWord, Infer>();
        same::<MixedWord, MixedPolicy>();
        same::<BadValueWord, BadValuePolicy>();
        same::<GeneratedWord, GeneratedPolicy>();
        same::<TriggerWord, TriggerPolicy>();
        same::<CommentWord, CommentPolicy>();
    }
}
