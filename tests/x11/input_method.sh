#!/bin/bash
# input_method.sh BIN: an xterm that is typed into by way of an input method (XIM; uim-xim's engine that
# passes keys on) moves to a server that has one, back, and to one that has none: every line arrives.
bin=$1; W=$(mktemp -d); mine=(); D=()
for tool in Xvfb uim-xim xterm xdotool xprop; do command -v $tool >/dev/null || { echo "no $tool"; exit 77; }; done
finish() { kill -9 "${mine[@]}" 2>/dev/null; wait 2>/dev/null; rm -rf "$W"; exit "$1"; }
export LC_ALL=C.UTF-8 HOME=$W XMODIFIERS=@im=uim
for i in 0 1 2; do
  mkfifo $W/n.$i; exec {told}<>$W/n.$i
  Xvfb -displayfd $told -screen 0 $((900 + 50 * i))x600x24 -r -noreset -nolisten tcp >/dev/null 2>&1 & mine+=($!)
  read -r -t 60 n <&$told || { echo "no X server"; finish 77; }
  exec {told}>&-; D+=(:$n)
  [ $i = 2 ] && continue
  DISPLAY=:$n uim-xim --engine=direct >/dev/null 2>&1 & mine+=($!)
  for _ in $(seq 100); do xprop -display :$n -root XIM_SERVERS | grep -q uim && break; sleep .1; done
  xprop -display :$n -root XIM_SERVERS | grep -q uim || { echo "uim-xim does not run"; finish 77; }
done
line() { # typed on display $1, word $2
  DISPLAY=$1 xdotool mousemove 100 100 type "$2"; DISPLAY=$1 xdotool key Return
  for _ in $(seq 200); do grep -qx "$2" $W/typed && return; sleep .1; done
  echo "FAILED: \"$2\" typed on $1 does not arrive: $(tr '\n' '|' <$W/typed)"; cat $W/out; finish 1; }
printf 'exec cat >%s\n' $W/typed >$W/run; : >$W/typed
DISPLAY=${D[0]} $bin/glckpt-run --dir $W xterm -e sh $W/run >$W/out 2>&1 & p=$!; mine+=($p)
for _ in $(seq 200); do xwininfo -display ${D[0]} -root -tree 2>/dev/null | grep -q xterm && break; sleep .1; done
sleep 2
line ${D[0]} one
n=1; for to in 1 0 1 2 0; do
  $bin/glckpt-signal --move-display ${D[$to]} $p || finish 1
  sleep .5; n=$((n + 1)); line ${D[$to]} "word$n"; line ${D[$to]} "again$n"
done
echo "typed by way of an input method, after moves and without it"; finish 0
