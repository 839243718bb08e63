//! The customer directory: the bodies of requests and answers.

use std::collections::HashSet;

use accolade_application::answer::DirectoryEcho;
use accolade_application::customers::named_twice;
use accolade_application::ports::{IdentifierKind, Identifiers};
use accolade_domain::ids::CustomerId;
use accolade_domain::rejection::{Code, Rejection};
use accolade_domain::text::Name;

use crate::answer::answer;
use crate::customer::named::ParseContext;
use crate::customer::named::{self, NamedCustomer};
use crate::json::{Field, Fields, body};
use crate::shapes::{CustomerReference, TextOrNumber};

body! {
    /// What a customer is called besides its number. What is left out the customer loses.
    #[schema(as = CustomerRequest)]
    pub struct IdentifiersBody {
        /// An e-mail address; compared and kept without regard to case.
        #[schema(min_length = 1, max_length = 255, example = "anna@example.org")]
        email: Option<String> => email = Some(identifier(fields, name)),
        /// A telephone number: with `+` and the code of its country or, if the organisation has a
        /// region, as it is dialled there. Compared and kept as E.164; what is no number by its
        /// digits, with a warning.
        mobile: Option<TextOrNumber> => mobile = Some(identifier(fields, name)),
        /// The id of another system.
        externalId: Option<TextOrNumber> => external_id = Some(identifier(fields, name)),
        /// The number of a card.
        cardNumber: Option<TextOrNumber> => card_number = Some(identifier(fields, name)),
    }
    parse(fields, name) -> Identifiers {
        fields.ignore("customerId", "Ignored: the path says which customer.");
        Identifiers { email, mobile, external_id, card_number }
    }
}

body! {
    /// Customers and what they are called.
    #[schema(as = CustomersRequest)]
    pub struct CustomersRequestBody {
        /// The customers, each once.
        #[schema(min_items = 1)]
        customers: Vec<CustomerEntry> => entries = entries(fields, name, context),
    }
    parse(fields, name, context: ParseContext<'_>) -> Vec<Entry> {
        entries
    }
}

body! {
    /// One of several customers.
    pub struct CustomerEntry {
        /// The customer.
        customerId: CustomerReference => customer = earlier.another(fields, name),
        /// An e-mail address; compared and kept without regard to case.
        #[schema(min_length = 1, max_length = 255, example = "anna@example.org")]
        email: Option<String> => email = Some(identifier(fields, name)),
        /// A telephone number: with `+` and the code of its country or, if the organisation has a
        /// region, as it is dialled there. Compared and kept as E.164; what is no number by its
        /// digits, with a warning.
        mobile: Option<TextOrNumber> => mobile = Some(identifier(fields, name)),
        /// The id of another system.
        externalId: Option<TextOrNumber> => external_id = Some(identifier(fields, name)),
        /// The number of a card.
        cardNumber: Option<TextOrNumber> => card_number = Some(identifier(fields, name)),
    }
    read(fields, name, earlier: &mut Earlier) -> Entry {
        (customer, Identifiers { email, mobile, external_id, card_number })
    }
}

answer! {
    /// A customer and what it is called.
    #[schema(as = Customer)]
    pub struct CustomerBody<'a> {
        /// The customer.
        #[schema(example = 62_090_013)]
        customerId: i64 = echo.customer.get(),
        /// An e-mail address.
        #[schema(required)]
        email: Option<&'a str> = echo.email.as_ref().map(Name::as_str),
        /// A telephone number, as E.164.
        #[schema(required)]
        mobile: Option<&'a str> = echo.mobile.as_ref().map(Name::as_str),
        /// The id of another system.
        #[schema(required)]
        externalId: Option<&'a str> = echo.external_id.as_ref().map(Name::as_str),
        /// The number of a card.
        #[schema(required)]
        cardNumber: Option<&'a str> = echo.card_number.as_ref().map(Name::as_str),
    }
    new(echo: &'a DirectoryEcho) {}
}

answer! {
    /// Customers and what they are called.
    #[schema(as = Customers)]
    pub struct CustomersBody<'a> {
        /// The customers, in the order of the request.
        customers: Vec<CustomerBody<'a>> = entries.iter().map(CustomerBody::new).collect(),
    }
    new(entries: &'a [DirectoryEcho]) {}
}

/// What a customer is called by `fields`, of which those of an [`IdentifiersBody`] are read.
pub(crate) fn identifiers(fields: &mut Fields<'_, '_>) -> Option<Identifiers> {
    IdentifiersBody::read(fields)
}

/// A customer of a bulk request, and its identifiers.
pub type Entry = (NamedCustomer, Identifiers);

/// How customers of a bulk request are named, and the numbers of those that stand in it before.
struct Earlier {
    named_by: Option<IdentifierKind>,
    numbers: HashSet<CustomerId>,
}

impl Earlier {
    /// The customer in the field `name`, who may not be one of those.
    fn another(
        &mut self,
        fields: &mut Fields<'_, '_>,
        name: &'static str,
    ) -> Option<NamedCustomer> {
        let customer = named::one(fields.field(name), self.named_by);
        if let Some(NamedCustomer::Number(number)) = &customer
            && !self.numbers.insert(*number)
        {
            fields.refuse(named_twice());
        }
        customer
    }
}

/// The customers in the list `name`.
fn entries(
    fields: &mut Fields<'_, '_>,
    name: &'static str,
    context: ParseContext<'_>,
) -> Option<Vec<Entry>> {
    let elements = fields
        .field(name)
        .required_as(Code::CustomerMissing)
        .list(context.max_customers, Code::TooManyCustomers)?;
    if elements.len() == 0 {
        fields.refuse(Rejection::new(Code::CustomerMissing).at_field(name));
    }
    let mut earlier = Earlier {
        named_by: context.named_by,
        numbers: HashSet::new(),
    };
    let entry = |element: Field<'_, '_>| {
        element.object_as(|fields| CustomerEntry::read(fields, &mut earlier))
    };
    Some(elements.filter_map(entry).collect())
}

fn identifier(fields: &mut Fields<'_, '_>, name: &'static str) -> Option<Name> {
    fields.field(name).text_or_number()
}
