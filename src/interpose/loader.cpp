// Which GL library a program gets: ours, however it asks.
//
// DT_NEEDED and dlopen of a SONAME find the empty libraries of lib/glckpt/gl, which are preloaded
// under those SONAMEs. What they cannot catch are the other ways of saying it: dlopen("libGL.so"),
// dlopen("/usr/lib/x86_64-linux-gnu/libEGL.so.1"). For those dlopen itself is interposed.
//
// The real dlopen looks at its caller's address: the caller's RUNPATH, its $ORIGIN and its link-map
// namespace decide where it searches. So ours must not call it, but jump to it: the exported
// functions are a few instructions of assembly that ask pick_library() for the name to use and
// leave for the real one with the stack as they found it.
//
// A private libEGL.so in a program's own folder (ANGLE and its like, which bring a whole GL) is
// not ours to replace: only bare names, and files of the system's library folders, are.
#include "interpose/start_renderer.h"
#include <climits>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <string>

namespace glckpt {
namespace {

struct Library {
    const char* stem;   // how its names begin
    const char* soname; // our file of that name
};
constexpr Library kLibraries[] = {
    {"libGL.so", "libGL.so.1"},         {"libGLX.so", "libGLX.so.0"},
    {"libOpenGL.so", "libOpenGL.so.0"}, {"libEGL.so", "libEGL.so.1"},
    {"libGLESv2.so", "libGLESv2.so.2"}, {"libGLESv1_CM.so", "libGLESv1_CM.so.1"},
};

const Library* library_of(const char* base) {
    for (const Library& l : kLibraries) {
        const size_t n = strlen(l.stem);
        if (strncmp(base, l.stem, n) == 0 && (base[n] == 0 || base[n] == '.'))
            return &l;
    }
    return nullptr;
}

bool in_system_folder(const char* path) {
    for (const char* folder : {"/lib/", "/lib64/", "/usr/lib/", "/usr/lib64/", "/usr/local/lib/"}) {
        const size_t n = strlen(folder);
        if (strncmp(path, folder, n) != 0)
            continue;
        // The folder itself or one of a multiarch name; deeper ones are applications' own.
        const char* rest = path + n;
        const char* slash = strchr(rest, '/');
        return !slash ||
               (strstr(rest, "-linux-gnu/") == strchr(rest, '-') && !strchr(slash + 1, '/'));
    }
    return false;
}

} // namespace

extern "C" {

// Where the trampolines go. Filled when the library is loaded, before anybody else's code runs.
__attribute__((visibility("hidden"))) void* glckpt_real_dlopen = nullptr;
__attribute__((visibility("hidden"))) void* glckpt_real_dlmopen = nullptr;

// The name to load instead of `name`: our library's, or `name` itself.
__attribute__((visibility("hidden"), used)) const char* glckpt_pick_library(const char* name) {
    if (!glckpt_real_dlopen) { // another constructor was earlier than ours
        glckpt_real_dlmopen = dlsym(RTLD_NEXT, "dlmopen");
        glckpt_real_dlopen = dlsym(RTLD_NEXT, "dlopen");
    }
    if (!name)
        return name;
    const char* slash = strrchr(name, '/');
    const Library* l = library_of(slash ? slash + 1 : name);
    if (!l)
        return name;
    if (slash) {
        char real[PATH_MAX];
        if (!in_system_folder(name) && !(realpath(name, real) && in_system_folder(real)))
            return name;
    }
    static std::string paths[sizeof kLibraries / sizeof *kLibraries];
    static const bool filled = [] {
        for (size_t i = 0; i < sizeof kLibraries / sizeof *kLibraries; ++i)
            paths[i] = library_folder() + "gl/" + kLibraries[i].soname;
        return true;
    }();
    (void)filled;
    return paths[l - kLibraries].c_str();
}
}

// rdi, rsi, rdx hold the arguments; the stack is 8 off a multiple of 16, as after any call.
asm(R"(
    .text
    .globl dlopen
    .type dlopen, @function
    .p2align 4
dlopen:
    pushq %rsi
    pushq %rdi
    subq $8, %rsp
    call glckpt_pick_library
    addq $8, %rsp
    popq %rdi
    popq %rsi
    movq %rax, %rdi
    jmpq *glckpt_real_dlopen(%rip)
    .size dlopen, .-dlopen

    .globl dlmopen
    .type dlmopen, @function
    .p2align 4
dlmopen:
    pushq %rdx
    pushq %rsi
    pushq %rdi
    movq %rsi, %rdi
    call glckpt_pick_library
    popq %rdi
    popq %rsi
    popq %rdx
    testq %rdi, %rdi
    cmoveq %rax, %rsi
    jmpq *glckpt_real_dlmopen(%rip)
    .size dlmopen, .-dlmopen
)");

} // namespace glckpt
