#!/bin/bash
# many_moves.sh PRELOAD MOVES: eight programs at once, moved together between two running X servers
# (DPY_A, DPY_B; default :60 and :61). All must live, without X errors, and the servers' atoms must
# not grow.
PRELOAD=$1; N=$2; A=${DPY_A:-:60}; B=${DPY_B:-:61}; W=$(mktemp -d)
QT=/usr/lib/x86_64-linux-gnu/qt5/examples/widgets; SDL=/usr/libexec/installed-tests/SDL2
i=0; pids=(); bad=0
for c in xcalc "xterm -e top" "$QT/richtext/textedit/textedit" "$SDL/testsprite2 --renderer software" xedit \
         "/usr/bin/python3 -m tkinter" "$QT/widgets/calculator/calculator" xeyes; do
  i=$((i+1)); mkfifo $W/$i; : >$W/$i.log
  env DISPLAY=$A GLCKPT_X11_TEST_FIFO=$W/$i GLCKPT_X11_TEST_LOG=$W/$i.log LD_PRELOAD=$PRELOAD $c </dev/null >$W/$i.out 2>&1 &
  pids+=($!)
done
sleep 4
for m in $(seq $N); do
  d=$B; [ $((m % 2)) = 0 ] && d=$A
  for k in $(seq $i); do timeout 2 sh -c "echo move $d >$W/$k"; done
  for k in $(seq $i); do for _ in $(seq 60); do [ $(wc -l <$W/$k.log) -ge $m ] && break; sleep .05; done; done
  [ $m = 4 ] && atoms=$(xlsatoms -display $A | wc -l)
done
for k in $(seq $i); do
  ok=$(grep -c ': ok' $W/$k.log); errors=$(grep -ci 'x error\|BadWindow\|BadMatch\|BadValue' $W/$k.out)
  kill -0 ${pids[$((k-1))]} 2>/dev/null && state=alive || state=DEAD
  [ $state = alive ] && [ $ok = $N ] && [ $errors = 0 ] || bad=1
  echo "program $k: $state, $ok of $N moves, $errors X errors $(grep FAILED $W/$k.log | tail -1)"
done
after=$(xlsatoms -display $A | wc -l); echo "atoms after 4 moves $atoms, after $N $after"
[ "$atoms" = "$after" ] || bad=1
kill ${pids[@]} 2>/dev/null; rm -rf $W; exit $bad
