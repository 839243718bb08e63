# Runs one pgbouncer for as long as its owner holds the other end of our standard input.
#
# Prints `ready` when it is. Reads from the environment: PGBOUNCER (the program) and DIRECTORY
# (which has `pgbouncer.ini`, and is removed at the end).
set -eu
# An interrupt at the terminal is the owner's to end by.
trap '' HUP INT TERM

"$PGBOUNCER" "$DIRECTORY/pgbouncer.ini" >"$DIRECTORY/log" 2>&1 </dev/null &
pooler=$!
trap 'kill -9 "$pooler" 2>/dev/null || :; rm -rf "$DIRECTORY" 2>/dev/null || :' EXIT
until grep -q 'process up' "$DIRECTORY/log"; do
    kill -0 "$pooler" 2>/dev/null || { cat "$DIRECTORY/log" >&2; exit 1; }
    sleep 0.05
done

echo ready
read -r _ || :
