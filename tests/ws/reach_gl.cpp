// One way for a program to reach GL, per run: prints the vendor's string and what is mapped.
//
// usage: reach_gl WAY; WAY is a name to dlopen (soname, development name or absolute path), "proc"
// (glXGetProcAddress of every function), or "private:FILE" (a library of the program's own).
// Exit status 0 if the GL found is glckpt's and no driver is mapped into this process.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <string>

namespace {

bool mapped(const char* what) {
    FILE* f = fopen("/proc/self/maps", "r");
    char line[4096];
    bool found = false;
    while (f && fgets(line, sizeof line, f))
        found = found || strstr(line, what);
    if (f)
        fclose(f);
    return found;
}

} // namespace

int main(int argc, char** argv) {
    if (argc < 2)
        return 2;
    std::string way = argv[1];
    const bool own = way.rfind("private:", 0) == 0;
    if (own)
        way = way.substr(8);
    void* lib = dlopen(way.c_str(), RTLD_NOW);
    if (!lib) {
        printf("%s: %s\n", argv[1], dlerror());
        return 1;
    }
    const char* names[] = {"glBegin", "glClear", "eglGetDisplay", "glXQueryExtension"};
    void* f = nullptr;
    for (const char* n : names)
        if (!f)
            f = dlsym(lib, n);
    Dl_info info{};
    dladdr(f, &info);
    const bool ours = info.dli_fname && strstr(info.dli_fname, "libglckpt-gl.so");
    const bool driver = mapped("_dri.so") || mapped("libGLX_mesa") || mapped("libEGL_mesa") ||
                        mapped("libgallium") || mapped("libGLdispatch");
    printf("%s: from %s%s\n", argv[1], info.dli_fname ? info.dli_fname : "nowhere",
           driver ? ", and a driver is mapped" : "");
    return own ? ours : !ours || driver;
}
