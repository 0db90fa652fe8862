//! One expansion for each way a body is run.

use expect_test::expect;
use quote::quote;

use super::span;

#[test]
fn a_result_is_caught_on_every_way_out() {
    span(
        quote!(),
        quote!(
            fn load(db: &Db, id: i64) -> Result<Book, Error> {
                Ok(db.find(id)?)
            }
        ),
        &expect![[r#"
            fn load(db: &Db, id: i64) -> Result<Book, Error> {
                static __TELEMETRY_SITE: ::telemetry_core::__private::CallSite = ::telemetry_core::__private::call_site(
                    "load",
                    &::telemetry_core::__private::Origin {
                        crate_name: ::core::env!("CARGO_PKG_NAME"),
                        crate_version: ::core::env!("CARGO_PKG_VERSION"),
                        module: ::core::module_path!(),
                        file: ::core::file!(),
                    },
                );
                let mut __telemetry_span = ::telemetry_core::__private::open(&__TELEMETRY_SITE);
                ::telemetry_core::__private::call(
                    &mut __telemetry_span,
                    &::telemetry_core::__private::Probe::<Result<Book, Error>>::NEW
                        .__telemetry_probe(),
                    move || -> Result<Book, Error> { Ok(db.find(id)?) },
                )
            }
        "#]],
    );
}

#[test]
fn owned_arguments_are_dropped_before_the_span_ends() {
    span(
        quote!(),
        quote!(
            fn keep(self, a: Guard, mut b: Guard, _c: Guard, #[cfg(unix)] d: Guard, n: u8) {
                use_all(a, b, d)
            }
        ),
        &expect![[r#"
            fn keep(self, a: Guard, mut b: Guard, _c: Guard, #[cfg(unix)] d: Guard, n: u8) {
                static __TELEMETRY_SITE: ::telemetry_core::__private::CallSite = ::telemetry_core::__private::call_site(
                    "keep",
                    &::telemetry_core::__private::Origin {
                        crate_name: ::core::env!("CARGO_PKG_NAME"),
                        crate_version: ::core::env!("CARGO_PKG_VERSION"),
                        module: ::core::module_path!(),
                        file: ::core::file!(),
                    },
                );
                let mut __telemetry_span = ::telemetry_core::__private::open(&__TELEMETRY_SITE);
                ::telemetry_core::__private::call(
                    &mut __telemetry_span,
                    &::telemetry_core::__private::Ignored,
                    move || -> () {
                        #[cfg(unix)]
                        {
                            _ = &d;
                        }
                        #[allow(clippy::used_underscore_binding)]
                        {
                            _ = &_c;
                        }
                        _ = &b;
                        _ = &a;
                        _ = &self;
                        { use_all(a, b, d) }
                    },
                )
            }
        "#]],
    );
}

#[test]
fn a_borrow_is_returned_as_it_stands() {
    span(
        quote!(),
        quote!(
            fn title(&mut self) -> &mut str {
                &mut self.title
            }
        ),
        &expect![[r#"
            fn title(&mut self) -> &mut str {
                static __TELEMETRY_SITE: ::telemetry_core::__private::CallSite = ::telemetry_core::__private::call_site(
                    "title",
                    &::telemetry_core::__private::Origin {
                        crate_name: ::core::env!("CARGO_PKG_NAME"),
                        crate_version: ::core::env!("CARGO_PKG_VERSION"),
                        module: ::core::module_path!(),
                        file: ::core::file!(),
                    },
                );
                let __telemetry_span = ::telemetry_core::__private::open(&__TELEMETRY_SITE);
                { &mut self.title }
            }
        "#]],
    );
}

#[test]
fn an_opaque_type_is_returned_as_it_stands() {
    span(
        quote!(),
        quote!(
            fn titles(&self) -> impl Fn(&str) -> usize {
                |title| title.len()
            }
        ),
        &expect![[r#"
            fn titles(&self) -> impl Fn(&str) -> usize {
                static __TELEMETRY_SITE: ::telemetry_core::__private::CallSite = ::telemetry_core::__private::call_site(
                    "titles",
                    &::telemetry_core::__private::Origin {
                        crate_name: ::core::env!("CARGO_PKG_NAME"),
                        crate_version: ::core::env!("CARGO_PKG_VERSION"),
                        module: ::core::module_path!(),
                        file: ::core::file!(),
                    },
                );
                let __telemetry_span = ::telemetry_core::__private::open(&__TELEMETRY_SITE);
                { |title| title.len() }
            }
        "#]],
    );
}

#[test]
fn an_opaque_type_inside_a_result_is_inferred() {
    span(
        quote!(),
        quote!(
            fn titles(&self) -> Result<impl Iterator<Item = Title>, Error> {
                self.iter()
            }
        ),
        &expect![[r#"
            fn titles(&self) -> Result<impl Iterator<Item = Title>, Error> {
                static __TELEMETRY_SITE: ::telemetry_core::__private::CallSite = ::telemetry_core::__private::call_site(
                    "titles",
                    &::telemetry_core::__private::Origin {
                        crate_name: ::core::env!("CARGO_PKG_NAME"),
                        crate_version: ::core::env!("CARGO_PKG_VERSION"),
                        module: ::core::module_path!(),
                        file: ::core::file!(),
                    },
                );
                let mut __telemetry_span = ::telemetry_core::__private::open(&__TELEMETRY_SITE);
                let __telemetry_result = ::telemetry_core::__private::call(
                    &mut __telemetry_span,
                    &::telemetry_core::__private::Ignored,
                    move || -> Result<_, Error> { self.iter() },
                );
                ::telemetry_core::__private::record(
                    &mut __telemetry_span,
                    &::telemetry_core::__private::Probe::of(&__telemetry_result).__telemetry_probe(),
                    &__telemetry_result,
                );
                __telemetry_result
            }
        "#]],
    );
}

#[test]
fn a_tracked_caller_is_left_the_caller() {
    span(
        quote!(),
        quote!(
            #[track_caller]
            fn load() -> Result<Book, Error> {
                find()
            }
        ),
        &expect![[r##"
            #[track_caller]
            fn load() -> Result<Book, Error> {
                static __TELEMETRY_SITE: ::telemetry_core::__private::CallSite = ::telemetry_core::__private::call_site(
                    "load",
                    &::telemetry_core::__private::Origin {
                        crate_name: ::core::env!("CARGO_PKG_NAME"),
                        crate_version: ::core::env!("CARGO_PKG_VERSION"),
                        module: ::core::module_path!(),
                        file: ::core::file!(),
                    },
                );
                let mut __telemetry_span = ::telemetry_core::__private::open(&__TELEMETRY_SITE);
                let __telemetry_result: Result<Book, Error> = { find() };
                #[allow(unreachable_code)]
                {
                    ::telemetry_core::__private::record(
                        &mut __telemetry_span,
                        &::telemetry_core::__private::Probe::of(&__telemetry_result)
                            .__telemetry_probe(),
                        &__telemetry_result,
                    );
                }
                #[allow(unreachable_code)] __telemetry_result
            }
        "##]],
    );
}

#[test]
fn attributes_and_signature_stay_as_written() {
    span(
        quote!(),
        quote!(
            #[doc = " Loads."]
            #[inline]
            #[must_use]
            pub(crate) unsafe extern "C" fn load<'a, T: ?Sized, const N: usize>(
                &'a self,
                (a, _): (u8, u8),
            ) -> [u8; N]
            where
                T: Debug,
            {
                #![allow(unused)]
                [a; N]
            }
        ),
        &expect![[r#"
            /// Loads.
            #[inline]
            #[must_use]
            pub(crate) unsafe extern "C" fn load<'a, T: ?Sized, const N: usize>(
                &'a self,
                (a, _): (u8, u8),
            ) -> [u8; N]
            where
                T: Debug,
            {
                #![allow(unused)]
                static __TELEMETRY_SITE: ::telemetry_core::__private::CallSite = ::telemetry_core::__private::call_site(
                    "load",
                    &::telemetry_core::__private::Origin {
                        crate_name: ::core::env!("CARGO_PKG_NAME"),
                        crate_version: ::core::env!("CARGO_PKG_VERSION"),
                        module: ::core::module_path!(),
                        file: ::core::file!(),
                    },
                );
                let __telemetry_span = ::telemetry_core::__private::open(&__TELEMETRY_SITE);
                { [a; N] }
            }
        "#]],
    );
}

#[test]
fn a_mistake_leaves_the_item_as_it_was() {
    span(
        quote!(naem = "x", kind = sever),
        quote!(
            fn load() {}
        ),
        &expect![[r#"
            ::core::compile_error! {
                "unknown argument `naem`: did you mean `name`? Accepted: `name`, `type`, `attrs`, `kind`, `level`, `root`, `parent`, `links`, `sample`, `err`, `ret`, `bind`, `timing`, `metrics`, `async`, `skip`, `crate`"
            }
            ::core::compile_error! {
                "unknown kind `sever`: did you mean `server`? Accepted: `internal`, `server`, `client`, `producer`, `consumer`"
            }
            fn load() {}
        "#]],
    );
}
