#!/bin/bash
# move_display.sh BIN: glckpt-signal --move-display on running programs, with and without GL: the
# window leaves one X server, is on the other, is drawn there, and the program lives. A server
# without GLX is refused to a program that draws by it, which goes on where it is; from one whose GLX
# has no config for it (multisampling, which softpipe lacks) the windows come back.
bin=$1; W=$(mktemp -d); mine=(); displays=()
for tool in Xvfb xwininfo import compare; do command -v $tool >/dev/null || { echo "no $tool"; exit 77; }; done
finish() { kill -9 "${mine[@]}" 2>/dev/null; wait 2>/dev/null; rm -rf "$W"; exit "$1"; }
for i in 0 1 2; do
  mkfifo $W/n.$i; exec {told}<>$W/n.$i
  Xvfb -displayfd $told -screen 0 $((1024 + 100 * i))x768x24 -noreset -nolisten tcp $([ $i = 2 ] && echo -extension GLX) >/dev/null 2>&1 & mine+=($!)
  read -r -t 60 n <&$told || { echo "no X server"; finish 77; }
  exec {told}>&-; displays+=(:$n)
done
on() { xwininfo -display $1 -root -tree 2>/dev/null | grep -q "\"$2\""; }
moves() { # what is on display $1 changes
  local i
  for i in $(seq 100); do
    import -display $1 -window root $W/a.png; sleep .2; import -display $1 -window root $W/b.png
    [ "$(compare -metric AE $W/a.png $W/b.png null: 2>&1)" != 0 ] && return
  done
  echo "FAILED: $2 does not move on $1"; finish 1; }
for program in xcalc:Calculator glxgears:glxgears; do
  command -v ${program%:*} >/dev/null || continue
  DISPLAY=${displays[0]} $bin/glckpt-run --dir $W ${program%:*} >$W/out 2>&1 & p=$!; mine+=($p)
  for _ in $(seq 300); do on ${displays[0]} ${program#*:} && break; sleep .1; done
  sleep 1
  for there in ${displays[1]} ${displays[0]} ${displays[1]}; do
    $bin/glckpt-signal --move-display $there $p || { echo "FAILED: $program to $there"; cat $W/out; finish 1; }
    for d in "${displays[@]:0:2}"; do
      on $d ${program#*:}; has=$?
      [ $d = $there ] && want=0 || want=1
      [ $has = $want ] || { echo "FAILED: after the move of $program to $there, $d: $has"; finish 1; }
    done
  done
  if [ $program = glxgears:glxgears ]; then
    $bin/glckpt-signal --move-display ${displays[2]} $p 2>$W/why && { echo "FAILED: moved to a server without GLX"; finish 1; }
    grep -q "lacks extension GLX" $W/why || { cat $W/why; finish 1; }
    on ${displays[2]} glxgears && { echo "FAILED: it is where it was refused"; finish 1; }
    on $there glxgears || { echo "FAILED: it is not where it was"; finish 1; }
    moves $there glxgears
  fi
  kill -0 $p || { echo "FAILED: $program died"; cat $W/out; finish 1; }
  kill -9 $p; echo "${program%:*}: moved three times"
done
# The servers' own drivers decide which configs there are.
many() { DISPLAY=$1 glxinfo 2>/dev/null | grep -cE '^0x.* 4 +1 ' ; }
if command -v glxinfo >/dev/null && command -v glxgears >/dev/null; then
  mkfifo $W/n.3; exec {told}<>$W/n.3
  GALLIUM_DRIVER=softpipe Xvfb -displayfd $told -screen 0 800x600x24 -noreset -nolisten tcp >/dev/null 2>&1 & mine+=($!)
  read -r -t 60 n <&$told || { echo "no X server"; finish 77; }
  if [ "$(many ${displays[0]})" -gt 0 ] && [ "$(many :$n)" = 0 ]; then
    DISPLAY=${displays[0]} $bin/glckpt-run --dir $W glxgears -samples 4 >$W/out 2>&1 & p=$!; mine+=($p)
    for _ in $(seq 300); do on ${displays[0]} glxgears && break; sleep .1; done
    sleep 1
    for try in 1 2; do
      $bin/glckpt-signal --move-display :$n $p 2>$W/why && { echo "FAILED: moved to a server without a config"; finish 1; }
      grep -q "goes on where it was" $W/why || { echo "FAILED: not told that it is back:"; cat $W/why; finish 1; }
      on :$n glxgears && { echo "FAILED: it is where it was refused"; finish 1; }
      on ${displays[0]} glxgears || { echo "FAILED: it is not where it was"; finish 1; }
      moves ${displays[0]} glxgears
    done
    $bin/glckpt-signal --move-display ${displays[1]} $p || { echo "FAILED: cannot move any more"; finish 1; }
    moves ${displays[1]} glxgears
    echo "glxgears -samples 4: came back"
  fi
fi
finish 0
