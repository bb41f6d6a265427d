// The player is in libglckpt-cut.so, beside the renderer that it starts.
extern "C" int glckpt_cut_main(int argc, char** argv);
int main(int argc, char** argv) { return glckpt_cut_main(argc, argv); }
