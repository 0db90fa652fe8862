//! A reader of the text format, written from its description alone: what the writer's tests hold it against.
//!
//! It is strict: everything the format leaves open but the writer does not use is a mistake.

/// What a text says of one family.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Family {
    pub(super) name: String,
    pub(super) help: String,
    pub(super) kind: String,
    pub(super) samples: Vec<Sample>,
}

/// One line with a number.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Sample {
    pub(super) name: String,
    pub(super) labels: Vec<(String, String)>,
    pub(super) value: f64,
    /// As it was written.
    pub(super) text: String,
}

/// Reads a text.
pub(super) fn parse(text: &str) -> Vec<Family> {
    let mut families: Vec<Family> = Vec::new();
    assert!(text.is_empty() || text.ends_with('\n'), "the last line is cut off");
    for line in text.split_terminator('\n') {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, help) = rest.split_once(' ').expect(line);
            let help = unescape(help, &['\\', 'n']);
            families.push(Family { name: name.to_owned(), help, ..Family::default() });
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let family = families.last_mut().expect(line);
            let (name, kind) = rest.split_once(' ').expect(line);
            assert_eq!((name, &*family.kind), (&*family.name, ""), "{line}");
            kind.clone_into(&mut family.kind);
        } else {
            let family = families.last_mut().expect(line);
            assert!(!family.kind.is_empty(), "{line}");
            family.samples.push(sample(line));
        }
    }
    families
}

fn sample(line: &str) -> Sample {
    let end = line.find(['{', ' ']).expect(line);
    let name = line[..end].to_owned();
    let mut rest = &line[end..];
    let mut labels = Vec::new();
    if let Some(inside) = rest.strip_prefix('{') {
        rest = inside;
        loop {
            let (label, after) = rest.split_once("=\"").expect(line);
            let close = closing_quote(after).expect(line);
            labels.push((label.to_owned(), unescape(&after[..close], &['\\', 'n', '"'])));
            rest = &after[close + 1..];
            match rest.strip_prefix(',') {
                Some(more) => rest = more,
                None => break,
            }
        }
        rest = rest.strip_prefix('}').expect(line);
    }
    let text = rest.strip_prefix(' ').expect(line).to_owned();
    let value = match &*text {
        "+Inf" => f64::INFINITY,
        "-Inf" => f64::NEG_INFINITY,
        "NaN" => f64::NAN,
        number => number.parse().expect(line),
    };
    Sample { name, labels, value, text }
}

/// Where the quote is that no backslash stands before.
fn closing_quote(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.char_indices().find_map(|(at, letter)| {
        let found = letter == '"' && !escaped;
        escaped = letter == '\\' && !escaped;
        found.then_some(at)
    })
}

fn unescape(text: &str, known: &[char]) -> String {
    let mut letters = text.chars();
    let mut plain = String::new();
    while let Some(letter) = letters.next() {
        if letter != '\\' {
            plain.push(letter);
            continue;
        }
        let escaped = letters.next().unwrap_or(' ');
        assert!(known.contains(&escaped), "`\\{escaped}` in {text}");
        plain.push(if escaped == 'n' { '\n' } else { escaped });
    }
    plain
}
