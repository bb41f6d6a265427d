#!/bin/bash
# reach_gl.sh LIBRARY_FOLDER REACH_GL: every way in which a program can ask for GL ends at ours.
here=$(dirname "$0")
lib=$1
reach=$2
failed=0
count=0
try() {
    "$here/with_preload.sh" "$lib" "$reach" "$1" || failed=$((failed + 1))
    count=$((count + 1))
}
for name in libGL.so libGL.so.1 libGLX.so libGLX.so.0 libOpenGL.so libOpenGL.so.0 libEGL.so \
            libEGL.so.1 libGLESv2.so libGLESv2.so.2 libGLESv1_CM.so libGLESv1_CM.so.1; do
    try "$name"
    for folder in /usr/lib/x86_64-linux-gnu /lib/x86_64-linux-gnu; do
        [ -e "$folder/$name" ] && try "$folder/$name"
    done
done
# A program's own library of that name stays the program's.
own=$(mktemp -d)
trap 'rm -rf "$own"' EXIT
echo 'void* eglGetDisplay(void* p) { return p; }' |
    cc -shared -fPIC -Wl,-soname,libEGL.so.1 -x c - -o "$own/libEGL.so"
try "private:$own/libEGL.so"
echo "$count ways, $failed wrong"
[ $failed = 0 ]
