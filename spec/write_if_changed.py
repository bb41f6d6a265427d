"""What generators share: an output that has not changed keeps its time, so that nothing is rebuilt."""


def write_if_changed(path, text):
    try:
        with open(path) as f:
            if f.read() == text:
                return
    except FileNotFoundError:
        pass
    with open(path, "w") as f:
        f.write(text)
