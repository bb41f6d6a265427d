// Statically linked: glckpt-run must say that it cannot be.
int main() { return 0; }
