#!/bin/bash
# with_x.sh COMMAND...: runs it on a private X server with GLX, on a display that the server picks.
# Exit status: the command's; 77 (skipped) where there is no Xvfb.
command -v Xvfb >/dev/null || { echo "no Xvfb"; exit 77; }
work=$(mktemp -d)
mkfifo "$work/told"
Xvfb -displayfd 3 -screen 0 1024x768x24 +extension GLX +render -noreset -nolisten tcp 3<>"$work/told" >"$work/log" 2>&1 &
server=$!
trap 'kill $server 2>/dev/null; rm -rf "$work"' EXIT
exec 3<>"$work/told"
read -r -t 60 n <&3 || { echo "no X server: $(tail -1 "$work/log")"; exit 77; }
exec 3<&-
DISPLAY=:$n "$@"
