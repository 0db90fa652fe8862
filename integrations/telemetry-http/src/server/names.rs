//! The names of request spans: `METHOD route`, each made once.
//!
//! A router has few routes, so their names are kept for the life of the process and spans hold references to them. A
//! thread finds them in a table of its own, without locks or hashing; the shared table is asked where it does not.

use std::cell::Cell;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::method::KnownMethod;

/// Routes kept at most: far more than a router has. Requests of further ones are named by their method alone.
const MAX_ROUTES: usize = 1_000;

/// Places of a thread's own table: more than most routers have routes.
const PLACES: usize = 128;

/// The kept texts of a route.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RouteNames {
    /// The route itself.
    pub(crate) route: &'static str,
    /// `METHOD route`, for every method.
    names: &'static [Box<str>; KnownMethod::ALL.len()],
}

impl RouteNames {
    /// `METHOD route`.
    pub(crate) fn name(self, method: KnownMethod) -> &'static str {
        &self.names[method as usize]
    }
}

/// The kept texts of a route; none past the thousandth.
pub(crate) fn of(route: &str) -> Option<RouteNames> {
    thread_local! {
        static KNOWN: [Cell<Option<RouteNames>>; PLACES] = const { [const { Cell::new(None) }; PLACES] };
    }
    // A router's text of a route stays where it is, so its address finds the place; the text itself decides.
    let place = (route.as_ptr().addr() >> 4 ^ route.len()) % PLACES;
    let looked_up = KNOWN.try_with(|known| {
        if let Some(names) = known[place].get().filter(|names| names.route == route) {
            return Some(names);
        }
        let names = shared(route)?;
        known[place].set(Some(names));
        Some(names)
    });
    // A thread that is being torn down has no table any more.
    looked_up.unwrap_or_else(|_| shared(route))
}

fn shared(route: &str) -> Option<RouteNames> {
    static ROUTES: Mutex<Option<HashMap<&'static str, RouteNames>>> = Mutex::new(None);
    let mut routes = ROUTES.lock().unwrap_or_else(PoisonError::into_inner);
    let routes = routes.get_or_insert_default();
    if let Some(names) = routes.get(route) {
        return Some(*names);
    }
    if routes.len() == MAX_ROUTES {
        return None;
    }
    let route: &'static str = Box::leak(route.into());
    let names = KnownMethod::ALL.map(|method| format!("{} {route}", method.as_name()).into_boxed_str());
    let names = RouteNames { route, names: Box::leak(Box::new(names)) };
    routes.insert(route, names);
    Some(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_made_once_whichever_thread_asks() {
        let here = of("/books/{id}").unwrap();
        let there = std::thread::spawn(|| of("/books/{id}").unwrap()).join().unwrap();
        assert_eq!(here.name(KnownMethod::Get), "GET /books/{id}");
        assert_eq!(here.name(KnownMethod::Other), "HTTP /books/{id}");
        assert!(std::ptr::eq(here.name(KnownMethod::Get), there.name(KnownMethod::Get)));
        assert!(std::ptr::eq(here.route, there.route));
    }
}
