//! Enumerations whose values have names in files, in the store, on MQTT and in the API.

/// An enumeration with a name for each value: `name` and `from_name` turn one into the other, `ALL` lists them in order.
/// Further attributes go before the name.
///
/// ```
/// foretell_model::named! {
///     /// Which way a door swings.
///     Swing {
///         /// Towards whoever opens it.
///         In = "in",
///         /// Away.
///         Out = "out",
///     }
/// }
/// assert_eq!((Swing::from_name("out"), Swing::In.name()), (Some(Swing::Out), "in"));
/// assert_eq!(Swing::ALL.len(), 2);
/// ```
#[macro_export]
macro_rules! named {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$vdoc])* $variant,)+ }
        impl $name {
            /// Every value, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];
            /// Its name in files, in the store, on MQTT and in the API.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }
            /// The value of a name, if there is one.
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                match name { $($text => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}
