//! What the targets read their input as.

/// Headers, a name and a value a line, which the first colon parts; a line without one, or whose name is not text, is left
/// out.
pub fn headers(input: &[u8]) -> Vec<(&str, &[u8])> {
    input
        .split(|byte| *byte == b'\n')
        .filter_map(|line| {
            let colon = line.iter().position(|byte| *byte == b':')?;
            Some((std::str::from_utf8(&line[..colon]).ok()?, &line[colon + 1..]))
        })
        .collect()
}
