//! The rules of names that are known here.

pub(super) fn is_metric_name(text: &str) -> bool {
    text != "_total" && is_name(text, |c| c == ':')
}

pub(super) fn is_label_name(text: &str) -> bool {
    is_name(text, |_| false)
}

fn is_name(text: &str, also: impl Fn(char) -> bool) -> bool {
    text.starts_with(|c: char| !c.is_ascii_digit())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || also(c))
}

/// Whether the name, without `_total`, ends in the unit.
pub(super) fn ends_in(stem: &str, unit: &str) -> bool {
    stem.strip_suffix(unit).is_some_and(|rest| rest.len() > 1 && rest.ends_with('_'))
}
