#include "ckpt/stop/frame.h"
#include "ckpt/stop/deadline.h"
#include "ckpt/sys.h"
#include <cerrno>
#include <climits>

namespace glckpt::ckpt {

thread_local Deadline t_deadline;

// The kernel's rule. A signal that interrupts a blocking call makes the call return an internal
// code, and what the caller sees depends on that code and on the handler's SA_RESTART:
//
//   ERESTARTSYS              restarted for us: the frame's RIP already points at the `syscall`
//   ERESTARTNOHAND           pause, sigsuspend, select, ppoll: EINTR whenever a handler ran
//   ERESTART_RESTARTBLOCK    nanosleep, poll, futex with a time-out: the same
//   plain EINTR              epoll_wait, semop, sigtimedwait, sockets with a time-out: the same
//   a short count            a large write to a pipe or socket
//
// No program expects the last four from a signal that it does not know of. The frame is enough to
// recognise them: the exit path of a system call leaves RCX == RIP and the two bytes before RIP
// are `syscall`. Made again means: RIP back by two, RAX the call's number, which the frame has
// lost (RAX holds -EINTR) and which /proc/self/task/TID/syscall told before the signal was sent.
//
// An EINTR that the app's own handler has earned looks the same if our signal arrives before the
// thread runs its next instruction. The sigaction wrapper (sigaction.cpp) marks it: it clears RCX
// in the frame, which is dead after a system call.
namespace {

using Registers = greg_t*;

bool is_syscall_insn(uint64_t pc) {
    const auto* p = reinterpret_cast<const unsigned char*>(pc);
    return p[0] == 0x0f && p[1] == 0x05;
}

bool frame_matches(const ThreadSlot& s, Registers g) {
    return s.syscall >= 0 && s.pc == (uint64_t)g[REG_RIP] && s.sp == (uint64_t)g[REG_RSP] &&
           s.args[0] == (uint64_t)g[REG_RDI] && s.args[1] == (uint64_t)g[REG_RSI] &&
           s.args[2] == (uint64_t)g[REG_RDX] && s.args[3] == (uint64_t)g[REG_R10];
}

// Bytes of an instruction that only fetches an argument and leaves EAX alone; 0: any other. What
// compilers put between the number and `syscall`: mov from the stack or a register, xor of a
// register with itself or a constant, lea.
size_t argument_fetch(const unsigned char* p) {
    size_t n = 0;
    unsigned rex = 0;
    if ((p[n] & 0xf0) == 0x40)
        rex = p[n++];
    const unsigned char op = p[n++], modrm = p[n++];
    const unsigned mod = modrm >> 6, reg = modrm >> 3 & 7, rm = modrm & 7;
    const bool reg_is_rax = reg == 0 && !(rex & 4), rm_is_rax = rm == 0 && !(rex & 1);
    const size_t address = (mod != 3 && rm == 4) +
                           (mod == 1   ? 1
                            : mod == 2 ? 4
                                       : 0) +
                           (mod == 0 && rm == 5 ? 4 : 0);
    switch (op) {
    case 0x8b: // mov r/m, r
    case 0x8d: // lea
        return reg_is_rax || (op == 0x8d && mod == 3) ? 0 : n + address;
    case 0x89: // mov r, r/m
    case 0x31: // xor r, r/m
        return mod != 3 || rm_is_rax ? 0 : n;
    case 0x80: // xor $byte, r/m
    case 0x83:
        return mod != 3 || reg != 6 || rm_is_rax ? 0 : n + 1;
    default:
        return 0;
    }
}

bool only_arguments(const unsigned char* p, const unsigned char* end) {
    while (p < end) {
        const size_t n = argument_fetch(p);
        if (n == 0)
            return false;
        p += n;
    }
    return p == end;
}

// What a register held when the number was fetched from it, if that is still there: the kernel
// keeps all but RAX, RCX and R11, and no instruction from `p` to `end` may be one that writes it.
// -1: not.
long number_kept(unsigned reg, Registers g, const unsigned char* p, const unsigned char* end) {
    static constexpr int kPlace[16] = {-1,      -1,      REG_RDX, REG_RBX, -1,      REG_RBP,
                                       REG_RSI, REG_RDI, REG_R8,  REG_R9,  REG_R10, -1,
                                       REG_R12, REG_R13, REG_R14, REG_R15};
    if (kPlace[reg] < 0 || !only_arguments(p, end))
        return -1;
    for (; p < end; p += argument_fetch(p)) {
        const unsigned rex = (p[0] & 0xf0) == 0x40 ? p[0] : 0;
        const unsigned char* op = p + (rex ? 1 : 0);
        const unsigned modrm = op[1];
        const bool to_reg = *op == 0x8b || *op == 0x8d;
        const unsigned written =
            to_reg ? (modrm >> 3 & 7) | (rex & 4 ? 8 : 0) : (modrm & 7) | (rex & 1 ? 8 : 0);
        if (written == reg)
            return -1;
    }
    const auto nr = (long)(uint32_t)g[kPlace[reg]];
    return nr < 1024 ? nr : -1;
}

// `mov $nr,%eax`, perhaps some arguments, `syscall` is how nearly every wrapper ends. In a loop a
// compiler may keep the number in a register, and have `mov %reg,%rax` instead. The last resort
// when the thread entered the call between our look and the signal.
long number_from_code(Registers g) {
    const auto* end = reinterpret_cast<const unsigned char*>(g[REG_RIP]) - 2;
    for (size_t back = 2; back <= 24; ++back) {
        const unsigned char* p = end - back;
        const auto nr = (long)(p[1] | p[2] << 8 | p[3] << 16 | (uint32_t)p[4] << 24);
        if (back >= 5 && p[0] == 0xb8 && nr < 1024 && only_arguments(p + 5, end))
            return nr;
        const unsigned rex = (p[0] & 0xf0) == 0x40 ? *p++ : 0;
        if (p[0] != 0x89 || (p[1] & 0xc7) != 0xc0 || rex & 1) // mov r, %rax
            continue;
        const long kept = number_kept((p[1] >> 3 & 7) | (rex & 4 ? 8 : 0), g, p + 2, end);
        if (kept >= 0)
            return kept;
    }
    return -1;
}

long interrupted_number(const ThreadSlot& s, Registers g) {
    long nr = frame_matches(s, g) ? s.syscall : -1;
    if (nr == SYS_restart_syscall)
        nr = t_deadline.syscall > 0 ? t_deadline.syscall : s.restarted_as;
    if (nr < 0)
        nr = number_from_code(g);
    return nr >= 0 ? nr : t_deadline.syscall;
}

// Not to be made twice. close: the descriptor is gone whatever it returned. restart_syscall alone
// means that the number was not found out.
bool must_not_repeat(long nr) {
    return nr < 0 || nr == SYS_close || nr == SYS_close_range || nr == SYS_restart_syscall;
}

// Without one a signal interrupts no call: it ends the process, stops it, or is nothing. The
// SIGCONT that lets a stopped program go on is such.
bool has_handler(int signal) {
    struct {
        void (*handler)(int);
        unsigned long flags;
        void (*restorer)();
        uint64_t mask;
    } now{};
    return raw_syscall(SYS_rt_sigaction, signal, 0, &now, sizeof now.mask) == 0 &&
           now.handler != SIG_DFL && now.handler != SIG_IGN;
}

// A signal of the app's own waits for this thread: the EINTR will have been right after all, and
// repeating pause() or the like could sleep for ever after the handler ran.
bool own_signal_waits(const ucontext_t& uc) {
    uint64_t pending = 0, blocked = 0;
    raw_syscall(SYS_rt_sigpending, &pending, 8);
    __builtin_memcpy(&blocked, &uc.uc_sigmask, 8);
    for (uint64_t left = pending & ~blocked & ~(1ull << (kStopSignal - 1)); left; left &= left - 1)
        if (has_handler(__builtin_ctzll(left) + 1))
            return true;
    return false;
}

int round_up_ms(int64_t ns) {
    const int64_t ms = (ns + 999'999) / 1'000'000;
    return ms > INT_MAX ? INT_MAX : (int)ms;
}

void shorten_timeout(long nr, Registers g, int64_t left_ns) {
    t_deadline.left = {(time_t)(left_ns / 1'000'000'000), (long)(left_ns % 1'000'000'000)};
    const auto timeout = (greg_t)&t_deadline.left;
    switch (nr) {
    case SYS_nanosleep:
        g[REG_RDI] = timeout;
        break;
    case SYS_clock_nanosleep:
        g[REG_RDX] = timeout;
        break;
    case SYS_rt_sigtimedwait:
        g[REG_RDX] = timeout;
        break;
    case SYS_semtimedop:
        g[REG_R10] = timeout;
        break;
    case SYS_epoll_pwait2:
        g[REG_R10] = timeout;
        break;
    case SYS_poll:
        g[REG_RDX] = round_up_ms(left_ns);
        break;
    case SYS_epoll_wait:
    case SYS_epoll_pwait:
        g[REG_R10] = round_up_ms(left_ns);
        break;
    default:
        break;
    }
}

// The rest of a large write. The stub makes the call again for what is left, adds up the counts,
// and goes back with the registers the caller had. Its memory is below the caller's red zone.
struct WriteRest {
    uint64_t done, rip, rsi, rdx, nr;
};
constexpr uint64_t kRedZone = 128;
static_assert(kRedZone + sizeof(WriteRest) == 168); // known to the stub

extern "C" [[gnu::naked, gnu::used]] void glckpt_finish_write() {
    asm("syscall\n"
        "test %rax, %rax\n"
        "js 1f\n"
        "add (%rsp), %rax\n"
        "jmp 2f\n"
        "1: mov (%rsp), %rax\n" // an error after part of it was written: the part counts
        "2: mov 8(%rsp), %rcx\n"
        "mov 16(%rsp), %rsi\n"
        "mov 24(%rsp), %rdx\n"
        "lea 168(%rsp), %rsp\n"
        "jmp *%rcx\n");
}

// The number of a write that came back with less than it was given; -1: it is none. Making the
// rest of it is right even if the count was short of its own accord: a descriptor that does not
// block says EAGAIN then, and the part counts.
long short_write_number(const ThreadSlot& s, Registers g) {
    if (g[REG_RAX] <= 0 || (uint64_t)g[REG_RAX] >= (uint64_t)g[REG_RDX])
        return -1;
    long nr = frame_matches(s, g) ? s.syscall : number_from_code(g);
    // Cut again while it made the rest of one that was cut before.
    if ((uint64_t)g[REG_RIP] == (uint64_t)&glckpt_finish_write + 2)
        nr = (long)reinterpret_cast<const WriteRest*>(g[REG_RSP])->nr;
    return nr == SYS_write || nr == SYS_sendto ? nr : -1;
}

void finish_write(long nr, Registers g) {
    auto* rest = reinterpret_cast<WriteRest*>(g[REG_RSP] - kRedZone - sizeof(WriteRest));
    *rest = {(uint64_t)g[REG_RAX], (uint64_t)g[REG_RIP], (uint64_t)g[REG_RSI], (uint64_t)g[REG_RDX],
             (uint64_t)nr};
    g[REG_RSI] += g[REG_RAX];
    g[REG_RDX] -= g[REG_RAX];
    g[REG_RAX] = nr;
    g[REG_RSP] = (greg_t)rest;
    g[REG_RIP] = (greg_t)&glckpt_finish_write;
}

} // namespace

void note_time_left(ThreadSlot& slot) {
    slot.time_left_ns = -1;
    if (t_deadline.syscall < 0)
        return;
    const uint64_t now = clock_ns(CLOCK_MONOTONIC);
    slot.time_left_ns = t_deadline.at_ns > now ? (int64_t)(t_deadline.at_ns - now) : 0;
}

void undo_interruption(ThreadSlot& slot, bool restarted) {
    Registers g = slot.frame->uc_mcontext.gregs;
    const auto rip = (uint64_t)g[REG_RIP];
    const bool after_syscall = (uint64_t)g[REG_RCX] == rip && is_syscall_insn(rip - 2);
    if (!after_syscall)
        return;
    if (const long nr = short_write_number(slot, g); nr >= 0) {
        finish_write(nr, g);
        return;
    }
    if (g[REG_RAX] != -EINTR)
        return;
    const long nr = interrupted_number(slot, g);
    if (must_not_repeat(nr) || own_signal_waits(*slot.frame))
        return;
    g[REG_RIP] -= 2;
    g[REG_RAX] = nr;
    if (slot.time_left_ns < 0 || nr != t_deadline.syscall)
        return;
    // Here the deadline stands. Restarted, the time the program was away is not counted, and
    // CLOCK_MONOTONIC may be another.
    const uint64_t now = clock_ns(CLOCK_MONOTONIC);
    if (restarted)
        t_deadline.at_ns = now + (uint64_t)slot.time_left_ns;
    shorten_timeout(nr, g, t_deadline.at_ns > now ? (int64_t)(t_deadline.at_ns - now) : 0);
}

} // namespace glckpt::ckpt
