//! What is selected beside a badge's own columns, from the tables that hang on it.
//!
//! As subqueries of one statement, so that a badge, its claims and its counts are of one
//! moment.

use diesel::QueryResult;
use diesel::expression::{
    AppearsOnTable, Expression, SelectableExpression, ValidGrouping, is_aggregate,
};
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Nullable, Text};

use super::{CLAIMS, DB};
use crate::schema::badge_metas;

macro_rules! column {
    ($(#[$doc:meta])* $name:ident: $sql_type:ty = $sql:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, QueryId)]
        pub(super) struct $name;

        impl Expression for $name {
            type SqlType = $sql_type;
        }

        impl AppearsOnTable<badge_metas::table> for $name {}

        impl SelectableExpression<badge_metas::table> for $name {}

        impl ValidGrouping<()> for $name {
            type IsAggregate = is_aggregate::No;
        }

        impl QueryFragment<DB> for $name {
            fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
                out.push_sql($sql);
                Ok(())
            }
        }
    };
}

column! {
    /// The claims, in their order, as a JSON array of `[owner type, reference, 0 or 1]`.
    Claims: Text = CLAIMS
}

column! {
    /// The group in the form of the program's own type, if the badge has one that is active.
    BadgeGroup: Nullable<Text> = "(SELECT g.value FROM badge_groups g \
         WHERE g.org_id = badge_metas.org_id AND g.id = badge_metas.group_id AND g.active)"
}

column! {
    /// The enrolments that are not revoked.
    Issued: BigInt = "(SELECT CAST(COALESCE(SUM(n.issued), 0) AS BIGINT) FROM badge_counts n \
         WHERE n.org_id = badge_metas.org_id AND n.badge_id = badge_metas.id)"
}

column! {
    /// The earned badges that are not revoked.
    Earned: BigInt = "(SELECT CAST(COALESCE(SUM(n.earned), 0) AS BIGINT) FROM badge_counts n \
         WHERE n.org_id = badge_metas.org_id AND n.badge_id = badge_metas.id)"
}
