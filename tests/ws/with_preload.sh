#!/bin/bash
# with_preload.sh LIBRARY_FOLDER COMMAND...: runs it with glckpt's libraries, without the engine's
# launcher: what this tests is how a program reaches GL.
lib=$1
shift
LD_PRELOAD=$lib/libglckpt.so
for name in libGL.so.1 libGLX.so.0 libOpenGL.so.0 libEGL.so.1 libGLESv2.so.2 libGLESv1_CM.so.1; do
    LD_PRELOAD+=:$lib/gl/$name
done
export LD_PRELOAD
exec "$@"
