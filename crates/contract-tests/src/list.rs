//! Which tests there are: the macro that makes one `#[test]` of every sentence.

/// Makes every test of the suite, on what `$database` gives: a fresh
/// [`Database`](crate::Database) for each test.
#[macro_export]
macro_rules! contract_tests {
    ($database:expr) => {
        $crate::__each_sentence! { $database;
            orgs {
                an_org_is_listed_as_it_was_created
                orgs_are_listed_by_number
                an_org_whose_number_is_taken_is_refused_and_the_one_that_has_it_stays
                of_orgs_that_race_for_one_number_exactly_one_wins
            }
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __each_sentence {
    ($database:expr; $($port:ident { $($sentence:ident)* })*) => {$(
        mod $port {
            #[allow(unused_imports)]
            use super::*;

            $(
                #[test]
                fn $sentence() {
                    $crate::suite::$port::$sentence(&$crate::World::on($database));
                }
            )*
        }
    )*};
}
