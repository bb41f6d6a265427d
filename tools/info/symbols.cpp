#include "info/symbols.h"
#include "ckpt/sys.h"
#include "ckpt/text.h"
#include <cstdlib>
#include <cstring>
#include <cxxabi.h>
#include <elf.h>

namespace glckpt::tools {
namespace {

template <class T>
bool get(const std::string& file, uint64_t at, T& out) {
    if (at > file.size() || sizeof out > file.size() - at)
        return false;
    memcpy(&out, file.data() + at, sizeof out);
    return true;
}

std::string demangled(const std::string& name) {
    int status = 0;
    char* plain = abi::__cxa_demangle(name.c_str(), nullptr, nullptr, &status);
    std::string out = plain ? plain : name;
    free(plain);
    return out;
}

} // namespace

Symbols::Symbols(const std::string& path) {
    const std::string file = ckpt::file_text(path);
    Elf64_Ehdr h;
    if (!get(file, 0, h) || memcmp(h.e_ident, ELFMAG, SELFMAG) != 0)
        return;
    for (unsigned i = 0; i < h.e_phnum; ++i) {
        Elf64_Phdr p;
        if (get(file, h.e_phoff + i * sizeof p, p) && p.p_type == PT_LOAD) {
            first_address_ = p.p_vaddr - p.p_offset;
            break;
        }
    }
    for (unsigned i = 0; i < h.e_shnum; ++i) {
        Elf64_Shdr s, names;
        if (get(file, h.e_shoff + i * sizeof s, s) &&
            (s.sh_type == SHT_SYMTAB || s.sh_type == SHT_DYNSYM) &&
            get(file, h.e_shoff + s.sh_link * sizeof names, names))
            read_table(file, s.sh_offset, s.sh_size, names.sh_offset, names.sh_size);
    }
}

void Symbols::read_table(const std::string& file, uint64_t at, uint64_t bytes, uint64_t names,
                         uint64_t names_bytes) {
    if (names > file.size() || names_bytes > file.size() - names)
        return;
    for (uint64_t i = 0; i + sizeof(Elf64_Sym) <= bytes; i += sizeof(Elf64_Sym)) {
        Elf64_Sym s;
        if (!get(file, at + i, s) || ELF64_ST_TYPE(s.st_info) != STT_FUNC || s.st_value == 0 ||
            s.st_name >= names_bytes)
            continue;
        const char* name = file.data() + names + s.st_name;
        functions_[s.st_value] = {s.st_size,
                                  std::string(name, strnlen(name, names_bytes - s.st_name))};
    }
}

std::string Symbols::name(uint64_t offset) const {
    const uint64_t address = offset + first_address_;
    auto it = functions_.upper_bound(address);
    if (it == functions_.begin())
        return {};
    --it;
    if (it->second.bytes && address >= it->first + it->second.bytes)
        return {};
    return demangled(it->second.name) +
           ckpt::format("+0x%lx", (unsigned long)(address - it->first));
}

} // namespace glckpt::tools
