#!/bin/bash
# live_move.sh PRELOAD MOVES COMMAND...: runs COMMAND under the endpoint alone (test_preload.cpp) on
# one X server and moves it MOVES times between two, of which the second is aged: other atoms, other
# client bases, other visual ids. After each move the picture must be the one before it.
# Environment: DPY_A, DPY_B (default :60 and :61), WARM (seconds, 1.5), SETTLE (seconds after a
# move, 0.7), ANIMATED=1 (do not compare pictures, only that it lives), WM (a window manager's
# command for both servers), MOVES_ON=1 (after each move it must draw something new by itself).
PRELOAD=$1; MOVES=$2; shift 2
A=${DPY_A:-:60}; B=${DPY_B:-:61}; W=$(mktemp -d); started=()
up() { # display, screen, further options
  xdpyinfo -display "$1" >/dev/null 2>&1 && return
  Xvfb "$1" -screen 0 "$2" -noreset -nolisten tcp "${@:3}" >/dev/null 2>&1 & started+=($!)
  for _ in $(seq 50); do xdpyinfo -display "$1" >/dev/null 2>&1 && return; sleep .1; done
  echo "no X server on $1" >&2; exit 1; }
age() { # other numbers for everything that comes after
  for i in $(seq 40); do printf 'x' | xprop -display "$1" -root -f "GLCKPT_AGE_$i" 8s -set "GLCKPT_AGE_$i" y; done
  xclock -display "$1" -geometry 60x60+2000+2000 >/dev/null 2>&1 & started+=($!)
  xeyes -display "$1" -geometry 60x60+2000+2000 >/dev/null 2>&1 & started+=($!); sleep .3; }
finish() { kill -9 "$pid" 2>/dev/null; kill "${started[@]}" 2>/dev/null; rm -rf "$W"; exit "$1"; }
up $A 1280x1024x24
up $B 1280x1024x24 -extension MIT-SHM -extension XVideo -extension DOUBLE-BUFFER -extension GLX -extension X-Resource
age $B; for d in $A $B; do # the same ground, and the pointer where it lights up nothing
  xsetroot -display $d -solid steelblue; command -v xdotool >/dev/null && DISPLAY=$d xdotool mousemove 1270 5; done
[ -n "$WM" ] && for d in $A $B; do DISPLAY=$d $WM & started+=($!); done
mkfifo $W/fifo; : >$W/log
GLCKPT_X11_TEST_FIFO=$W/fifo GLCKPT_X11_TEST_LOG=$W/log DISPLAY=$A LD_PRELOAD=$PRELOAD "$@" </dev/null >$W/out 2>&1 & pid=$!
sleep "${WARM:-1.5}"; here=$A; bad=0
for m in $(seq "$MOVES"); do
  there=$B; [ $here = $B ] && there=$A
  [ -n "$FAST" ] || import -display $here -window root $W/before.png
  echo "move $there" >$W/fifo
  for _ in $(seq 100); do [ "$(wc -l <$W/log 2>/dev/null)" -ge "$m" ] && break; sleep .05; done
  sleep "${SETTLE:-.7}"; xrefresh -display $there; sleep .3  # not the picture that attach put up, but what the program draws
  kill -0 $pid 2>/dev/null || { echo "move $m: DIED: $(tail -3 $W/out)"; cat $W/log; finish 1; }
  for _ in $(seq 20); do # a loaded machine draws when it can
    import -display $there -window root $W/after.png
    ae=$(compare -metric AE $W/before.png $W/after.png null: 2>&1)
    [ "$ae" = 0 ] || [ -n "$ANIMATED" ] && break
    sleep .5
  done
  colours=$(identify -format %k $W/after.png)
  [ -n "$KEEP" ] && cp $W/before.png $KEEP.before.$m.png && cp $W/after.png $KEEP.after.$m.png
  ok=OK; [ "$(tail -1 $W/log | grep -c ': ok ')" = 1 ] || ok=REFUSED
  [ $ok != OK ] || [ -n "$ANIMATED" ] || [ "$ae" = 0 ] || ok=DIFFERS
  [ $colours -gt 1 ] || ok=BLANK
  if [ -n "$MOVES_ON" ] && [ $ok = OK ]; then
    for _ in $(seq 150); do
      import -display $there -window root $W/later.png
      [ "$(compare -metric AE $W/after.png $W/later.png null: 2>&1)" != 0 ] && break
      sleep .2
    done
    [ "$(compare -metric AE $W/after.png $W/later.png null: 2>&1)" != 0 ] || ok=FROZEN
  fi
  [ $ok = OK ] || bad=1
  [ -n "$QUIET" ] && [ $ok = OK ] || echo "$ok move $m: $(tail -1 $W/log) pixels $ae colours $colours"
  here=$there
done
grep -E -i "x error|badwindow|bad(match|value|drawable|gc|access|atom|font)" $W/out | sort | uniq -c | head -5
grep -qi "x error" $W/out && bad=1
echo "$(basename "$1"): $([ $bad = 0 ] && echo PASS || echo FAIL) $MOVES moves, last: $(tail -1 $W/log)"
finish $bad
