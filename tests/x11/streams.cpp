// x11_streams FILE...: what real programs and a real server said to each other (x11_record), once
// more through the endpoint's state machine and its translation:
//   - with names that are the same on both sides every message stays as it is, byte by byte, and
//     every walker ends exactly at the end of its message;
//   - renumbered at random and back again, every message is what it was;
//   - damaged at random, nothing is read or written that is not the message's (run it under
//     AddressSanitizer), and nothing hangs.
#include "gen/x11/protocol.h"
#include "messages.h"
#include "x11/engine/translate.h"
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <iterator>
#include <random>

namespace glckpt::x11 {
namespace {

using namespace proto::xproto;

int g_failures = 0;
void fail(const std::string& file, const std::string& what) {
    if (++g_failures < 20)
        fprintf(stderr, "%s: %s\n", file.c_str(), what.c_str());
}

struct Piece {
    bool from_server;
    Bytes bytes;
};

std::vector<Piece> read_recording(const char* path) {
    std::ifstream in(path, std::ios::binary);
    const std::string all((std::istreambuf_iterator<char>(in)), {});
    std::vector<Piece> out;
    for (size_t at = 0; at + 5 <= all.size();) {
        const uint32_t n = load32((const uint8_t*)&all[at + 1]);
        if (at + 5 + n > all.size())
            break;
        out.push_back(
            {all[at] != 0, Bytes(all.begin() + (long)at + 5, all.begin() + (long)at + 5 + n)});
        at += 5 + n;
    }
    return out;
}

struct Endpoint {
    Display display;
    test::Collect to_server, to_client;
    Connection connection{display, 1, to_server, to_client};
    ByteQueue client, server;
    Endpoint() { display.connections.push_back(&connection); }
    void feed(bool from_server, ConstByteSpan b) {
        ByteQueue& q = from_server ? server : client;
        q.append(b.data(), b.size());
        from_server ? connection.from_server(q) : connection.from_client(q);
    }
};

// Cuts both directions into messages and knows which reply answers which request.
class Splitter {
  public:
    // What the program was told.
    std::map<const ModuleInfo*, ExtensionCodes> codes;
    std::map<uint32_t, std::string> atoms;

    template <class OnRequest, class OnReply, class OnOther>
    void run(const std::vector<Piece>& recording, OnRequest on_request, OnReply on_reply,
             OnOther on_other) {
        for (const Piece& p : recording) {
            Bytes& q = queue_[p.from_server];
            q.insert(q.end(), p.bytes.begin(), p.bytes.end());
            size_t at = 0, n;
            while ((n = next(p.from_server, &q[at], q.size() - at)) != 0) {
                const Bytes m(q.begin() + (long)at, q.begin() + (long)(at + n));
                at += n;
                if (setup_[p.from_server]) {
                    setup_[p.from_server] = false;
                } else if (!p.from_server) {
                    request(m, on_request);
                } else {
                    message(m, on_reply, on_other);
                }
                if (at == q.size())
                    break;
            }
            q.erase(q.begin(), q.begin() + (long)at);
        }
    }

