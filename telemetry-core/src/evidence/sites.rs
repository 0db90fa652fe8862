//! Call sites as the log has them: what a slot refers to by number.

use std::borrow::Cow;

use super::bytes::{Reader, put_text, put_u32, put_u64};
use crate::record::{Attribute, SpanKind, Value};
use crate::span::{CallSite, Constant};

/// Kinds of constants.
const BOOL: u32 = 1;
const I64: u32 = 2;
const U64: u32 = 3;
const F64: u32 = 4;
const STR: u32 = 5;

/// A call site of another process.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct SiteRecord {
    pub(super) number: u32,
    pub(super) name: String,
    pub(super) kind: SpanKind,
    pub(super) crate_name: String,
    pub(super) crate_version: String,
    pub(super) module: String,
    pub(super) file: String,
    pub(super) line: u32,
    pub(super) keys: Vec<String>,
    pub(super) constants: Vec<Attribute>,
}

/// The record of a call site.
pub(super) fn write(number: u32, site: &CallSite) -> Vec<u8> {
    let (mut out, site) = (Vec::new(), &site.site);
    put_u32(&mut out, number);
    put_text(&mut out, site.name);
    put_u32(&mut out, site.kind as u32);
    for text in [site.origin.crate_name, site.origin.crate_version, site.origin.module, site.origin.file] {
        put_text(&mut out, text);
    }
    put_u32(&mut out, site.line);
    put_u32(&mut out, site.keys.len() as u32);
    for key in site.keys {
        put_text(&mut out, key);
    }
    put_u32(&mut out, site.constants.len() as u32);
    for (key, value) in site.constants {
        put_text(&mut out, key);
        match *value {
            Constant::Bool(value) => put_number(&mut out, BOOL, value.into()),
            Constant::I64(value) => put_number(&mut out, I64, value.cast_unsigned()),
            Constant::U64(value) => put_number(&mut out, U64, value),
            Constant::F64(value) => put_number(&mut out, F64, value.to_bits()),
            Constant::Str(value) => {
                put_u32(&mut out, STR);
                put_text(&mut out, value);
            }
        }
    }
    out
}

fn put_number(out: &mut Vec<u8>, kind: u32, number: u64) {
    put_u32(out, kind);
    put_u64(out, number);
}

/// The call site in a record; none where the record is malformed.
pub(super) fn read(bytes: &[u8]) -> Option<SiteRecord> {
    let mut fields = Reader(bytes);
    let (number, name, kind) = (fields.u32()?, fields.text()?, fields.u32()?);
    let (crate_name, crate_version) = (fields.text()?, fields.text()?);
    let (module, file, line) = (fields.text()?, fields.text()?, fields.u32()?);
    // Counts are not believed: a text that is missing ends them.
    let keys = (0..fields.u32()?).map(|_| fields.text()).collect::<Option<_>>()?;
    let constants = (0..fields.u32()?).map(|_| constant(&mut fields)).collect::<Option<_>>()?;
    let kind = kind_of(kind);
    Some(SiteRecord { number, name, kind, crate_name, crate_version, module, file, line, keys, constants })
}

fn constant(fields: &mut Reader<'_>) -> Option<Attribute> {
    let key = Cow::Owned(fields.text()?);
    let value = match fields.u32()? {
        BOOL => Value::Bool(fields.u64()? != 0),
        I64 => Value::I64(fields.u64()?.cast_signed()),
        U64 => Value::U64(fields.u64()?),
        F64 => Value::F64(f64::from_bits(fields.u64()?)),
        STR => Value::Str(Cow::Owned(fields.text()?)),
        _ => return None,
    };
    Some(Attribute { key, value })
}

fn kind_of(number: u32) -> SpanKind {
    const KINDS: [SpanKind; 5] =
        [SpanKind::Internal, SpanKind::Server, SpanKind::Client, SpanKind::Producer, SpanKind::Consumer];
    KINDS.get(number as usize).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Origin;
    use crate::span::Site;

    static SITE: CallSite = CallSite::new(Site {
        name: "books.load",
        kind: SpanKind::Client,
        keys: &["book.id", "rows"],
        constants: &[
            ("db.system", Constant::Str("sqlite")),
            ("cached", Constant::Bool(true)),
            ("least", Constant::I64(i64::MIN)),
            ("most", Constant::U64(u64::MAX)),
            ("half", Constant::F64(0.5)),
        ],
        origin: &Origin { crate_name: "books", crate_version: "1.2.3", module: "books::db", file: "db.rs" },
        line: 7,
    });

    #[test]
    fn a_call_site_is_read_as_it_was_written() {
        let read = read(&write(3, &SITE)).unwrap();
        assert_eq!((read.number, &*read.name, read.kind), (3, "books.load", SpanKind::Client));
        assert_eq!((&*read.crate_name, &*read.crate_version), ("books", "1.2.3"));
        assert_eq!((&*read.module, &*read.file, read.line), ("books::db", "db.rs", 7));
        assert_eq!(read.keys, ["book.id", "rows"]);
        let values: Vec<Value> = read.constants.into_iter().map(|constant| constant.value).collect();
        let expected = [
            Value::Str("sqlite".into()),
            Value::Bool(true),
            Value::I64(i64::MIN),
            Value::U64(u64::MAX),
            Value::F64(0.5),
        ];
        assert_eq!(values, expected);
    }

    #[test]
    fn a_record_that_was_cut_is_none() {
        let whole = write(3, &SITE);
        for len in 0..whole.len() {
            assert_eq!(read(&whole[..len]), None, "{len}");
        }
    }
}
