//! The set of ports that one database is behind, made of one list.

/// Makes of a list of ports the set of them: what it is called, and the trait in its module. What
/// the module of a port has for others, the trait and what it takes and gives, is shown with it.
macro_rules! stores {
    ($($(#[$doc:meta])* $name:ident: $module:ident::$Port:ident,)+) => {
        $(pub use $module::*;)+

        /// Every port that stores. Clones share what is behind them.
        #[derive(Clone)]
        pub struct Stores {
            $($(#[$doc])* pub $name: Arc<dyn $Port>,)+
        }

        impl Stores {
            /// The set of one `store`, which is every port.
            pub fn new<S>(store: Arc<S>) -> Self
            where
                S: $($Port +)+ 'static,
            {
                Self {
                    $($name: Arc::clone(&store) as Arc<dyn $Port>,)+
                }
            }
        }
    };
}