  private:
    struct Asked {
        uint16_t number;
        const ModuleInfo* module;
        const RequestInfo* info;
        VirtualAtom property;
        const ModuleInfo* extension; // QueryExtension's
        std::string atom;            // InternAtom's
    };
    size_t next(bool from_server, const uint8_t* p, size_t have) const {
        size_t n;
        if (setup_[from_server]) {
            if (have < 12)
                return 0;
            n = from_server ? 8 + 4 * (size_t)load16(p + 6)
                            : 12 + padded(load16(p + 6)) + padded(load16(p + 8));
        } else if (from_server) {
            if (have < 32)
                return 0;
            n = p[0] == 1 || (p[0] & 0x7f) == 35 ? 32 + 4 * (size_t)load32(p + 4) : 32;
        } else {
            if (have < 4 || (load16(p + 2) == 0 && have < 8))
                return 0;
            n = load16(p + 2) ? 4 * (size_t)load16(p + 2) : 4 * (size_t)load32(p + 4);
        }
        return n <= have ? n : 0;
    }
    template <class OnRequest>
    void request(Bytes m, OnRequest on_request) {
        ++number_;
        if (load16(&m[2]) == 0) // a long one: as the endpoint looks at it
            m.erase(m.begin() + 4, m.begin() + 8);
        const ModuleInfo* module = m[0] < 128 ? &core_module() : majors_[m[0]];
        const RequestInfo* info =
            module ? find_request(*module, m[0] < 128 ? m[0] : m[1]) : nullptr;
        if (!info)
            return;
        const ModuleInfo* extension = nullptr;
        if (module == &core_module() && m[0] == QueryExtension::kOpcode)
            extension = find_module(
                {(const char*)&m[QueryExtension::name], load16(&m[QueryExtension::name_len])});
        VirtualAtom property;
        if (module == &core_module() && m[0] == GetProperty::kOpcode)
            property = VirtualAtom{load32(&m[GetProperty::property])};
        std::string atom;
        if (module == &core_module() && m[0] == InternAtom::kOpcode)
            atom.assign((const char*)&m[InternAtom::name], load16(&m[InternAtom::name_len]));
        if (info->reply)
            asked_.push_back({number_, module, info, property, extension, atom});
        on_request(*module, *info, m);
    }
    template <class OnReply, class OnOther>
    void message(const Bytes& m, OnReply on_reply, OnOther on_other) {
        while (!asked_.empty() && (int16_t)(load16(&m[2]) - asked_.front().number) > 0 && m[0] <= 1)
            asked_.pop_front();
        if (m[0] != 1) {
            on_other(m);
            return;
        }
        if (asked_.empty() || asked_.front().number != load16(&m[2]))
            return;
        const Asked a = asked_.front();
        if (a.extension && m[8]) {
            majors_[m[9]] = a.extension;
            codes[a.extension] = {m[9], m[10], m[11]};
        }
        if (!a.atom.empty() && a.info == &core_module().requests[InternAtom::kOpcode])
            atoms[load32(&m[InternAtom::Reply::atom])] = a.atom;
        on_reply(*a.module, *a.info, m, a.property);
    }
    Bytes queue_[2];
    bool setup_[2] = {true, true};
    uint16_t number_ = 0;
    std::deque<Asked> asked_;
    std::map<uint8_t, const ModuleInfo*> majors_;
};

// Tables that the program's names are in, and, but for the identity, others at random.
void renumber(Display& d, const Splitter& seen, std::mt19937* rng) {
    d.names.moved = true;
    for (const auto& [number, name] : seen.atoms)
        d.names.atoms.learn(VirtualAtom{number}, name);
    for (const auto& [module, codes] : seen.codes)
        d.extensions.add(*module, codes);
    if (!rng)
        return;
    test::renumber_at_random(d, *rng);
    uint8_t major = 255, event = 127, error = 255;
    for (Extension& e : d.extensions.all()) {
        event = (uint8_t)(event - std::max<uint8_t>(1, e.module->event_count));
        error = (uint8_t)(error - std::max<uint8_t>(1, e.module->error_count));
        e.real = {major--, (uint8_t)(event + 1), (uint8_t)(error + 1)};
    }
    d.extensions.reindex();
}

// Every message by `there` alone must stay as it is with the identity (no rng), and there and back
// with any tables.
void translate(const char* file, const std::vector<Piece>& recording, std::mt19937* rng) {
    const auto ignore = [](auto&&...) {};
    Splitter seen;
    seen.run(recording, ignore, ignore, ignore);
    Display d;
    renumber(d, seen, rng);
    for (const auto& [module, codes] : seen.codes)
        if (d.extensions.find(*module)->virtual_.major != codes.major)
            fail(file, std::string(module->xname) + " is called otherwise from the beginning");
    const auto check = [&](const Bytes& before, const Bytes& after, const char* name) {
        if (before != after)
            fail(file, std::string(name) + ": not what it was");
    };
    Splitter().run(
        recording,
        [&](const ModuleInfo& module, const RequestInfo& info, const Bytes& before) {
            Bytes m = before;
            if (!Translator(d, Direction::ToReal).request(module, info, m))
                fail(file, std::string(info.name) + ": of another length than walked");
            if (rng)
                Translator(d, Direction::ToVirtual).request(module, info, m);
            check(before, m, info.name);
        },
        [&](const ModuleInfo& module, const RequestInfo& info, const Bytes& before,
            VirtualAtom property) {
            Bytes m = before;
            const auto first = rng ? Direction::ToReal : Direction::ToVirtual;
            const bool exact = Translator(d, first).reply(module, info, m, property);
            if (rng)
                Translator(d, Direction::ToVirtual).reply(module, info, m, property);
            if (!exact && m.size() > 32)
                fail(file, std::string(info.name) + "'s reply: of another length than walked");
            check(before, m, info.name);
        },
        [&](const Bytes& before) {
            if (before[0] == 0)
                return; // errors are translated one way only
            Bytes m = before;
            Translator(d, Direction::ToReal).any_event(m);
            if (rng)
                Translator(d, Direction::ToVirtual).any_event(m);
            check(before, m, "an event");
        });
}

void damaged(const std::vector<Piece>& recording, std::mt19937& rng) {
    Endpoint e;
    if (rng() % 2)
        test::renumber_at_random(e.display, rng);
    size_t pieces = 0;
    for (const Piece& p : recording) {
        Bytes b = p.bytes;
        if (++pieces > 2 && rng() % 3 == 0)
            for (unsigned i = rng() % 8; i > 0 && !b.empty(); --i)
                b[rng() % b.size()] = (uint8_t)rng();
        if (pieces > 2 && rng() % 50 == 0)
            b.resize(rng() % (b.size() + 1));
        for (size_t at = 0; at < b.size();) {
            const size_t n = std::min<size_t>(b.size() - at, 1 + rng() % 5000);
            e.feed(p.from_server, ConstByteSpan(b).subspan(at, n));
            at += n;
        }
        e.to_server.take();
        e.to_client.take();
    }
}

} // namespace
} // namespace glckpt::x11

