#!/bin/bash
# server_loss.sh BIN: the X server of programs started with --on-xserver-loss=wait dies, killed or told
# to end, and another one comes up on the same display: their windows are there again with the same
# picture, they can be typed into and clicked at. A program whose connection alone is closed (xkill)
# ends as without glckpt, and so does one that was started without the option.
bin=$1; W=$(mktemp -d); mine=()
for tool in Xvfb xdotool xwininfo import compare xdpyinfo xkill; do command -v $tool >/dev/null || { echo "no $tool"; exit 77; }; done
finish() { [ "$1" = 1 ] && tail -n 5 $W/*.out; kill -9 "${mine[@]}" 2>/dev/null; wait 2>/dev/null; rm -rf "$W"; exit "$1"; }
until_() { local n=$1; shift; for _ in $(seq $n); do "$@" && return; sleep .1; done; echo "FAILED: never: $*"; finish 1; }
mkfifo $W/n; exec {told}<>$W/n
Xvfb -displayfd $told -screen 0 1024x768x24 -r -noreset -nolisten tcp >/dev/null 2>&1 & server=$!; mine+=($server)
read -r -t 60 n <&$told || { echo "no X server"; finish 77; }
exec {told}>&-; export DISPLAY=:$n
window() { xwininfo -root -tree 2>/dev/null | sed -nE "s/^ *(0x[0-9a-f]+) \"$1\".*/\1/p" | head -1; }
there() { local id; id=$(window "$1"); [ -n "$id" ] && xwininfo -id $id 2>/dev/null | grep -q IsViewable; }
says() { grep -q "$2" $W/$1.out; }
run() { local name=$1; shift; "$bin/glckpt-run" --dir $W --on-xserver-loss=wait "$@" >$W/$name.out 2>&1 & eval "$name=$!"; mine+=($!); }
run xcalc xcalc -geometry +50+50
run xterm xterm -T typing -geometry 80x10+400+50 -e sh -c "while read line; do echo \"got \$line\" >>$W/typed; done"
programs="xcalc xterm"; titles="Calculator typing"
command -v glxgears >/dev/null && { run glxgears glxgears -geometry 200x200+50+500; programs+=" glxgears"; titles+=" glxgears"; }
run drawer /usr/bin/python3 -B $(dirname "$(readlink -f "$0")")/loss_program.py $W/drawn $DISPLAY; programs+=" drawer"
drawer_does() { rm -f $W/drawn; echo $1 >$W/drawn.part; mv $W/drawn.part $W/drawn.ask; until_ 300 test -s $W/drawn
  [ "$(cat $W/drawn)" = ok ] || { echo "FAILED: $(cat $W/drawn)"; finish 1; }; }
drawer_does check
for t in $titles; do until_ 300 there $t; done
click() { xdotool mousemove --window $(window Calculator) $1 $2 click 1 sleep .2; }
shot() { xdotool mousemove 1000 740 sleep .3; import -window $(window Calculator) $1; }
moves() { import -window $(window glxgears) $W/a.png; sleep .3; import -window $(window glxgears) $W/b.png
  [ "$(compare -metric AE $W/a.png $W/b.png null: 2>&1)" != 0 ]; }
typed() { grep -q "got $1" $W/typed 2>/dev/null; }
round=0
for signal in KILL TERM; do
  round=$((round + 1))
  click 30 250; click 70 250
  sleep 2.5 # a reading comes once a second: with a button highlighted that is not when the server dies
  shot $W/before.png
  drawer_does draw # no time to read that back
  kill -$signal $server; wait $server 2>/dev/null
  for p in $programs; do until_ 300 says $p "is gone"; : >$W/$p.out; done
  Xvfb $DISPLAY -screen 0 1100x800x24 -r -noreset -nolisten tcp -extension MIT-SHM >/dev/null 2>&1 & server=$!; mine+=($server)
  for p in $programs; do until_ 600 says $p "is back"; : >$W/$p.out; done
  for t in $titles; do until_ 300 there $t; done
  drawer_does check
  for _ in $(seq 30); do # a loaded machine draws when it can
    shot $W/after.png
    ae=$(compare -metric AE $W/before.png $W/after.png null: 2>&1)
    [ "$ae" = 0 ] && break
  done
  [ "$ae" = 0 ] || { echo "FAILED: the calculator differs in $ae pixels after SIG$signal"; finish 1; }
  [ "$(xwininfo -id $(window Calculator) | awk '/Absolute upper-left/{printf "%s ",$4}')" = "50 50 " ] || { echo "FAILED: it is elsewhere"; finish 1; }
  xdotool mousemove --window $(window typing) 100 50 windowfocus $(window typing) type --delay 5 "line$round"; xdotool key Return
  until_ 200 typed "line$round"
  [[ $programs != *glxgears* ]] || until_ 300 moves
  for p in $programs; do kill -0 ${!p} 2>/dev/null || { echo "FAILED: $p died"; finish 1; }; done
done
xkill -id $(window Calculator) >/dev/null 2>&1
until_ 200 eval '! kill -0 $xcalc 2>/dev/null'
kill -0 $xterm || { echo "FAILED: another died with it"; finish 1; }
"$bin/glckpt-run" --dir $W xeyes >/dev/null 2>&1 & plain=$!; mine+=($plain)
until_ 300 there xeyes
kill -9 $server
until_ 200 eval '! kill -0 $plain 2>/dev/null'
kill -0 $xterm || { echo "FAILED: the terminal died with its server"; finish 1; }
echo "an X server died $round times: $programs went on"; finish 0
