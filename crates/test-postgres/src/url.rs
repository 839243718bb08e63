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
}