int main(int argc, char** argv) {
    using namespace glckpt::x11;
    std::mt19937 rng(5);
    size_t bytes = 0;
    for (int i = 1; i < argc; ++i) {
        const auto recording = read_recording(argv[i]);
        for (const Piece& p : recording)
            bytes += p.bytes.size();
        translate(argv[i], recording, nullptr);
        for (int round = 0; round < 3; ++round)
            translate(argv[i], recording, &rng);
        for (int round = 0; round < 20; ++round)
            damaged(recording, rng);
    }
    // The long form (scripts/fuzz BUILD SECONDS x11): damage of other kinds each time.
    unsigned long rounds = 0;
    if (const char* seconds = getenv("X11_STREAMS_SECONDS")) {
        const unsigned seed = std::random_device{}();
        fprintf(stderr, "seed %u\n", seed); // of what goes wrong below
        rng.seed(seed);
        const time_t end = time(nullptr) + atol(seconds);
        std::vector<std::vector<Piece>> all;
        for (int i = 1; i < argc; ++i)
            all.push_back(read_recording(argv[i]));
        for (; !all.empty() && time(nullptr) < end; ++rounds)
            damaged(all[rng() % all.size()], rng);
        printf("%lu more rounds of damage\n", rounds);
    }
    printf("%d recordings, %zu bytes: %d failures\n", argc - 1, bytes, g_failures);
    return g_failures != 0 || argc < 2;
}
