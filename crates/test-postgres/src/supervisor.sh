# Runs one throw-away PostgreSQL for as long as somebody needs it.
#
# Whoever needs it holds a shared lock on $USERS. When the lock has been free for
# $LINGER ticks of a fifth of a second, the server is stopped and its data removed.
# A lock ends with its process, however that ends, so no server outlives its users.
# Nothing waits for this script to exit before the next cluster may start: $HOME_DIR/lock
# says whether a supervisor is alive, and $HOME_DIR/url appears once its server is ready.
#
# Reads from the environment: BIN (server binaries), HOME_DIR, USERS, LINGER, PORT,
# APP_ROLE. The arguments are further options of the server.
set -eu
# An interrupt at the terminal ends the tests; the lock then tells us.
trap '' HUP INT

exec 8>"$HOME_DIR/lock" 9<"$USERS"
flock -n 8 || exit 75
data=$HOME_DIR/data
log=$HOME_DIR/log
rm -rf "$data" "$HOME_DIR/url"
: >"$log"

# A linguistic collation, because production has one: code that leans on the order of
# bytes without saying so fails here and not there.
create() { "$BIN/initdb" -D "$data" -U postgres -A trust -E UTF8 --no-sync --no-instructions "$@" >>"$log" 2>&1 8>&- 9>&-; }
create --locale-provider=icu --icu-locale=en-US --locale=C || { rm -rf "$data"; create --locale=C; }

# Should this script be killed, the kernel stops the server.
bound=
if setpriv --pdeathsig INT true 2>/dev/null; then bound='setpriv --pdeathsig INT'; fi
$bound "$BIN/postgres" -D "$data" -c "port=$PORT" -c listen_addresses=127.0.0.1 \
    -c unix_socket_directories= -c logging_collector=off "$@" >>"$log" 2>&1 8>&- 9>&- &
server=$!

stop() {
    rm -f "$HOME_DIR/url"
    kill -QUIT "$server" 2>/dev/null || :
    wait "$server" || :
    rm -rf "$data"
}
trap 'stop; exit 143' TERM

# The eighth line of postmaster.pid is what pg_ctl reads too: a connection alone could
# be to another server that took the port first.
until [ "$(sed -n 8p "$data/postmaster.pid" 2>/dev/null | tr -d ' ')" = ready ]; do
    kill -0 "$server" 2>/dev/null || exit 1
    sleep 0.05 8>&- 9>&-
done

admin=postgres://postgres@127.0.0.1:$PORT/postgres
"$BIN/psql" -XqAt -d "$admin" -c "CREATE ROLE $APP_ROLE LOGIN" >>"$log" 2>&1 8>&- 9>&-
printf %s "$admin" >"$HOME_DIR/url.new"
mv "$HOME_DIR/url.new" "$HOME_DIR/url"

idle=0
while kill -0 "$server" 2>/dev/null; do
    if flock -n -x 9; then
        # Still locked while the server stops: who comes now waits, and starts another.
        if [ "$idle" -ge "$LINGER" ]; then stop; exit 0; fi
        flock -u 9
        idle=$((idle + 1))
    else
        idle=0
    fi
    sleep 0.2 8>&- 9>&-
done
stop
