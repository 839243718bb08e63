//! How a code counts as produced: by an answer that is a snapshot.

use accolade_domain::rejection::Code;
use accolade_tests::{Reply, assert_answer};

/// The answer must carry this code, alone, in the place that belongs to it.
pub(crate) fn check(number: u32, reply: &Reply) {
    let code = Code::from_number(number).unwrap();
    match code.status() {
        200 => assert!(reply.is_success(), "{reply}"),
        status => assert_eq!(reply.status, status, "{reply}"),
    }
    let found = match code {
        Code::ActiveIssueExists => vec![reply.outcomes()[0].2.unwrap()],
        Code::ImportBadgeUnknown => reply.imports()[0].iter().map(|it| it.0).collect(),
        _ => reply.codes(),
    };
    assert_eq!(found, [u64::from(number)], "{reply}");
    assert_answer!(format!("code_{number}"), reply);
}

/// Makes tests on both databases of functions that get an answer with a code.
macro_rules! produced {
    ($($number:literal => $name:ident)*) => {
        pub(super) const PRODUCED: &[u32] = &[$($number),*];
        $(mod $name {
            use accolade_tests::{Backend, Given};
            #[test]
            fn sqlite() {
                let reply = super::$name(Given::on(Backend::Sqlite));
                crate::api::produced::check($number, &reply);
            }
            #[test]
            fn postgres() {
                let reply = super::$name(Given::on(Backend::Postgres));
                crate::api::produced::check($number, &reply);
            }
        })*
    };
}
