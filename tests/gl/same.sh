#!/bin/bash
# same.sh PROGRAM GLCKPT_RUN STRESS: prints the same with its renderer replaced as natively.
# Exit status 77 where the driver does not run it.
export LIBGL_ALWAYS_SOFTWARE=1
native=$("$1" 24) || { echo "$native"; exit 77; }
got=$(GLCKPT_STRESS=$3 "$2" "$1" 24) || { echo "exit status $?: $got"; exit 1; }
diff <(echo "$native") <(echo "$got")
