#!/bin/bash
# streams.sh PRELOAD RECORD STREAMS: records what a dozen programs under the endpoint (PRELOAD) and an X
# server say to each other, and hands the recordings to x11_streams. Skipped (77) without Xvfb.
preload=$1 record=$2 streams=$3; W=$(mktemp -d); mine=()
command -v Xvfb >/dev/null || { echo "no Xvfb"; exit 77; }
finish() { kill -9 "${mine[@]}" 2>/dev/null; wait 2>/dev/null; [ -n "$n" ] && rm -f /tmp/.X11-unix/X$n; [ -n "$KEEP" ] && cp $W/*.x11 "$KEEP"; rm -rf "$W"; exit "$1"; }
mkfifo $W/real $W/own; exec {told}<>$W/real
Xvfb -displayfd $told -screen 0 1280x1024x24 -noreset -nolisten tcp >/dev/null 2>&1 & mine+=($!)
read -r -t 60 real <&$told || { echo "no X server"; finish 77; }
exec {told}>&-
exec {told}<>$W/own
$record $real $W >&$told & mine+=($!)
read -r -t 60 n <&$told || { echo "FAILED: no recorder"; finish 1; }
exec {told}>&-
printf 'A file.\n' >$W/file
sdl=/usr/libexec/installed-tests/SDL2
while read -r program; do
  command -v ${program%% *} >/dev/null || continue
  case $program in *python3*) module=${program#*import }; /usr/bin/python3 -c "import ${module%%[ ;]*}" 2>/dev/null || continue ;; esac
  DISPLAY=:$n LD_PRELOAD=$preload GDK_BACKEND=x11 QT_QPA_PLATFORM=xcb SDL_VIDEODRIVER=x11 sh -c "exec $program" </dev/null >/dev/null 2>&1 & mine+=($!)
done <<X
xcalc
xterm -e sh -c 'seq 100; sleep 20'
xeyes
xclock -update 1
xfd -fn fixed
xman
xedit $W/file
zenity --list --column A --column B a b c d
gtk3-demo
$sdl/testsprite2 --renderer software
/usr/bin/python3 -c 'import tkinter ; r = tkinter.Tk(); tkinter.Text(r).pack(); r.mainloop()'
/usr/bin/python3 -c 'import PyQt5.QtWidgets as q; a = q.QApplication([]); w = q.QTextEdit("text"); w.show(); a.exec_()'
X
sleep 6
if command -v xdotool >/dev/null; then # some input
  for i in $(seq 12); do DISPLAY=:$real timeout 2 xdotool mousemove $((100 * i)) $((50 * i)) click 1 key a 2>/dev/null; done
  command -v xclip >/dev/null && echo selected | DISPLAY=:$real timeout 5 xclip -i >/dev/null 2>&1
  sleep 1
fi
files=$(ls $W/*.x11); [ "$(wc -w <<<"$files")" -ge 3 ] || { echo "FAILED: only $(wc -w <<<"$files") recordings"; finish 1; }
$streams $files; finish $?
