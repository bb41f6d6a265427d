#include "info/backtrace.h"
#include "ckpt/text.h"
#include "info/memory_view.h"
#include "info/symbols.h"
#include <cstring>
#include <elf.h>
#include <libunwind.h>
#include <memory>
#include <ucontext.h>

// Of libunwind's own, behind every remote unwinder: finds the unwind entry of an address in a
// binary search table of the other process.
extern "C" int _Ux86_64_dwarf_search_unwind_table(unw_addr_space_t, unw_word_t, unw_dyn_info_t*,
                                                  unw_proc_info_t*, int, void*);

namespace glckpt::tools {
namespace {

using namespace ckpt;

constexpr int kMaxFrames = 128;

struct Target {
    const ImageReader& image;
    const SavedThread& thread;
    MemoryView memory;
};
Target& target(void* arg) { return *static_cast<Target*>(arg); }

// The header of .eh_frame_hdr when its table can be searched: sorted pairs of 32-bit offsets.
struct EhFrameHeader {
    uint8_t version, frame_encoding, count_encoding, table_encoding;
    int32_t frame;
    uint32_t count;
};
constexpr uint8_t kTableOfOffsets = 0x3b, kCountUdata4 = 0x03;

int find_proc_info(unw_addr_space_t as, unw_word_t ip, unw_proc_info_t* info, int need, void* arg) {
    Target& t = target(arg);
    const uint64_t base = t.memory.module_base(ip);
    Elf64_Ehdr h;
    if (!base || !t.memory.read(base, &h, sizeof h) || memcmp(h.e_ident, ELFMAG, SELFMAG) != 0)
        return -UNW_ENOINFO;
    uint64_t shift = 0, low = ~0ull, high = 0, eh = 0;
    bool first = true;
    for (unsigned i = 0; i < h.e_phnum; ++i) {
        Elf64_Phdr p;
        if (!t.memory.read(base + h.e_phoff + i * sizeof p, &p, sizeof p))
            return -UNW_ENOINFO;
        if (p.p_type == PT_LOAD) {
            if (first)
                shift = base - (p.p_vaddr - p.p_offset);
            first = false;
            low = std::min(low, p.p_vaddr);
            high = std::max(high, p.p_vaddr + p.p_memsz);
        }
        if (p.p_type == PT_GNU_EH_FRAME)
            eh = p.p_vaddr;
    }
    EhFrameHeader f;
    if (!eh || !t.memory.read(shift + eh, &f, sizeof f) || f.table_encoding != kTableOfOffsets ||
        f.count_encoding != kCountUdata4)
        return -UNW_ENOINFO;
    unw_dyn_info_t table{};
    table.format = UNW_INFO_FORMAT_REMOTE_TABLE;
    table.start_ip = shift + low;
    table.end_ip = shift + high;
    table.u.rti.segbase = shift + eh;
    table.u.rti.table_data = shift + eh + sizeof f;
    table.u.rti.table_len = f.count * 8ull / sizeof(unw_word_t);
    return _Ux86_64_dwarf_search_unwind_table(as, ip, &table, info, need, arg);
}

void put_unwind_info(unw_addr_space_t, unw_proc_info_t*, void*) {}

int dyn_info_list(unw_addr_space_t, unw_word_t*, void*) { return -UNW_ENOINFO; }

int access_memory(unw_addr_space_t, unw_word_t address, unw_word_t* value, int write, void* arg) {
    return write || !target(arg).memory.read(address, value, sizeof *value) ? -UNW_EINVAL : 0;
}

// The ucontext's order of registers to DWARF's.
int access_register(unw_addr_space_t, unw_regnum_t reg, unw_word_t* value, int write, void* arg) {
    static constexpr int kIndex[] = {REG_RAX, REG_RDX, REG_RCX, REG_RBX, REG_RSI, REG_RDI,
                                     REG_RBP, REG_RSP, REG_R8,  REG_R9,  REG_R10, REG_R11,
                                     REG_R12, REG_R13, REG_R14, REG_R15, REG_RIP};
    if (write || reg < 0 || reg >= (int)std::size(kIndex))
        return -UNW_EBADREG;
    *value = target(arg).thread.registers[(size_t)kIndex[reg]];
    return 0;
}

int access_float(unw_addr_space_t, unw_regnum_t, unw_fpreg_t*, int, void*) { return -UNW_EBADREG; }
int resume(unw_addr_space_t, unw_cursor_t*, void*) { return -UNW_EINVAL; }
int proc_name(unw_addr_space_t, unw_word_t, char*, size_t, unw_word_t*, void*) {
    return -UNW_ENOINFO;
}

std::string place(const Target& t, uint64_t ip) {
    static std::map<std::string, std::unique_ptr<Symbols>> cache;
    const SavedMapping* m = t.memory.mapping(ip);
    if (!m)
        return "?";
    const std::string& module = m->name.empty() ? "(anonymous)" : m->name;
    std::string name;
    if (m->file >= 0) {
        auto& symbols = cache[m->name];
        if (!symbols)
            symbols = std::make_unique<Symbols>(m->name);
        name = symbols->name(ip - t.memory.module_base(ip));
    }
    return (name.empty() ? "" : name + " ") + "in " + module;
}

} // namespace

std::vector<StackFrame> backtrace(const ImageReader& image, const SavedThread& thread) {
    std::vector<StackFrame> out;
    Target t{image, thread, MemoryView(image)};
    unw_accessors_t accessors{find_proc_info,  put_unwind_info, dyn_info_list, access_memory,
                              access_register, access_float,    resume,        proc_name};
    const unw_addr_space_t as = unw_create_addr_space(&accessors, 0);
    unw_cursor_t cursor;
    if (as && unw_init_remote(&cursor, as, &t) == 0) {
        do {
            unw_word_t ip = 0;
            if (unw_get_reg(&cursor, UNW_REG_IP, &ip) != 0 || ip == 0)
                break;
            // Frames above the first return behind a call: the call is what is meant.
            out.push_back({ip, place(t, out.empty() ? ip : ip - 1)});
        } while (out.size() < kMaxFrames && unw_step(&cursor) > 0);
    }
    if (as)
        unw_destroy_addr_space(as);
    return out;
}

} // namespace glckpt::tools
