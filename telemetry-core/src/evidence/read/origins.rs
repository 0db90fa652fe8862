//! The places of other processes' call sites, kept for good: a record refers to its place for as long as the program
//! runs.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use super::super::sites::SiteRecord;
use crate::record::Origin;
use crate::span::floor_char_boundary;

/// Stands for a place that is not known.
pub(super) static NOWHERE: Origin = Origin { crate_name: "", crate_version: "", module: "", file: "" };
/// The places that are kept, at the most; further ones are nowhere.
const MAX_KEPT: usize = 16_384;
/// Bytes that are kept of each text, at the most.
const MAX_TEXT: usize = 512;

type Key = [String; 4];

/// The place of a call site.
pub(super) fn kept(site: &SiteRecord) -> &'static Origin {
    static KEPT: Mutex<Option<HashMap<Key, &'static Origin>>> = Mutex::new(None);
    let texts = [&site.crate_name, &site.crate_version, &site.module, &site.file]
        .map(|text| text[..floor_char_boundary(text, MAX_TEXT)].to_owned());
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    let kept = kept.get_or_insert_default();
    if let Some(known) = kept.get(&texts) {
        return known;
    }
    if kept.len() == MAX_KEPT {
        return &NOWHERE;
    }
    let [crate_name, crate_version, module, file] = texts.each_ref().map(|text| &*text.clone().leak());
    let origin: &'static Origin = Box::leak(Box::new(Origin { crate_name, crate_version, module, file }));
    kept.insert(texts, origin);
    origin
}
