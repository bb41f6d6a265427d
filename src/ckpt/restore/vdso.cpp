#include "ckpt/restore/vdso.h"
#include "ckpt/text.h"
#include <cstring>
#include <elf.h>
#include <map>
#include <sys/mman.h>

namespace glckpt::ckpt {
namespace {

struct Pieces {
    std::vector<Vma> all; // vvar's and vdso, ascending, one beside the other
    uint64_t start = 0, vdso = 0, vdso_bytes = 0;
};

Pieces own_pieces() {
    Pieces p;
    for (Vma& v : read_maps())
        if (v.is_vvar() || v.is_vdso()) {
            if (p.all.empty())
                p.start = v.start;
            if (v.is_vdso()) {
                p.vdso = v.start;
                p.vdso_bytes = v.end - v.start;
            }
            p.all.push_back(std::move(v));
        }
    return p;
}

struct Saved {
    uint64_t start = 0, vdso = 0, vdso_bytes = 0;
};
Saved saved_pieces(const ProcessState& s) {
    Saved out;
    for (const SavedMapping& m : s.mappings) {
        if (m.kind == MappingKind::Vvar && !out.start)
            out.start = m.start;
        if (m.kind == MappingKind::Vdso) {
            if (!out.start)
                out.start = m.start;
            out.vdso = m.start;
            out.vdso_bytes = m.bytes();
        }
    }
    return out;
}

bool same_vdso(const ImageReader& image, const Saved& saved, const Pieces& own) {
    if (!saved.vdso || saved.vdso_bytes != own.vdso_bytes ||
        saved.vdso - saved.start != own.vdso - own.start)
        return false;
    std::string bytes(saved.vdso_bytes, '\0');
    return image.read_memory(saved.vdso, bytes.data(), bytes.size()) &&
           memcmp(bytes.data(), reinterpret_cast<const void*>(own.vdso), bytes.size()) == 0;
}

// Exported functions of a vdso that lies at `base`: name -> offset. `limit` bounds every read; the
// image's copy is input.
std::map<std::string, uint64_t> functions(uint64_t base, uint64_t limit) {
    std::map<std::string, uint64_t> out;
    const auto* image = reinterpret_cast<const char*>(base);
    Elf64_Ehdr h;
    memcpy(&h, image, sizeof h);
    if (memcmp(h.e_ident, ELFMAG, SELFMAG) != 0 || h.e_shoff > limit)
        return out;
    for (unsigned i = 0; i < h.e_shnum; ++i) {
        Elf64_Shdr s{};
        if (h.e_shoff + (i + 1) * sizeof s > limit)
            break;
        memcpy(&s, image + h.e_shoff + i * sizeof s, sizeof s);
        if (s.sh_type != SHT_DYNSYM || s.sh_offset > limit || s.sh_size > limit - s.sh_offset)
            continue;
        Elf64_Shdr names{};
        if (h.e_shoff + (s.sh_link + 1ull) * sizeof names > limit)
            continue;
        memcpy(&names, image + h.e_shoff + s.sh_link * sizeof names, sizeof names);
        for (uint64_t at = 0; at + sizeof(Elf64_Sym) <= s.sh_size; at += sizeof(Elf64_Sym)) {
            Elf64_Sym sym;
            memcpy(&sym, image + s.sh_offset + at, sizeof sym);
            const uint64_t name = names.sh_offset + sym.st_name;
            if (ELF64_ST_TYPE(sym.st_info) != STT_FUNC || name >= limit || sym.st_value >= limit)
                continue;
            out[std::string(image + name, strnlen(image + name, limit - name))] = sym.st_value;
        }
    }
    return out;
}

// mov $target, %rax; jmp *%rax. rax is the return value: free at a function's entry.
constexpr uint64_t kJumpBytes = 12;
void write_jump(char* at, uint64_t target) {
    const unsigned char head[] = {0x48, 0xb8}, tail[] = {0xff, 0xe0};
    memcpy(at, head, 2);
    memcpy(at + 2, &target, 8);
    memcpy(at + 10, tail, 2);
}

} // namespace

Result<VdsoPlan> park_vdso(const ImageReader& image, AddressSpace& space, bool force_proxy) {
    VdsoPlan plan;
    const Pieces own = own_pieces();
    const Saved saved = saved_pieces(image.process());
    if (own.all.empty() || !saved.vdso)
        return plan;
    plan.moved = !force_proxy && same_vdso(image, saved, own);
    const uint64_t park = space.reserve(own.vdso + own.vdso_bytes - own.start);
    for (const Vma& v : own.all) {
        const uint64_t bytes = v.end - v.start, to = park + (v.start - own.start);
        const long r =
            raw_syscall(SYS_mremap, v.start, bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED, to);
        if (r < 0 && r > -4096)
            return Status::refused("this kernel does not let its vdso be moved");
        plan.keep.push_back({to, to + bytes});
        if (plan.moved)
            plan.moves.push_back({to, bytes, saved.start + (v.start - own.start)});
    }
    return plan;
}

Status make_vdso_proxy(const ImageReader& image, const VdsoPlan& plan, const MemoryLoader& memory) {
    if (plan.moved || plan.keep.empty())
        return {};
    const Saved saved = saved_pieces(image.process());
    const uint64_t copy = memory.now_at(saved.vdso), own = plan.keep.back().start;
    const auto theirs = functions(copy, saved.vdso_bytes);
    const auto ours = functions(own, plan.keep.back().end - own);
    for (const auto& [name, offset] : theirs) {
        if (!name.starts_with("__vdso_"))
            continue; // the plain names are aliases of these
        const auto it = ours.find(name);
        if (it == ours.end())
            return Status::refused(
                format("this kernel's vdso lacks %s, which the program may call", name.c_str()));
        if (offset + kJumpBytes <= saved.vdso_bytes)
            write_jump(reinterpret_cast<char*>(copy + offset), own + it->second);
    }
    return {};
}

} // namespace glckpt::ckpt
