#!/bin/bash
# egl_frames.sh LIBRARY_FOLDER PROGRAM...: a program without X that prints checksums of its frames
# prints the same ones natively, through the renderer, and with the renderer replaced all the time.
here=$(dirname "$0")
lib=$1
shift
export EGL_PLATFORM=surfaceless N=${N:-20}
unset DISPLAY
crc() { grep -o 'crc [0-9a-f]*'; }
native=$("$@" 2>/dev/null | crc)
[ -n "$native" ] || { echo "it does not run natively"; exit 77; }
failed=0
for stress in "" replace:1,max:60 replace:3,max:60 replace:7; do
    ours=$(GLCKPT_STRESS=$stress "$here/with_preload.sh" "$lib" "$@" 2>/dev/null | crc)
    if [ "$native" = "$ours" ]; then
        echo "${stress:-plain}: the same $(wc -l <<<"$ours") checksums"
    else
        echo "${stress:-plain}: differs"
        diff <(echo "$native") <(echo "$ours") | head -4
        failed=1
    fi
done
exit $failed
