#include "run/target.h"
#include "ckpt/sys.h"
#include <cstdlib>
#include <cstring>
#include <elf.h>
#include <sys/stat.h>
#include <unistd.h>

namespace glckpt::tools {

using ckpt::open_fd;
using ckpt::pread_all;
using ckpt::UniqueFd;

std::string find_program(const std::string& name) {
    if (name.find('/') != name.npos)
        return access(name.c_str(), F_OK) == 0 ? name : "";
    const char* path = getenv("PATH");
    std::string rest = path ? path : "/bin:/usr/bin";
    while (!rest.empty()) {
        const size_t colon = rest.find(':');
        const std::string folder = rest.substr(0, colon);
        std::string candidate = (folder.empty() ? "." : folder) + "/" + name;
        struct stat st {};
        if (stat(candidate.c_str(), &st) == 0 && S_ISREG(st.st_mode) &&
            access(candidate.c_str(), X_OK) == 0)
            return candidate;
        rest = colon == rest.npos ? "" : rest.substr(colon + 1);
    }
    return "";
}

namespace {

bool has_interpreter(int fd, const Elf64_Ehdr& h) {
    for (unsigned i = 0; i < h.e_phnum; ++i) {
        Elf64_Phdr p{};
        if (pread_all(fd, &p, sizeof p, h.e_phoff + i * sizeof p) && p.p_type == PT_INTERP)
            return true;
    }
    return false;
}

} // namespace

Status check_target(const std::string& path) {
    struct stat st {};
    if (stat(path.c_str(), &st) == 0 && (st.st_mode & (S_ISUID | S_ISGID)) && geteuid() != 0)
        return Status::refused(path +
                               " is set-user-id: the dynamic linker preloads nothing into it");
    const UniqueFd fd = open_fd(path.c_str(), O_RDONLY);
    Elf64_Ehdr h{};
    // Not readable, or a script: its interpreter is looked at by the kernel, and inherits.
    if (!fd.ok() || !pread_all(fd.get(), &h, sizeof h, 0) ||
        memcmp(h.e_ident, ELFMAG, SELFMAG) != 0)
        return {};
    if (h.e_ident[EI_CLASS] != ELFCLASS64 || h.e_machine != EM_X86_64)
        return Status::refused(path + " is not an x86-64 program");
    if (!has_interpreter(fd.get(), h))
        return Status::refused(path + " is statically linked: nothing can be preloaded into it");
    return {};
}

} // namespace glckpt::tools
