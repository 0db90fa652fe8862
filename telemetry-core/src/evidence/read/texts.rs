//! What slots refer to, out of the log: call sites, threads, lines of the clock, and memory by address.

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::Arc;

use super::super::bytes::Reader;
use super::super::format::kind;
use super::super::report::Thread;
use super::super::sites::{self, SiteRecord};
use super::origins::{NOWHERE, kept};
use crate::clock::{Conversion, Line};
use crate::record::{Attribute, Origin, SpanKind, Value};
use crate::span::Reference;
use crate::span::decode::{Texts, UNKNOWN_KEY};

/// Stands for a text that is not in the file.
const LOST: &str = "‹text that is not in the file›";
/// Stands for a call site that is not in the file.
const UNKNOWN: &str = "‹unknown›";
/// Bytes of text that are copied out of the log for all spans together, at the most: many slots may refer to one text.
const MAX_COPIED: usize = 256 << 20;
/// The numbers of epochs.
const EPOCHS: usize = 256;

/// The log, looked up.
pub(super) struct Log {
    bytes: Vec<u8>,
    /// Where in `bytes` the memory is that lay at an address.
    memory: BTreeMap<u64, Range<usize>>,
    sites: HashMap<u32, (SiteRecord, &'static Origin)>,
    pub(super) threads: Vec<Thread>,
    by_token: HashMap<u32, usize>,
    lines: Vec<Option<Line>>,
    /// Service name, service version, executable.
    pub(super) process: [String; 3],
    /// The records that could not be read, and whether the log ends within one.
    pub(super) malformed: u32,
    anchor: u64,
    /// Bytes of text that may still be copied.
    left: Cell<usize>,
}

impl Log {
    pub(super) fn read(bytes: Vec<u8>, anchor: u64) -> Self {
        let mut log = Self {
            bytes: Vec::new(),
            memory: BTreeMap::new(),
            sites: HashMap::new(),
            threads: Vec::new(),
            by_token: HashMap::new(),
            lines: vec![None; EPOCHS],
            process: Default::default(),
            malformed: 0,
            anchor,
            left: Cell::new(MAX_COPIED),
        };
        let mut at = 0;
        while let Some((kind, payload)) = record_at(&bytes, at) {
            if kind == kind::END {
                break;
            }
            let Some(payload) = payload else {
                log.malformed += 1;
                break;
            };
            if log.take(kind, &bytes, payload.clone()).is_none() {
                log.malformed += 1;
            }
            at = payload.end.next_multiple_of(8);
        }
        log.bytes = bytes;
        log
    }

    /// Takes one record in; none where it is malformed. Of a kind that is not known nothing is said.
    fn take(&mut self, kind: u32, bytes: &[u8], payload: Range<usize>) -> Option<()> {
        let mut fields = Reader(&bytes[payload.clone()]);
        match kind {
            kind::PROCESS => self.process = [fields.text()?, fields.text()?, fields.text()?],
            kind::SITE => {
                let site = sites::read(fields.0)?;
                let origin = kept(&site);
                self.sites.insert(site.number, (site, origin));
            }
            kind::THREAD => {
                let (token, id, name) = (fields.u32()?, fields.u32()?, fields.text()?);
                self.by_token.insert(token, self.threads.len());
                self.threads.push(Thread { token, id, name: Some(name).filter(|name| !name.is_empty()) });
            }
            kind::LINE => {
                let line = self.lines.get_mut(fields.u32()? as usize)?;
                *line = Some(Line { ticks: fields.u64()?, wall: fields.u64()?, rate: fields.u64()? });
            }
            kind::MEMORY => {
                let address = fields.u64()?;
                self.memory.insert(address, payload.start + 8..payload.end);
            }
            _ => {}
        }
        Some(())
    }

    /// The thread with a token.
    pub(super) fn thread(&self, token: u32) -> Thread {
        let known = self.by_token.get(&token).map(|index| self.threads[*index].clone());
        known.unwrap_or(Thread { token, id: 0, name: None })
    }

