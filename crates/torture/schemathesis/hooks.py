"""How files of rows are sent, which schemathesis does not know: as the text that they are."""

import schemathesis


@schemathesis.serializer("application/x-ndjson", "text/csv")
def rows(_context, value):
    if isinstance(value, bytes):
        return value
    return str(value).encode("utf-8", "replace")
