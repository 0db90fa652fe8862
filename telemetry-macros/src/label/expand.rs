//! The impl of `Label`. No rules here.

use proc_macro2::TokenStream;
use quote::quote;

use super::model::Label;

// Expands to:
//   impl Label for Outcome {
//       const VALUES: &'static [&'static str] = &["hit", "miss"];
//       fn index(&self) -> usize {
//           match self { Self::Hit => 0usize, Self::Miss => 1usize }
//       }
//   }
pub(super) fn label(label: &Label<'_>) -> TokenStream {
    let Label { krate, ident, generics, values } = label;
    let (parameters, arguments, bounds) = generics.split_for_impl();
    let texts = values.iter().map(|(_, value)| value);
    let arms = values.iter().enumerate().map(|(index, (variant, _))| quote!(Self::#variant { .. } => #index));
    // Without variants (a mistake, reported beside) the impl stands all the same, so that uses raise no other error.
    let index = if values.is_empty() { quote!(0) } else { quote!(match self { #(#arms),* }) };
    quote! {
        #[automatically_derived]
        impl #parameters #krate::__private::metric::Label for #ident #arguments #bounds {
            const VALUES: &'static [&'static str] = &[#(#texts),*];
            #[inline]
            fn index(&self) -> usize {
                #index
            }
        }
    }
}
