#!/bin/bash
# other_world.sh BIN: xterm with a font of its own and xcalc, restored where there is no window manager and that
# font is missing, where there is another window manager, and where all is as at first: they are in their
# places, can be typed into, are managed where there is a manager and have nothing of the old one's where there
# is none; the missing font is reported, and is there again where the server has it. xeyes is iconified under the
# first manager: so it is under the second, and is to be seen where nobody could bring it back. The second server's
# keyboard has another layout.
bin=$1; W=$(mktemp -d); mine=(); D=()
for tool in Xvfb xdotool xwininfo xprop xterm xcalc openbox import compare; do command -v $tool >/dev/null || { echo "no $tool"; exit 77; }; done
other=$(for wm in icewm fvwm twm; do command -v $wm && break; done)
finish() { [ "$1" = 1 ] && tail -n 5 $W/out*; kill -9 "${mine[@]}" 2>/dev/null; wait 2>/dev/null; rm -rf "$W"; exit "$1"; }
until_() { local n=$1; shift; for _ in $(seq $n); do "$@" && return; sleep .1; done; echo "FAILED $where: never: $*"; finish 1; }
server() { # WINDOW-MANAGER OPTION...
  local wm=$1 i=${#D[@]}; shift
  mkfifo $W/n.$i; exec {told}<>$W/n.$i
  Xvfb -displayfd $told -screen 0 $((900 + 50 * i))x700x24 -r -noreset -nolisten tcp "$@" >/dev/null 2>&1 & mine+=($!)
  read -r -t 60 n <&$told || { echo "no X server"; finish 77; }
  exec {told}>&-; D+=(:$n)
  [ -n "$wm" ] && { HOME=$W DISPLAY=:$n $wm >/dev/null 2>&1 & mine+=($!); }; return 0; }
where="at the start"
server openbox; server "" -fp built-ins; server "${other:-openbox}"
xlsfonts -display ${D[0]} -fn 10x20 2>&1 | grep -q '^10x20' || { echo "no font 10x20"; finish 77; }
command -v setxkbmap >/dev/null && setxkbmap -display ${D[2]} de
until_ 200 eval 'xprop -display ${D[0]} -root _NET_SUPPORTING_WM_CHECK | grep -q 0x'
id_of() { xwininfo -root -tree 2>/dev/null | sed -nE "s/^ *(0x[0-9a-f]+) \"$1\".*/\1/p" | head -1; }
viewable() { local id; id=$(id_of $1); [ -n "$id" ] && xwininfo -id $id 2>/dev/null | grep -q IsViewable; }
place() { xwininfo -id $(id_of $1) | awk '/Absolute upper-left/{printf "%s ",$4}'; }
typed() { grep -q "got $1\$" $W/typed 2>/dev/null; }
managed() { xprop -id $(id_of $1) WM_STATE 2>/dev/null | grep -q 'window state: Normal'; }
shot() { import -window $(id_of typing) $1; }
export DISPLAY=${D[0]}
$bin/glckpt-run --dir $W xterm -T typing -fn 10x20 -geometry 40x8+300+60 -e sh -c "while read line; do echo \"got \$line\" >>$W/typed; clear; done" >$W/out.t 2>&1 & t=$!; mine+=($t)
$bin/glckpt-run --dir $W xcalc -geometry +30+60 >$W/out.c 2>&1 & c=$!; mine+=($c)
$bin/glckpt-run --dir $W xeyes -geometry 100x80+600+400 >$W/out.e 2>&1 & e=$!; mine+=($e)
iconic() { xprop -id $(id_of xeyes) WM_STATE 2>/dev/null | grep -q 'window state: Iconic'; }
until_ 300 viewable xeyes; until_ 200 managed xeyes; xdotool windowminimize $(id_of xeyes); until_ 100 iconic
use() { # LINE: both are there, and the terminal takes it
  for w in typing Calculator; do until_ 300 viewable $w; done
  if [ "$1" != nobody ]; then for w in typing Calculator; do until_ 200 managed $w; done; else
    for w in typing Calculator; do
      xprop -id $(id_of $w) WM_STATE _NET_FRAME_EXTENTS | grep -q 'state:\|= ' && { echo "FAILED $where: $w is still managed"; finish 1; }
    done; fi
  for _ in 1 2 3; do # (a manager that has just begun to manage may take the focus away once)
    xdotool windowfocus $(id_of typing); sleep .3; xdotool type --delay 20 "lazy $1"; xdotool key Return
    for _ in $(seq 50); do typed "lazy $1" && break 2; sleep .1; done
  done
  typed "lazy $1" || { echo "FAILED $where: the terminal got $(tail -1 $W/typed), not lazy $1"; finish 1; }; }
last=$DISPLAY; use manager; first=$(place Calculator); sleep .5; xdotool mousemove 800 650; sleep .3; shot $W/before.png
restore() { # NAME PID-VARIABLE DISPLAY
  local image; image=$($bin/glckpt-signal --kill ${!2}) || finish 1
  rm -f $W/pid.$1; $bin/glckpt-restore --pid-file $W/pid.$1 --display $3 $image >$W/out.$1 2>&1 & mine+=($!)
  until_ 600 test -s $W/pid.$1; eval "$2=$(cat $W/pid.$1)"; mine+=(${!2}); }
near() { local a=($1) b=($2); [ $((a[0] - b[0])) -ge -40 ] && [ $((a[0] - b[0])) -le 40 ] && [ $((a[1] - b[1])) -ge -40 ] && [ $((a[1] - b[1])) -le 40 ]; }
for step in "2 another" "1 nobody" "0 again"; do
  set -- $step; where="on ${D[$1]} ($2)"; export DISPLAY=${D[$1]}
  before=$(DISPLAY=$last place Calculator); last=$DISPLAY
  restore t t $DISPLAY; restore c c $DISPLAY; restore e e $DISPLAY; use $2
  case $2 in another) until_ 100 iconic; viewable xeyes && { echo "FAILED $where: xeyes is not an icon"; finish 1; } ;; nobody) until_ 100 viewable xeyes ;; esac
  near "$(place Calculator)" "$first" || { echo "FAILED $where: the calculator is at $(place Calculator), not $first"; finish 1; }
  missing=$(grep -c 'font "10x20" is missing' $W/out.t)
  [ $missing = $([ $2 = nobody ] && echo 1 || echo 0) ] || { echo "FAILED $where: fonts"; cat $W/out.t; finish 1; }
  [ $2 = nobody ] && [ "$(place Calculator)" != "$before" ] && { echo "FAILED $where: at $(place Calculator), not $before"; finish 1; }
done
for _ in $(seq 50); do
  xdotool mousemove 800 650; sleep .2; shot $W/after.png; ae=$(compare -metric AE $W/before.png $W/after.png null: 2>&1); [ "$ae" = 0 ] && break
done
[ "$ae" = 0 ] || { echo "FAILED $where: $ae pixels differ"; finish 1; }
echo "openbox, ${other##*/}, nobody and no font, openbox: there, typed into, as before"; finish 0