    /// How to turn ticks into time.
    pub(super) fn conversion(&self) -> Conversion {
        let known: Vec<&Line> = self.lines.iter().flatten().collect();
        let Some(first) = known.first() else { return Conversion::of_lines(&[]) };
        // Lines follow one another; what is missing in between is nobody's.
        let lines: Vec<Line> = self.lines.iter().map(|line| line.unwrap_or(**first)).collect();
        Conversion::of_lines(&lines)
    }

    /// What the slots of a call site refer to.
    pub(super) fn texts(&self, site: u32) -> SiteTexts<'_> {
        SiteTexts { log: self, site: self.sites.get(&site) }
    }

    /// The text at an address.
    fn text(&self, address: u64, len: usize) -> Option<Cow<'static, str>> {
        let (start, range) = self.memory.range(..=address).next_back()?;
        let from = range.start.checked_add(usize::try_from(address - start).ok()?)?;
        let to = from.checked_add(len).filter(|to| *to <= range.end)?;
        // What would not be copied is not looked at either: that, too, takes time for each span.
        if len > self.left.get() {
            return None;
        }
        Some(self.copy(&String::from_utf8_lossy(self.bytes.get(from..to)?)))
    }

    /// A copy of a text, as long as there may be copies.
    fn copy(&self, text: &str) -> Cow<'static, str> {
        match self.left.get().checked_sub(text.len()) {
            Some(left) => {
                self.left.set(left);
                Cow::Owned(text.to_owned())
            }
            None => Cow::Borrowed(LOST),
        }
    }
}

/// The kind and the payload of the record at `at`; no payload where the bytes end within it.
fn record_at(bytes: &[u8], at: usize) -> Option<(u32, Option<Range<usize>>)> {
    let mut fields = Reader(bytes.get(at..)?);
    let (kind, len) = (fields.u32()?, fields.u32()? as usize);
    let start = at + 8;
    let payload = fields.take(len).map(|_| start..start + len);
    Some((kind, payload))
}

/// What a slot refers to.
pub(super) struct SiteTexts<'a> {
    log: &'a Log,
    site: Option<&'a (SiteRecord, &'static Origin)>,
}

impl Texts for SiteTexts<'_> {
    fn name(&self) -> Cow<'static, str> {
        self.site.map_or(Cow::Borrowed(UNKNOWN), |(site, _)| self.log.copy(&site.name))
    }

    fn kind(&self) -> SpanKind {
        self.site.map_or_else(SpanKind::default, |(site, _)| site.kind)
    }

    fn origin(&self) -> &'static Origin {
        self.site.map_or(&NOWHERE, |(_, origin)| origin)
    }

    fn line(&self) -> u32 {
        self.site.map_or(0, |(site, _)| site.line)
    }

    fn constants(&self) -> impl Iterator<Item = Attribute> {
        let constants = self.site.iter().flat_map(|(site, _)| &site.constants);
        constants.map(|Attribute { key, value }| {
            let value = match value {
                Value::Str(text) => Value::Str(self.log.copy(text)),
                number => number.clone(),
            };
            Attribute { key: self.log.copy(key), value }
        })
    }

    fn key(&self, number: u8) -> Cow<'static, str> {
        let key = self.site.and_then(|(site, _)| site.keys.get(usize::from(number)));
        key.map_or(Cow::Borrowed(UNKNOWN_KEY), |key| self.log.copy(key))
    }

    fn text(&self, text: Reference) -> Cow<'static, str> {
        let found = self.log.text(text.address(self.log.anchor), text.len());
        found.unwrap_or(Cow::Borrowed(LOST))
    }

    /// States of traces are kept elsewhere in the process, and go with it.
    fn state(&self, _: u128, _: u32) -> Option<Arc<str>> {
        None
    }
}
