//! As much of HTML as the tests need.

/// The opening tags that have an attribute.
pub(super) fn attributes(html: &str, name: &str) -> Vec<String> {
    let tag = |(at, _): (usize, &str)| {
        let from = html[..at].rfind('<').unwrap();
        // No `>` is in an attribute: it is escaped there.
        let to = at + html[at..].find('>').unwrap();
        html[from..=to].to_owned()
    };
    html.match_indices(&format!(" {name}")).map(tag).collect()
}

/// An attribute's value, as it was before it was escaped.
pub(super) fn attribute(tag: &str, name: &str) -> Option<String> {
    let from = tag.find(&format!(" {name}=\""))? + name.len() + 3;
    let to = from + tag[from..].find('"')?;
    Some(unescaped(&tag[from..to]))
}

/// The text between two marks, behind `after`.
#[track_caller]
pub(super) fn text_of(html: &str, after: &str, from: &str, to: &str) -> String {
    let rest = &html[html.find(after).unwrap()..];
    let rest = &rest[rest.find(from).unwrap() + from.len()..];
    unescaped(&rest[..rest.find(to).unwrap()])
}

fn unescaped(text: &str) -> String {
    let named = [("&#60;", "<"), ("&#62;", ">"), ("&#34;", "\""), ("&#39;", "'"), ("&#38;", "&")];
    named.iter().fold(text.to_owned(), |text, (escaped, plain)| text.replace(escaped, plain))
}
