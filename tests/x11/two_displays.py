# A program with windows on two displays (argv[1] and argv[2]), each counting for itself.
import sys
import tkinter as tk

roots = []
for i, display in enumerate(sys.argv[1:3]):
    root = tk.Tk(screenName=display, className="Two")
    root.title(f"window {i + 1}")
    root.geometry(f"200x100+{100 + 50 * i}+80")
    label = tk.Label(root, text="0")
    label.pack()
    roots.append((root, label))


def count(n):
    for root, label in roots:
        label.config(text=str(n))
        root.title(f"window {roots.index((root, label)) + 1} at {n}")
        root.update()
    roots[0][0].after(100, count, n + 1)


count(0)
roots[0][0].mainloop()
