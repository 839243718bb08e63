//! Customers who become one, and customers who are forgotten: the bodies of requests and answers.

use accolade_application::people::{MergeCustomers, one_person};
use accolade_domain::ids::CustomerId;

use crate::answer::answer;
use crate::customer::named;
use crate::customer::named::ParseContext;
use crate::json::body;
use crate::shapes::CustomerReference;

body! {
    /// Two customers who are one person.
    #[schema(as = MergeRequest)]
    pub struct MergeRequestBody {
        /// The first: everything of it is the second's from then on, and its number stands for the
        /// second.
        fromCustomerId: CustomerReference => from = named::one(fields.field(name), context.named_by),
        /// The second: another one.
        toCustomerId: CustomerReference => to = {
            let to = named::one(fields.field(name), context.named_by);
            if to.is_some() && to == from {
                fields.refuse(one_person());
            }
            to
        },
        /// Why. The audit trail keeps it.
        #[schema(min_length = 1, max_length = 255)]
        reason: Option<String> => reason = Some(fields.field(name).text()),
    }
    parse(fields, name, context: ParseContext<'_>) -> MergeCustomers {
        MergeCustomers { from, to, reason }
    }
}

answer! {
    /// Two customers who are one now.
    #[schema(as = MergedCustomers)]
    pub struct MergedCustomersBody {
        /// The first, which stands for the second from now on.
        #[schema(example = 62_090_013)]
        fromCustomerId: i64 = from.get(),
        /// The second.
        #[schema(example = 62_090_014)]
        toCustomerId: i64 = to.get(),
    }
    new(from: CustomerId, to: CustomerId) {}
}

answer! {
    /// A customer who was erased.
    #[schema(as = ErasedCustomer)]
    pub struct ErasedCustomerBody {
        /// The number that the customer had.
        #[schema(example = 62_090_013)]
        customerId: i64 = customer.get(),
    }
    new(customer: CustomerId) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(body: &str) -> Vec<(u32, String)> {
        let context = ParseContext {
            max_customers: 10,
            request_id: None,
            named_by: None,
        };
        let problems = MergeRequestBody::parse(body.as_bytes(), context).unwrap_err();
        let told = problems.into_iter();
        told.map(|it| (it.code.number(), it.field.unwrap_or_default()))
            .collect()
    }

    #[test]
    fn two_customers_are_merged_and_not_one_with_itself() {
        let at = |code, field: &str| (code, field.to_owned());
        assert_eq!(
            problems("{}"),
            [at(812, "fromCustomerId"), at(812, "toCustomerId")]
        );
        assert_eq!(
            problems(r#"{"fromCustomerId": 7, "toCustomerId": "7", "reason": ""}"#),
            [at(400, "toCustomerId"), at(400, "reason")]
        );
    }
}
