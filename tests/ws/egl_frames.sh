#!/bin/bash
# egl_frames.sh LIBRARY_FOLDER PROGRAM...: a program without X that prints checksums of its frames
# prints the same ones natively and through the renderer.
here=$(dirname "$0")
lib=$1
shift
export EGL_PLATFORM=surfaceless N=${N:-50}
unset DISPLAY
crc() { grep -o 'crc [0-9a-f]*'; }
native=$("$@" 2>/dev/null | crc)
ours=$("$here/with_preload.sh" "$lib" "$@" 2>/dev/null | crc)
echo "native: $native"
echo "ours:   $ours"
[ -n "$native" ] && [ "$native" = "$ours" ]
