"""What schemathesis cannot read from the document."""

import schemathesis


@schemathesis.serializer("application/x-ndjson", "text/csv")
def rows(_context, value):
    """Files of rows are sent as the text that they are."""
    if isinstance(value, bytes):
        return value
    return str(value).encode("utf-8", "replace")


@schemathesis.hook
def filter_query(_context, query):
    """A parameter without a value is as none, whatever its type: browsers' forms send those."""
    return not query or "" not in query.values()
