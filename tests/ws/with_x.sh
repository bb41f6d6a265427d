#!/bin/bash
# with_x.sh COMMAND...: runs it on a private X server with GLX, on a free display from :70 on.
# Exit status: the command's; 77 (skipped) where there is no Xvfb.
command -v Xvfb >/dev/null || { echo "no Xvfb"; exit 77; }
log=$(mktemp)
for n in 70 71 72 73 74 75 76 77 78 79; do
    [ -e /tmp/.X$n-lock ] && continue
    Xvfb :$n -screen 0 1024x768x24 +extension GLX +render -noreset -nolisten tcp >"$log" 2>&1 &
    server=$!
    for _ in $(seq 50); do
        [ -S /tmp/.X11-unix/X$n ] && kill -0 $server 2>/dev/null && break 2
        kill -0 $server 2>/dev/null || break
        sleep 0.1
    done
    kill $server 2>/dev/null
    server=
done
[ -n "$server" ] || { echo "no X server: $(tail -1 "$log")"; exit 77; }
trap 'kill $server; rm -f "$log"' EXIT
DISPLAY=:$n "$@"
