//! The little of connection URLs that is needed here.

/// Replaces the name of the database in `url` and keeps everything else.
pub(crate) fn with_database(url: &str, name: &str) -> String {
    let (base, query) = match url.split_once('?') {
        Some((base, query)) => (base, format!("?{query}")),
        None => (url, String::new()),
    };
    let authority = base.find("://").map_or(0, |at| at + "://".len());
    let end = base[authority..]
        .find('/')
        .map_or(base.len(), |at| authority + at);
    format!("{}/{name}{query}", &base[..end])
}

/// Replaces the user of `url`, which must have one, without a password.
pub(crate) fn with_user(url: &str, user: &str) -> String {
    match (url.split_once("://"), url.split_once('@')) {
        (Some((scheme, _)), Some((_, rest))) => format!("{scheme}://{user}@{rest}"),
        _ => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_database_of_a_url_is_replaced_and_the_rest_is_kept() {
        let full = "postgres://a:b@host:5433/postgres?sslmode=require&x=/y";
        assert_eq!(
            with_database(full, "mine"),
            "postgres://a:b@host:5433/mine?sslmode=require&x=/y"
        );
        assert_eq!(
            with_database("postgres://host", "mine"),
            "postgres://host/mine"
        );
        assert_eq!(
            with_database("postgres://host?x=1", "mine"),
            "postgres://host/mine?x=1"
        );
    }

    #[test]
    fn the_user_of_a_url_is_replaced() {
        let url = "postgres://postgres@127.0.0.1:5433/postgres";
        assert_eq!(
            with_user(url, "app"),
            "postgres://app@127.0.0.1:5433/postgres"
        );
    }
}
