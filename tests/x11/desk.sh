#!/bin/bash
# desk.sh PRELOAD|BIN [MOVES]: what a person does with a window, after each move of a running program to
# another X server (with a window manager where there is one): type, click, resize, copy and paste
# both ways, drag the window. With a folder of commands, each move is a checkpoint, a kill and a
# restore of the image there. Skipped (77) where the tools for it are missing.
preload=$1 moves=${2:-2}; here=$(dirname "$(readlink -f "$0")")
for tool in Xvfb xdotool xclip xdpyinfo; do command -v $tool >/dev/null || { echo "no $tool"; exit 77; }; done
/usr/bin/python3 -c 'import tkinter' 2>/dev/null || { echo "no python3-tk"; exit 77; }
W=$(mktemp -d); mine=(); displays=()
finish() { kill -9 "${mine[@]}" 2>/dev/null; wait 2>/dev/null; rm -rf "$W"; exit "$1"; }
server() { # screen: a private X server on a number of its own
  mkfifo $W/n.${#displays[@]}; exec {told}<>$W/n.${#displays[@]}
  Xvfb -displayfd $told -screen 0 $1 -r -noreset -nolisten tcp >/dev/null 2>&1 & mine+=($!)
  read -r -t 60 n <&$told || { echo "no X server"; finish 77; }
  exec {told}>&-; displays+=(:$n)
  command -v openbox >/dev/null || return 0
  DISPLAY=:$n openbox >/dev/null 2>&1 & mine+=($!)
  # While it starts it may leave a window unmanaged until its next event, or take the focus away.
  for _ in $(seq 300); do xprop -display :$n -root _NET_SUPPORTING_WM_CHECK 2>/dev/null | grep -q 0x && break; sleep .1; done; }
server 1280x1024x24; server 1400x1050x24
for i in $(seq 20); do xprop -display ${displays[1]} -root -f DESK_AGE_$i 8s -set DESK_AGE_$i y; done
program="/usr/bin/python3 $here/desk.py $W/state 3000000"
mkfifo $W/fifo; : >$W/log
if [ -d "$preload" ]; then
  bin=$preload; DISPLAY=${displays[0]} $bin/glckpt-run --dir $W $program >$W/out 2>&1 & pid=$!
else
  DISPLAY=${displays[0]} GLCKPT_X11_TEST_FIFO=$W/fifo GLCKPT_X11_TEST_LOG=$W/log LD_PRELOAD=$preload $program >$W/out 2>&1 & pid=$!
fi
mine+=($pid)
restore() { # by way of an image, to display $1
  local image; image=$($bin/glckpt-signal --kill $pid 2>>$W/out) || { echo "FAILED $where: no checkpoint"; cat $W/out; finish 1; }
  rm -f $W/pid; $bin/glckpt-restore --pid-file $W/pid --display $1 $image >>$W/out 2>&1 & mine+=($!)
  for _ in $(seq 600); do [ -s $W/pid ] && break; sleep .1; done
  pid=$(cat $W/pid) || { echo "FAILED $where: no restore"; cat $W/out; finish 1; }; mine+=($pid); rm -f $image; }
is() { # KEY VALUE-PATTERN: the program says so, within 20 s
  for _ in $(seq 200); do
    [[ $(sed -n "s/^$1=//p" $W/state 2>/dev/null) == $2 ]] && return
    sleep .1
  done
  echo "FAILED $where: $1 is $(sed -n "s/^$1=//p" $W/state | cut -c1-60), not $2"; cat $W/out $W/log; finish 1; }
window() { for _ in $(seq 100); do w=$(xdotool search --onlyvisible --name '^desk$' 2>/dev/null | tail -1); [ -n "$w" ] && return; sleep .1; done
  echo "FAILED $where: no window"; cat $W/out $W/log; finish 1; }
use() { # everything, on $DISPLAY
  window
  xdotool windowfocus --sync $w; xdotool key --window 0 Escape; is text ""
  xdotool type --delay 5 "typed$1"; is text "typed$1"
  before=$(sed -n s/^clicks=//p $W/state)
  eval "$(xdotool getwindowgeometry --shell $w)"
  xdotool mousemove --window $w $((WIDTH / 2)) 40 click 1; is clicks $((before + 1))
  xdotool windowsize $w $((430 + $1)) 130; is size "$((430 + $1))x130"
  echo -n "clip$1" | xclip -selection clipboard -i >/dev/null 2>&1; xdotool key F3; is text "clip$1"
  xdotool key F2; sleep .2; for _ in $(seq 50); do xclip -selection clipboard -o >$W/clip 2>/dev/null; [ "$(stat -c %s $W/clip)" = 3000010 ] && break; sleep .2; done
  [ "$(stat -c %s $W/clip)" = 3000010 ] || { echo "FAILED $where: clipboard of $(stat -c %s $W/clip) bytes"; finish 1; }
  if command -v openbox >/dev/null; then # Alt and the first button drag the window
    # A window manager that is slow to take the pointer misses a drag, as it would a person's.
    place=$(sed -n s/^place=//p $W/state)
    for _ in $(seq 10); do
      xdotool mousemove --window $w 200 60 keydown alt sleep .1 mousedown 1 sleep .3 mousemove_relative 40 30 sleep .2 \
        mousemove_relative 20 10 sleep .2 mouseup 1 keyup alt
      for _ in $(seq 20); do [ "$(sed -n s/^place=//p $W/state)" != "$place" ] && break 2; sleep .1; done
    done
    for _ in $(seq 100); do
      seen=$(xwininfo -id $w | awk '/Absolute upper-left X/{x=$4} /Absolute upper-left Y/{print x "," $4}')
      [ "$(sed -n s/^place=//p $W/state)" = "$seen" ] && break; sleep .1
    done
    is place "$seen"
    [ "$seen" != "$place" ] || { echo "FAILED $where: it cannot be dragged"; finish 1; }
  fi; }
export DISPLAY=${displays[0]}; where="before any move"; use 0
for m in $(seq $moves); do
  to=${displays[$((m % 2))]}; where="after move $m to $to"
  if [ -n "$bin" ]; then
    restore $to
  else
    echo "move $to" >$W/fifo
    for _ in $(seq 200); do [ "$(wc -l <$W/log)" -ge $m ] && break; sleep .1; done
    tail -1 $W/log | grep -q ': ok' || { echo "FAILED $where: $(tail -1 $W/log)"; finish 1; }
  fi
  export DISPLAY=$to
  window; xclip -selection clipboard -o >$W/clip 2>/dev/null # it still owns what it owned
  [ "$(stat -c %s $W/clip)" = 3000010 ] || { echo "FAILED $where: lost the selection"; finish 1; }
  use $m
done
grep -i 'x error' $W/out && finish 1
echo "a window moved $moves times: typed, clicked, resized, copied, pasted, dragged"; finish 0
