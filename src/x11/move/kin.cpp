#include "x11/move/kin.h"
#include "gen/x11/protocol.h"
#include "x11/clock.h"
#include <cerrno>
#include <charconv>

namespace glckpt::x11 {
namespace {

using namespace proto::xproto;

constexpr size_t kReplyHead = 32;

std::string hex(uint32_t v) {
    char text[16];
    return {text, std::to_chars(text, text + sizeof text, v, 16).ptr};
}

// Takes the next word off the front.
std::string_view word(std::string_view& text, char end = ' ') {
    const std::string_view w = text.substr(0, text.find(end));
    text.remove_prefix(std::min(text.size(), w.size() + 1));
    return w;
}

uint32_t unhex(std::string_view w) {
    uint32_t v = 0;
    std::from_chars(w.data(), w.data() + w.size(), v, 16);
    return v;
}

} // namespace

// A line for each display: its name and the bases.
std::string tell_kin(Hub& hub) {
    std::string out;
    for (Site* s : hub.sites_in_use()) {
        std::string bases;
        for (const Connection* c : s->display->connections)
            if (c->state() == Connection::State::Running)
                bases += " " + hex(c->virtual_base());
        if (!bases.empty())
            out += s->actual.display_name() + bases + "\n";
    }
    return out;
}

void hear_kin(Hub& hub, const std::vector<std::pair<int, std::string>>& told) {
    for (Site& s : hub.sites)
        s.kin.clear();
    for (const auto& [pid, text] : told)
        for (std::string_view lines = text; !lines.empty();) {
            std::string_view line = word(lines, '\n');
            const std::string_view name = word(line);
            for (Site* s : hub.sites_in_use()) {
                if (s->actual.display_name() != name)
                    continue;
                Kin& kin = s->kin.emplace_back(Kin{pid, {}});
                while (!line.empty())
                    kin.bases.push_back(unhex(word(line)));
            }
        }
}

Status Meeting::open(const Address& address, const Bytes& setup_request, const std::string& tree,
                     std::vector<Kin> kin, uint64_t deadline_ns) {
    deadline_ = deadline_ns;
    if (Status s = connection_.open(address, deadline_ns); !s)
        return s;
    if (Status s = connection_.set_up(setup_request, deadline_ns); !s)
        return s;
    std::string_view id = tree;
    const std::string name = "_GLCKPT_TREE_" + std::string(word(id, '.'));
    which_ = unhex(id);
    using Q = InternAtom;
    const Bytes m = connection_.ask(
        Build::core<Q>().u16(Q::name_len, (uint16_t)name.size()).more(name), deadline_ns);
    if (m.size() < kReplyHead)
        return Status::refused("display " + address.display_name() + " does not answer");
    atom_ = load32(&m[Q::Reply::atom]);
    root_ = connection_.setup->screens.front().root;
    kin_ = std::move(kin);
    return {};
}

// Which meeting, pid, stage, number of pairs, the pairs: appended in one request, so records do not
// mix.
void Meeting::say(Stage stage, const IdSpace::Bases& own) {
    using Q = ChangeProperty;
    constexpr uint8_t kAppend = 2;
    constexpr uint32_t kCardinal = 6;
    Build b = Build::core<Q>(kAppend);
    b.u32(Q::window, root_).u32(Q::property, atom_).u32(Q::type, kCardinal).u8(Q::format, 32);
    b.u32(Q::data_len, (uint32_t)(4 + 2 * own.size()));
    b.more32(which_)
        .more32((uint32_t)raw_syscall(SYS_getpid))
        .more32((uint32_t)stage)
        .more32((uint32_t)own.size());
    for (const auto& [v, r] : own)
        b.more32(v).more32(r);
    connection_.tell(b, deadline_);
}

bool Meeting::all_have(Stage stage) {
    using Q = GetProperty;
    constexpr uint32_t kAll = 0x1fffffff;
    const Bytes m = connection_.ask(
        Build::core<Q>().u32(Q::window, root_).u32(Q::property, atom_).u32(Q::long_length, kAll),
        deadline_);
    std::set<int> there;
    bases_.clear();
    constexpr size_t kRecord = 16, kPair = 8;
    for (size_t at = kReplyHead; at + kRecord <= m.size();) {
        const bool here = load32(&m[at]) == which_;
        const int pid = (int)load32(&m[at + 4]);
        const uint32_t said = load32(&m[at + 8]), n = load32(&m[at + 12]);
        at += kRecord;
        const bool is_kin =
            here && std::ranges::any_of(kin_, [&](const Kin& k) { return k.pid == pid; });
        refused_ |= is_kin && said == (uint32_t)Stage::Refused;
        if (is_kin && (said >= (uint32_t)stage || said == (uint32_t)Stage::Refused))
            there.insert(pid);
        for (uint32_t i = 0; i < n && at + kPair <= m.size(); ++i, at += kPair)
            if (is_kin)
                bases_.emplace_back(load32(&m[at]), load32(&m[at + 4]));
    }
    return std::ranges::all_of(kin_, [&](const Kin& k) { return there.contains(k.pid); });
}

Status Meeting::check_alive() const {
    for (const Kin& k : kin_)
        if (raw_syscall(SYS_kill, k.pid, 0) == -ESRCH)
            return Status::refused("process " + std::to_string(k.pid) +
                                   " of the program has ended on its way to the display");
    return {};
}

Status Meeting::arrive(Stage stage, const IdSpace::Bases& own) {
    if (!in_use())
        return {};
    say(stage, own);
    for (;;) {
        const bool all = all_have(stage);
        if (refused_) {
            leave();
            return Status::refused("another process of the program cannot be moved there");
        }
        if (all)
            return {};
        if (Status s = check_alive(); !s)
            return s;
        if (monotonic_ns() > deadline_)
            return Status::timed_out(
                "the other processes of the program do not come to the display");
        const timespec pause{0, 2'000'000};
        raw_syscall(SYS_nanosleep, &pause, nullptr);
    }
}

void Meeting::leave(Stage last) {
    if (!in_use())
        return;
    say(last, {});
    using Q = DeleteProperty;
    if (all_have(Stage::Done))
        connection_.tell(Build::core<Q>().u32(Q::window, root_).u32(Q::property, atom_), deadline_);
    using F = GetInputFocus;
    connection_.ask(Build::core<F>(), deadline_); // executed before the connection closes
    kin_.clear();
}

void note_inheritance(Hub& hub) {
    for (Site& s : hub.sites) {
        const auto known = std::ranges::find_if(
            hub.inherited, [&](const Inheritance& i) { return i.asked.same_display(s.asked); });
        Inheritance& i = known == hub.inherited.end() ? hub.inherited.emplace_back() : *known;
        i.asked = s.asked;
        i.actual = s.actual;
        if (s.in_use())
            i.clients = s.display->names.ids.all_clients();
    }
}

std::string inheritance_text(const Hub& hub) {
    std::string out;
    for (const Inheritance& i : hub.inherited) {
        out += (out.empty() ? "" : ";") + i.asked.display_name() + " " + i.actual.display_name();
        for (const auto& [v, r] : i.clients)
            out += " " + hex(v) + "-" + hex(r);
    }
    return out;
}

void inherit(Hub& hub, std::string_view text) {
    while (!text.empty()) {
        std::string_view item = word(text, ';');
        const auto asked = parse_display_name(word(item)), actual = parse_display_name(word(item));
        if (!asked || !actual)
            continue;
        Inheritance& i = hub.inherited.emplace_back(Inheritance{*asked, *actual, {}});
        while (!item.empty()) {
            std::string_view pair = word(item);
            const uint32_t v = unhex(word(pair, '-'));
            i.clients.emplace_back(v, unhex(pair));
        }
    }
}

} // namespace glckpt::x11
