//! A form, or a query: names and values as they were sent.

use std::borrow::Cow;

use accolade_domain::text::normalized;

/// The names and values of a form, in their order. What was typed may be personal or secret: it is not
/// printed.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Form(Vec<(String, String)>);

impl Form {
    /// The form in `body`, as browsers encode it.
    pub(crate) fn parse(body: &[u8]) -> Self {
        let fields = form_urlencoded::parse(body);
        Self(
            fields
                .map(|(name, value)| (name.into_owned(), value.into_owned()))
                .collect(),
        )
    }

    /// The first value of `name`, as it was typed; empty if there is none.
    pub(crate) fn typed(&self, name: &str) -> &str {
        let mut fields = self.0.iter().filter(|(known, _)| known == name);
        fields.next().map_or("", |(_, value)| value.as_str())
    }

    /// The first value of `name`, without blanks around it, if anything was typed.
    pub(crate) fn given(&self, name: &str) -> Option<Cow<'_, str>> {
        Some(normalized(self.typed(name))).filter(|text| !text.is_empty())
    }

    /// Every value of `name`.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let fields = self.0.iter().filter(move |(known, _)| known == name);
        fields.map(|(_, value)| value.as_str())
    }

    /// Whether a value of `name` is `value`.
    pub(crate) fn has(&self, name: &str, value: &str) -> bool {
        self.all(name).any(|it| it == value)
    }

    /// Whether there is anything under `name`.
    pub(crate) fn says(&self, name: &str) -> bool {
        self.all(name).next().is_some()
    }

    /// Every field.
    pub(crate) fn fields(&self) -> &[(String, String)] {
        &self.0
    }

    /// The same with `value` as the only one of `name`.
    pub(crate) fn with(&self, name: &str, value: impl Into<String>) -> Self {
        let mut fields = self.without(&[name]).0;
        fields.push((name.to_owned(), value.into()));
        Self(fields)
    }

    /// The same with one more `value` of `name`.
    pub(crate) fn and(&self, name: &str, value: impl Into<String>) -> Self {
        let mut fields = self.0.clone();
        fields.push((name.to_owned(), value.into()));
        Self(fields)
    }

    /// The same without what is called by one of `names`.
    pub(crate) fn without(&self, names: &[&str]) -> Self {
        let kept = self.0.iter().filter(|it| !names.contains(&it.0.as_str()));
        Self(kept.cloned().collect())
    }

    /// The form as a query, without fields that say nothing.
    pub(crate) fn query(&self) -> String {
        let given = self.0.iter().filter(|(_, value)| !value.is_empty());
        form_urlencoded::Serializer::new(String::new())
            .extend_pairs(given)
            .finish()
    }
}

impl FromIterator<(String, String)> for Form {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(fields: I) -> Self {
        Self(fields.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_keeps_what_was_typed_and_gives_it_without_blanks_around_it() {
        let form = Form::parse(b"reason=+She+asked%0D%0Atwice+&owner=A&owner=B&none=++");
        assert_eq!(form.typed("reason"), " She asked\r\ntwice ");
        assert_eq!(form.given("reason").unwrap(), "She asked\r\ntwice");
        assert_eq!(form.given("none"), None);
        assert_eq!(form.all("owner").collect::<Vec<_>>(), ["A", "B"]);
        assert!(form.has("owner", "B") && !form.says("other"));
    }

    #[test]
    fn a_query_says_what_is_given_only() {
        let form = Form::parse(b"q=a%26b&page=3&none=");
        assert_eq!(form.with("page", "4").query(), "q=a%26b&page=4");
    }
}
