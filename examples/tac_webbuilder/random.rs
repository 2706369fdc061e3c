//! Invented values: splitmix64 (Steele, Lea, Flood 2014) and what is made of it.

/// Seconds since 1970 of 2025-01-01, where the application's life begins.
const EPOCH: i64 = 1_735_689_600;

const WORDS: [&str; 40] = [
    "add",
    "button",
    "to",
    "the",
    "export",
    "page",
    "fix",
    "login",
    "redirect",
    "when",
    "session",
    "expires",
    "refactor",
    "database",
    "layer",
    "for",
    "queries",
    "with",
    "filters",
    "show",
    "progress",
    "while",
    "uploading",
    "csv",
    "files",
    "and",
    "validate",
    "columns",
    "before",
    "import",
    "schema",
    "users",
    "report",
    "weekly",
    "costs",
    "per",
    "model",
    "cache",
    "hits",
    "retry",
];

/// Texts that have broken somebody's import.
pub(crate) const ODD_TEXTS: [&str; 24] = [
    "",
    " ",
    "NULL",
    "null",
    "\\N",
    "\\.",
    "'",
    "''",
    "\"quoted\"",
    "a,b;c\td",
    "line one\nline two\r\nline three",
    "back\\slash \\n \\t",
    "Grüße aus München",
    "naïve café",
    "日本語のテキスト",
    "한국어",
    "Привет, мир",
    "مرحبا بالعالم",
    "👩‍👩‍👧‍👦 🎉 🇩🇪",
    "e\u{301} (combining)",
    "\u{feff}bom inside",
    "100%; DROP TABLE users; --",
    "\u{1}\u{7f} control",
    "trailing blanks   ",
];

/// A deterministic source of everything.
#[derive(Debug)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Random {
        Random(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From 0 to `bound` − 1; the bias of the remainder does not matter here.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound.max(1)
    }

    /// From `low` to `high`, both included.
    pub(crate) fn between(&mut self, low: i64, high: i64) -> i64 {
        low + i64::try_from(self.below(high.abs_diff(low) + 1)).unwrap_or(0)
    }

    pub(crate) fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    pub(crate) fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        let count = u64::try_from(from.len()).unwrap_or(1);
        from[usize::try_from(self.below(count)).unwrap_or(0)]
    }

    pub(crate) fn hex(&mut self, digits: usize) -> String {
        let mut text = String::new();
        while text.len() < digits {
            text.push_str(&format!("{:016x}", self.next()));
        }
        text.truncate(digits);
        text
    }

    pub(crate) fn sentence(&mut self, words: u64) -> String {
        let words: Vec<&str> = (0..words).map(|_| self.pick(&WORDS)).collect();
        words.join(" ")
    }

    /// A sentence in which now and then something odd stands.
    pub(crate) fn prose(&mut self, words: u64) -> String {
        let text = self.sentence(words);
        if self.chance(15) { format!("{text} {}", self.pick(&ODD_TEXTS)) } else { text }
    }

    pub(crate) fn bytes(&mut self, count: u64) -> Vec<u8> {
        (0..count).map(|_| self.next().to_le_bytes()[0]).collect()
    }

    /// From 0 to 1.
    pub(crate) fn share(&mut self) -> f64 {
        f64::from(u32::try_from(self.next() >> 32).unwrap_or(0)) / f64::from(u32::MAX)
    }

    /// Money with six digits after the point, as the double nearest to that decimal.
    pub(crate) fn money(&mut self, highest: f64) -> f64 {
        (self.share() * highest * 1e6).round() / 1e6
    }

    /// A score with two digits after the point.
    pub(crate) fn score(&mut self) -> f64 {
        (self.share() * 1e4).round() / 1e2
    }

    /// A JSON object of measures per phase.
    pub(crate) fn phases_json(&mut self, highest: u64) -> String {
        let phases = ["plan", "validate", "build", "lint", "test", "review", "document", "ship", "cleanup"];
        let fields: Vec<String> =
            phases.iter().map(|phase| format!("\"{phase}\": {}", self.below(highest))).collect();
        format!("{{{}}}", fields.join(", "))
    }

    /// A JSON array of sentences, with what JSON must escape.
    pub(crate) fn list_json(&mut self, most: u64) -> String {
        let count = self.below(most + 1);
        let items: Vec<String> = (0..count).map(|_| json_text(&self.prose(6))).collect();
        format!("[{}]", items.join(", "))
    }
}

/// A text as a JSON string (RFC 8259, §7).
pub(crate) fn json_text(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if u32::from(c) < 0x20 => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out + "\""
}

/// `YYYY-MM-DD HH:MM:SS`, so many seconds after the beginning.
pub(crate) fn stamp(seconds: i64) -> String {
    let seconds = seconds + EPOCH;
    let (day, time) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    format!("{} {:02}:{:02}:{:02}", date(day), time / 3600, time / 60 % 60, time % 60)
}

/// `YYYY-MM-DD` of a day since 1970 (Hinnant, "chrono-compatible low-level date algorithms").
pub(crate) fn date(day: i64) -> String {
    let z = day + 719_468;
    let (era, doe) = (z.div_euclid(146_097), z.rem_euclid(146_097));
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    let year = yoe + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{:02}", doy - (153 * mp + 2) / 5 + 1)
}
