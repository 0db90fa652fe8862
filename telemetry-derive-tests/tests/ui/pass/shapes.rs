//! Functions of unusual shapes, none of which is called: that they compile is the point.
#![allow(dead_code, unsafe_op_in_unsafe_fn)]

use std::collections::HashMap;
use std::convert::Infallible;
use std::error::Error;
use std::fmt::Display;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::{Arc, Mutex};

use telemetry_core::{span, trace};

struct Shelf<'t, T, const N: usize = 4> {
    titles: [&'t str; N],
    other: T,
    boxes: HashMap<String, Box<dyn Fn(&T) -> bool + Send>>,
}

impl<'t, T: Display, const N: usize> Shelf<'t, T, N> {
    #[span]
    fn pinned(self: Pin<&mut Self>) -> Result<(), String> {
        Ok(())
    }

    #[span(attrs(rows = self.titles.len()))]
    fn shared(self: Arc<Self>) -> Result<Arc<Self>, String> {
        Ok(self)
    }

    #[span]
    async fn shared_async(self: Arc<Self>) -> usize {
        self.titles.len()
    }

    #[span]
    fn counted(self: &Rc<Self>) -> Rc<Self> {
        Rc::clone(self)
    }

    #[span]
    fn find<'s>(&'s self, title: &str) -> Result<&'s &'t str, Box<dyn Error + 's>> {
        for own in &self.titles {
            if *own == title {
                return Ok(own);
            }
        }
        Err(format!("no {title}, but {}", self.other))?
    }

    #[span]
    fn entry(&mut self, key: &str) -> Result<&mut Box<dyn Fn(&T) -> bool + Send>, ()> {
        if self.boxes.contains_key(key) {
            return self.boxes.get_mut(key).ok_or(());
        }
        Ok(self.boxes.entry(key.to_owned()).or_insert_with(|| Box::new(|_| true)))
    }

    #[span]
    fn partly(self) -> Result<(T, [&'t str; N]), Infallible> {
        let Self { other, titles, .. } = self;
        Ok((other, titles))
    }

    #[span]
    fn compare(&self) -> Result<impl Fn(&T) -> bool + use<'_, 't, T, N>, String> {
        Ok(|other: &T| other.to_string() == self.other.to_string())
    }
}

impl<T, const N: usize> Drop for Shelf2<T, N> {
    #[trace(type = Shelf2)]
    fn drop(&mut self) {
        self.0.take();
    }
}

struct Shelf2<T, const N: usize>(Option<[T; N]>);

impl Iterator for Shelf2<u8, 1> {
    type Item = Result<u8, String>;

    #[span(err = off)]
    fn next(&mut self) -> Option<Self::Item> {
        let [number] = self.0.take()?;
        Some(Ok(number))
    }
}

#[span]
unsafe fn dereference(pointer: *const u8) -> Result<u8, ()> {
    if pointer.is_null() {
        return Err(());
    }
    Ok(*pointer)
}

#[span]
async unsafe fn dereference_later(pointer: *const u8) -> u8 {
    *pointer
}

#[span(attrs(%text, length = text.to_string().len()))]
fn opaque(text: impl Display + Clone, call: impl FnOnce() -> u8) -> Result<u8, Box<dyn Error>> {
    let _ = text.clone();
    "1".parse::<u8>()?;
    std::str::from_utf8(&[call()])?;
    Ok(1)
}

#[span]
async fn opaque_async<E: Error + Send + 'static>(mut calls: Vec<impl FnMut() -> Result<u8, E>>) -> Result<u8, E> {
    let call = &mut calls[0];
    call()
}

#[span]
async fn endless() -> Infallible {
    std::future::pending().await
}

#[span]
fn locked(guard: std::sync::MutexGuard<'_, Vec<u8>>, other: &Mutex<u8>) -> u8 {
    guard.len() as u8 + *other.lock().unwrap()
}

#[span]
fn mutated(mut number: u32, ref text: String, mut list: Vec<u32>) -> Option<u32> {
    number += list.pop()?;
    list.push(number);
    text.parse::<u32>().ok()?.checked_add(number)
}

#[span]
fn callback(call: &mut dyn FnMut(&str) -> Result<(), String>) -> Result<(), String> {
    call("a")?;
    call("b")
}

#[span]
fn macros(list: &[u8]) -> Result<String, std::fmt::Error> {
    use std::fmt::Write;
    let mut text = String::new();
    for number in list {
        write!(text, "{number}")?;
    }
    Ok(format!("{text} {list:?}"))
}

#[span]
fn labels(rows: &[[u8; 2]]) -> Result<u8, u8> {
    'rows: for row in rows {
        for cell in row {
            if *cell == 0 {
                continue 'rows;
            }
            if *cell == 1 {
                break 'rows;
            }
            return Err(*cell);
        }
    }
    Ok(0)
}

#[span]
fn polymorphic<T: Default + Into<U>, U>() -> Result<U, ()> {
    Ok(T::default().into())
}

#[span]
async fn with_closure(list: Vec<String>) -> Vec<usize> {
    let length = async |text: &String| text.len();
    let mut lengths = Vec::new();
    for text in &list {
        lengths.push(length(text).await);
    }
    lengths
}

trait Store {
    type Row<'a>
    where
        Self: 'a;
    type Error: Error;

    #[span]
    fn first<'a>(&'a self) -> Result<Self::Row<'a>, Self::Error> {
        self.row(0)
    }

    fn row<'a>(&'a self, index: usize) -> Result<Self::Row<'a>, Self::Error>;

    #[span]
    fn rows(&self) -> impl Iterator<Item = Result<Self::Row<'_>, Self::Error>> {
        (0..3).map(|index| self.row(index))
    }
}

fn main() {}
