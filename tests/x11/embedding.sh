#!/bin/bash
# embedding.sh BIN: three processes of one tree with windows in each other's windows are restored on X servers
# that number clients otherwise: everything lies where it lay, is called what it was called, shows what it
# showed; a process that is started afterwards takes part, too.
bin=$1; here=$(dirname "$(readlink -f "$0")"); W=$(mktemp -d); mine=(); D=()
for tool in Xvfb xwininfo xterm xclock import compare; do command -v $tool >/dev/null || { echo "no $tool"; exit 77; }; done
finish() { [ "$1" = 1 ] && tail -n 5 $W/out*; kill -9 "${mine[@]}" 2>/dev/null; wait 2>/dev/null; rm -rf "$W"; exit "$1"; }
until_() { local n=$1; shift; for _ in $(seq $n); do "$@" && return; sleep .1; done; echo "FAILED $where: never: $*"; finish 1; }
for i in 0 1 2; do
  mkfifo $W/n.$i; exec {told}<>$W/n.$i
  Xvfb -displayfd $told -screen 0 $((900 + 50 * i))x700x24 -r -noreset -nolisten tcp >/dev/null 2>&1 & mine+=($!)
  read -r -t 60 n <&$told || { echo "no X server"; finish 77; }
  exec {told}>&-; D+=(:$n)
  for _ in $(seq 0 $i); do xclock -display :$n -geometry 20x20+3000+3000 >/dev/null 2>&1 & mine+=($!); done # others were there before
done
sleep .5
answer() { rm -f $1; echo $2 >$1.part; mv $1.part $1.ask; for _ in $(seq 600); do [ -s $1 ] && break; sleep .05; done; cat $1 2>/dev/null; }
ask() { local a; a=$(answer $W/p$1 $2); [ "$a" = ok ] || { echo "FAILED $where: $2 of p$1: $a"; finish 1; }; }
made() { [ "$(answer $W/p made)" = ok ]; }
shot() { import -display $1 -window $(xwininfo -display $1 -root -tree | sed -nE 's/^ *(0x[0-9a-f]+) "embedder".*/\1/p' | head -1) $2; }
terminal() { xwininfo -display $1 -root -tree | grep -q '"sh": ("xterm"\|"xterm": ("xterm"\|("xterm" "XTerm")'; }
steady() { shot $1 $W/now.png; sleep .3; shot $1 $W/then.png; [ "$(compare -metric AE $W/now.png $W/then.png null: 2>&1)" = 0 ] && [ "$(identify -format %k $W/now.png)" -gt 4 ]; }
where="at the start"
DISPLAY=${D[0]} $bin/glckpt-run --dir $W /usr/bin/python3 -B $here/embedding_program.py $W/p >$W/out 2>&1 & p=$!; mine+=($p)
until_ 300 made; until_ 300 test -s $W/p.2.id; until_ 300 terminal ${D[0]}; until_ 100 steady ${D[0]}
ask "" same; ask .2 inside
shot ${D[0]} $W/before.png
# Live, there and back: all processes at once.
for to in ${D[1]} ${D[2]} ${D[1]} ${D[0]}; do
  where="after a live move to $to"
  $bin/glckpt-signal --move-display $to $p || finish 1
  ask "" made; ask "" same; ask .2 inside
  grep -q "is not there" $W/out && { echo "FAILED $where: a window left its embedder"; cat $W/out; finish 1; }
  for d in ${D[@]}; do xprop -display $d -root | grep _GLCKPT && { echo "FAILED $where: the meeting's property is left on $d"; finish 1; }; done
  until_ 100 steady $to; shot $to $W/after.png
  ae=$(compare -metric AE $W/before.png $W/after.png null: 2>&1)
  [ "$ae" = 0 ] || { echo "FAILED $where: $ae pixels differ"; finish 1; }
done
# A stranger's window stays in its place, and with it the program that holds it.
where="with a stranger's window in it"
frame=$(xwininfo -display ${D[0]} -root -tree | sed -nE 's/^ *(0x[0-9a-f]+) .* 200x100\+.*/\1/p' | head -1)
DISPLAY=${D[0]} /usr/bin/python3 -B $here/embedding_program.py $W/p.stranger $((frame)) stranger >/dev/null 2>&1 & stranger=$!; mine+=($stranger)
until_ 300 test -s $W/p.stranger.id
$bin/glckpt-signal --move-display ${D[1]} $p 2>$W/refusal && { echo "FAILED: a live move took a stranger's window along into nothing"; finish 1; }
grep -q "a window of another program lies in" $W/refusal || { cat $W/refusal; finish 1; }
kill $stranger; wait $stranger 2>/dev/null; until_ 100 made; ask .2 inside
for i in 1 2; do
  where="after restore $i"
  image=$($bin/glckpt-signal --kill $p) || finish 1
  rm -f $W/pid; $bin/glckpt-restore --pid-file $W/pid --display ${D[i]} $image >>$W/out.$i 2>&1 & mine+=($!)
  until_ 600 test -s $W/pid; p=$(cat $W/pid); mine+=($p)
  ask "" made; ask "" same; ask .2 inside
  grep -q "is not there" $W/out.$i && { echo "FAILED $where: a window left its embedder"; cat $W/out.$i; finish 1; }
  xprop -display ${D[i]} -root | grep _GLCKPT && { echo "FAILED $where: the meeting's property is left"; finish 1; }
  until_ 100 steady ${D[i]}; shot ${D[i]} $W/after.png
  ae=$(compare -metric AE $W/before.png $W/after.png null: 2>&1)
  [ "$ae" = 0 ] || { echo "FAILED $where: $ae pixels differ"; finish 1; }
  [ $i = 2 ] || continue
  ask "" grow; ask .2 told
  ask "" third; until_ 300 test -s $W/p.3.id; ask .3 inside
done
echo "windows in other processes' windows: restored twice; a new process joins"; finish 0
