#!/bin/bash
# many_moves.sh PRELOAD MOVES: eight programs at once, moved together back and forth between two X
# servers that number everything differently. All must live, without X errors; windows must be where
# they were, and neither windows nor atoms nor the clients' ids become more. Skipped (77) without Xvfb.
PRELOAD=$1; N=$2; W=$(mktemp -d); mine=(); displays=()
for tool in Xvfb xlsatoms xwininfo xprop; do command -v $tool >/dev/null || { echo "no $tool"; exit 77; }; done
finish() { kill -9 "${mine[@]}" 2>/dev/null; wait 2>/dev/null; rm -rf "$W"; exit "$1"; }
server() {
  mkfifo $W/n.${#displays[@]}; exec {told}<>$W/n.${#displays[@]}
  Xvfb -displayfd $told -noreset -nolisten tcp "$@" >/dev/null 2>&1 & mine+=($!)
  read -r -t 60 n <&$told || { echo "no X server"; finish 77; }
  exec {told}>&-; displays+=(:$n); }
server -screen 0 1280x1024x24
server -screen 0 1400x1050x24 -extension MIT-SHM -extension XVideo -extension DOUBLE-BUFFER -extension GLX -extension X-Resource $SECOND_OPTIONS
A=${displays[0]} B=${displays[1]}
for i in $(seq 40); do xprop -display $B -root -f "GLCKPT_AGE_$i" 8s -set "GLCKPT_AGE_$i" y; done
for p in xclock xeyes; do command -v $p >/dev/null && { $p -display $B -geometry 60x60+3000+3000 >/dev/null 2>&1 & mine+=($!); }; done
QT=/usr/lib/x86_64-linux-gnu/qt5/examples/widgets; SDL=/usr/libexec/installed-tests/SDL2
i=0; pids=(); bad=0; began=$(date +%s.%N)
while read -r c; do
  command -v ${c%% *} >/dev/null || continue
  i=$((i+1)); mkfifo $W/$i; : >$W/$i.log
  env DISPLAY=$A GLCKPT_X11_TEST_FIFO=$W/$i GLCKPT_X11_TEST_LOG=$W/$i.log LD_PRELOAD=$PRELOAD $c </dev/null >$W/$i.out 2>&1 &
  pids+=($!); mine+=($!)
done <<X
xcalc -geometry +20+30
xterm -geometry 80x24+300+30 -e top
$QT/richtext/textedit/textedit
$SDL/testsprite2 --renderer software
xedit -geometry +600+30
/usr/bin/python3 -m tkinter
$QT/widgets/calculator/calculator
xeyes -geometry 150x100+20+500
X
[ $i -ge 2 ] || { echo "too few programs"; finish 77; }
sleep 4
places() { xwininfo -display $A -root -tree | sed -nE 's/^     (0x[0-9a-f]+) (.*): .* ([0-9]+x[0-9]+\+-?[0-9]+\+-?[0-9]+) .*/\1 \2 \3/p' | sort; }
windows() { xwininfo -display $A -root -tree | grep -c '^ *0x'; }
for m in $(seq $N); do
  d=$B; [ $((m % 2)) = 0 ] && d=$A
  for k in $(seq $i); do timeout 2 sh -c "echo move $d >$W/$k"; done
  for k in $(seq $i); do for _ in $(seq 600); do [ $(wc -l <$W/$k.log) -ge $m ] && break; sleep .05; done; done
  [ $m = 4 ] && { sleep 1; atoms=$(xlsatoms -display $A | wc -l); places | cut -d' ' -f2- | sort >$W/places; windows=$(windows); }
done
sleep 1
for k in $(seq $i); do
  ok=$(grep -c ': ok' $W/$k.log); errors=$(grep -ci 'x error\|BadWindow\|BadMatch\|BadValue' $W/$k.out)
  kill -0 ${pids[$((k-1))]} 2>/dev/null && state=alive || state=DEAD
  [ $state = alive ] && [ $ok = $N ] && [ $errors = 0 ] || bad=1
  echo "program $k: $state, $ok of $N moves, $errors X errors $(grep FAILED $W/$k.log | tail -1)"
done
after=$(xlsatoms -display $A | wc -l); echo "atoms after 4 moves $atoms, after $N $after; windows $windows, $(windows)"
[ "$atoms" = "$after" ] && [ "$windows" = "$(windows)" ] || bad=1
places | cut -d' ' -f2- | sort | diff $W/places - || { echo "windows are elsewhere"; bad=1; }
echo "$i programs, $N moves in $(echo "$(date +%s.%N)-$began" | bc) s: $([ $bad = 0 ] && echo OK || echo FAILED)"; finish $bad
