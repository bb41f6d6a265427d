#!/bin/bash
# cells.sh BIN: colour cells of a PseudoColor screen, and of DirectColor colormaps, by numbers that the program draws with, are there
# again under their numbers after moves to another server; where the screen's own colormap hands out
# other numbers, the server is refused, and the program goes on where it is.
bin=$1; here=$(dirname "$(readlink -f "$0")"); W=$(mktemp -d); mine=(); D=()
command -v Xvfb >/dev/null || { echo "no Xvfb"; exit 77; }
finish() { [ "$1" = 1 ] && cat $W/out; kill -9 "${mine[@]}" 2>/dev/null; wait 2>/dev/null; rm -rf "$W"; exit "$1"; }
for i in 0 1 2 3; do
  [ $i -lt 2 ] && depth=8 || depth=24
  mkfifo $W/n.$i; exec {told}<>$W/n.$i
  Xvfb -displayfd $told -screen 0 640x480x$depth -noreset -nolisten tcp >/dev/null 2>&1 & mine+=($!)
  read -r -t 60 n <&$told || { echo "no X server"; finish 77; }
  exec {told}>&-; D+=(:$n)
done
asks() {
  rm -f $W/state; touch $W/state.ask
  for _ in $(seq 200); do [ -s $W/state ] && break; sleep .1; done
  [ "$(cat $W/state 2>/dev/null)" = ok ] || { echo "FAILED $1: $(cat $W/state)"; finish 1; }; }
DISPLAY=${D[0]} $bin/glckpt-run --dir $W /usr/bin/python3 $here/cells.py $W/state >$W/out 2>&1 & p=$!; mine+=($p)
asks "at the start"
for to in 1 0; do
  $bin/glckpt-signal --move-display ${D[$to]} $p || finish 1
  asks "after a move"
done
kill -9 $p
# DirectColor: a table for each primary. Live there and back, and by images.
DISPLAY=${D[2]} $bin/glckpt-run --dir $W /usr/bin/python3 $here/cells.py $W/state direct >$W/out 2>&1 & p=$!; mine+=($p)
asks "with DirectColor"
for to in 3 2; do
  $bin/glckpt-signal --move-display ${D[$to]} $p || finish 1
  asks "after a move with DirectColor"
done
for to in 3 2; do
  image=$($bin/glckpt-signal --kill $p) || finish 1
  rm -f $W/pid; $bin/glckpt-restore --pid-file $W/pid --display ${D[$to]} $image >>$W/out 2>&1 & mine+=($!)
  for _ in $(seq 600); do [ -s $W/pid ] && break; sleep .1; done; p=$(cat $W/pid); mine+=($p)
  asks "after a restore with DirectColor"
done
grep -q "colour cell" $W/out && { echo "FAILED: cells could not be got again"; finish 1; }
kill -9 $p
DISPLAY=${D[0]} $bin/glckpt-run --dir $W /usr/bin/python3 $here/cells.py $W/state default >$W/out 2>&1 & p=$!; mine+=($p)
asks "with the default colormap"
$bin/glckpt-signal --move-display ${D[1]} $p || finish 1
asks "after a move to a server that gives the same numbers"
$bin/glckpt-signal --move-display ${D[0]} $p && $bin/glckpt-signal --move-display ${D[1]} $p || finish 1
asks "after a move back, to a server where it has left nothing, and there again"
# Somebody takes colours there first.
DISPLAY=${D[0]} /usr/bin/python3 -c '
import ctypes, time
X = ctypes.CDLL("libX11.so.6"); X.XOpenDisplay.restype = ctypes.c_void_p; X.XDefaultColormap.restype = ctypes.c_ulong
d = ctypes.c_void_p(X.XOpenDisplay(None)); c = (ctypes.c_ulong * 9)()
print(X.XAllocColorCells(d, ctypes.c_ulong(X.XDefaultColormap(d, 0)), 0, None, 0, c, 9), flush=True); X.XSync(d, 0); time.sleep(60)' >$W/taken & mine+=($!)
for _ in $(seq 100); do [ -s $W/taken ] && break; sleep .1; done
$bin/glckpt-signal --move-display ${D[0]} $p 2>$W/why && { echo "FAILED: moved where the numbers are others"; finish 1; }
grep -q "cannot give the program colour cell" $W/why || { cat $W/why; finish 1; }
asks "after a refusal"
echo "colour cells kept their numbers"; finish 0
