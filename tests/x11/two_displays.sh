#!/bin/bash
# two_displays.sh BIN: a program with windows on two X displays moves with both, live and by an image;
# with one name its first display moves and the other stays; a name that it does not know is refused.
# One that draws with GL on both is refused by name, and lives on.
bin=$1; here=$(dirname "$(readlink -f "$0")"); W=$(mktemp -d); mine=(); D=()
for tool in Xvfb xwininfo; do command -v $tool >/dev/null || { echo "no $tool"; exit 77; }; done
/usr/bin/python3 -c 'import tkinter' 2>/dev/null || { echo "no python3-tk"; exit 77; }
finish() { [ "$1" = 1 ] && cat $W/out; kill -9 "${mine[@]}" 2>/dev/null; wait 2>/dev/null; rm -rf "$W"; exit "$1"; }
for i in 0 1 2 3; do
  mkfifo $W/n.$i; exec {told}<>$W/n.$i
  Xvfb -displayfd $told -screen 0 $((900 + 50 * i))x600x24 -noreset -nolisten tcp >/dev/null 2>&1 & mine+=($!)
  read -r -t 60 n <&$told || { echo "no X server"; finish 77; }
  exec {told}>&-; D+=(:$n)
done
title() { xwininfo -display $1 -root -tree 2>/dev/null | sed -nE "s/.*\"(window $2 at [0-9]+)\".*/\1/p" | head -1; }
lives() { # window $2 is on display $1, and counts; on no other
  local first now other
  for _ in $(seq 200); do first=$(title $1 $2); [ -n "$first" ] && break; sleep .1; done
  for _ in $(seq 200); do now=$(title $1 $2); [ "$now" != "$first" ] && break; sleep .1; done
  [ -n "$now" ] && [ "$now" != "$first" ] || { echo "FAILED $where: window $2 does not live on $1"; finish 1; }
  for other in ${D[@]}; do [ $other = $1 ] || [ -z "$(title $other $2)" ] || { echo "FAILED $where: window $2 is on $other too"; finish 1; }; done; }
where="at the start"
$bin/glckpt-run --dir $W /usr/bin/python3 $here/two_displays.py ${D[0]} ${D[1]} >$W/out 2>&1 & p=$!; mine+=($p)
lives ${D[0]} 1; lives ${D[1]} 2
where="after a move of the first"
$bin/glckpt-signal --move-display ${D[2]} $p || finish 1
lives ${D[2]} 1; lives ${D[1]} 2
where="after a move of both"
$bin/glckpt-signal --move-display ${D[2]}=${D[0]},${D[1]}=${D[3]} $p || finish 1
lives ${D[0]} 1; lives ${D[3]} 2
where="after a refusal"
$bin/glckpt-signal --move-display ${D[0]}=${D[1]},${D[3]}=:65000 $p 2>$W/refusal && { echo "FAILED: went nowhere"; finish 1; }
lives ${D[0]} 1; lives ${D[3]} 2
$bin/glckpt-signal --move-display :64999=${D[1]} $p 2>$W/refusal && { echo "FAILED: moved what is not there"; finish 1; }
grep -q "no connection to display :64999" $W/refusal || { cat $W/refusal; finish 1; }
where="after a restore"
image=$($bin/glckpt-signal --kill $p) || finish 1
$bin/glckpt-restore --pid-file $W/pid --display ${D[0]}=${D[2]},${D[3]}=${D[1]} $image >>$W/out 2>&1 & mine+=($!)
for _ in $(seq 300); do [ -s $W/pid ] && break; sleep .1; done; mine+=($(cat $W/pid))
lives ${D[2]} 1; lives ${D[1]} 2
$bin/glckpt-run --dir $W /usr/bin/python3 $here/two_gl.py ${D[0]} ${D[1]} >$W/gl 2>&1 & p=$!; mine+=($p)
for _ in $(seq 300); do grep -q "drawn on both" $W/gl && break; sleep .1; done
grep -q "drawn on both" $W/gl || { echo "FAILED: GL on two displays is not drawn"; cat $W/gl; finish 1; }
for how in "" "--move-display ${D[2]}"; do
  $bin/glckpt-signal $how $p 2>$W/refusal && { echo "FAILED: GL on two displays: not refused ($how)"; finish 1; }
  grep -q "GL on two X displays" $W/refusal || { cat $W/refusal; finish 1; }
done
sleep .5; kill -0 $p 2>/dev/null || { echo "FAILED: died of a refusal"; cat $W/gl; finish 1; }
echo "two displays: moved, refused, restored"; finish 0
