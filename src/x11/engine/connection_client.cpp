// From the app to the server.
#include "gen/x11/protocol.h"
#include "x11/engine/connection.h"
#include "x11/engine/translate.h"
#include "x11/track/tracking.h"

namespace glckpt::x11 {
namespace {

using namespace proto::xproto;

constexpr size_t kSetupHeader = 12;
constexpr size_t kBigHeader = 8;
// Short of 2^16 by enough that what we inject ourselves does not matter (SequenceMap::widen).
constexpr uint64_t kUncountable = 30000;

const ModuleInfo* module_of(Display& d, uint8_t major) {
    if (major < kFirstExtensionMajor)
        return &core_module();
    const Extension* e = d.extensions.by_virtual_major(major);
    return e ? e->module : nullptr;
}

// Beyond asking for its version: a server without it will not do.
void note_use(Display& d, uint8_t major, uint8_t minor) {
    if (major >= kFirstExtensionMajor && minor != 0)
        if (Extension* e = d.extensions.by_virtual_major(major))
            e->used = true;
}

} // namespace

void Connection::from_client(ByteQueue& in) {
    if (state_ == State::Opaque) {
        to_server_.write(in.data(), in.size());
        in.consume(in.size());
        return;
    }
    if (state_ == State::ClientSetup && !setup_request(in))
        return;
    if (state_ != State::Running)
        return;
    run_begin_ = run_end_ = in.data();
    size_t left = in.size();
    while (left >= 4) {
        uint8_t* wire = const_cast<uint8_t*>(run_end_);
        size_t size = 4 * (size_t)load16(wire + 2);
        if (size == 0) { // BIG-REQUESTS: the length follows
            if (left < kBigHeader)
                break;
            size = std::max(4 * (size_t)load32(wire + 4), kBigHeader);
        }
        if (left < size)
            break;
        request(wire, size);
        run_end_ = wire + size;
        left -= size;
        if (followed_ && display_.resources.any_lingering())
            free_released();
        followed_ = false;
        keep_countable();
    }
    flush_run();
    const size_t done = in.size() - left;
    run_begin_ = run_end_ = nullptr;
    in.consume(done);
}

// What lies between the run's begin and end goes out; the run begins anew at its end.
void Connection::flush_run() {
    if (run_end_ != run_begin_)
        to_server_.write(run_begin_, (size_t)(run_end_ - run_begin_));
    run_begin_ = run_end_;
}

bool Connection::setup_request(ByteQueue& in) {
    if (in.size() < kSetupHeader)
        return false;
    const uint8_t* p = in.data();
    if (p[0] != 'l') { // another byte order than this machine's, or not X11 at all
        state_ = State::Opaque;
        display_.vetoes.insert("a connection that speaks X11 in another byte order, or not at all");
        from_client(in);
        return false;
    }
    const size_t size = kSetupHeader + padded(load16(p + 6)) + padded(load16(p + 8));
    if (in.size() < size)
        return false;
    memcpy(setup_header_, p, kSetupHeader);
    if (authority_name_.empty()) {
        to_server_.write(p, size);
    } else {
        const Bytes other = setup_request_for(authority_name_, authority_data_);
        to_server_.write(other.data(), other.size());
    }
    in.consume(size);
    state_ = State::ServerSetup;
    return true;
}

Bytes Connection::setup_request_for(const std::string& name, const Bytes& data) const {
    Bytes out(setup_header_, setup_header_ + kSetupHeader);
    store16(&out[6], (uint16_t)name.size());
    store16(&out[8], (uint16_t)data.size());
    out.insert(out.end(), name.begin(), name.end());
    out.resize(padded(out.size()));
    out.insert(out.end(), data.begin(), data.end());
    out.resize(padded(out.size()));
    return out;
}

void Connection::set_authority(std::string name, Bytes data) {
    authority_name_ = std::move(name);
    authority_data_ = std::move(data);
}

void Connection::set_up_again(std::string name, Bytes data) {
    if (state_ == State::ServerSetup) {
        const Bytes request = setup_request_for(name, data);
        to_server_.write(request.data(), request.size());
    }
    set_authority(std::move(name), std::move(data));
}

// `wire` is the request as the app wrote it. A big one is looked at from its fifth byte on, with
// the first four copied there: so everything below sees the ordinary layout.
void Connection::request(uint8_t* wire, size_t size) {
    const ModuleInfo* module = module_of(display_, wire[0]);
    const uint8_t opcode = wire[0] < kFirstExtensionMajor ? wire[0] : wire[1];
    const RequestInfo* info = module ? find_request(*module, opcode) : nullptr;

    if (!info) { // the server will most likely refuse it, but we cannot know
        display_.vetoes.insert("request " + std::to_string(wire[0]) + "." +
                               std::to_string(wire[1]) + " of an extension unknown to glckpt");
        sequence_.forwarded();
        return;
    }
    note_use(display_, wire[0], wire[1]);
    if (info->effect == Effect::Plain && !info->reply && !display_.names.moved &&
        !display_.journal.on) {
        sequence_.forwarded();
        return;
    }
    const bool big = load16(wire + 2) == 0;
    uint32_t big_length = 0;
    ByteSpan view{wire, size};
    if (big) {
        big_length = load32(wire + 4);
        memcpy(wire + 4, wire, 4);
        view = view.subspan(4);
    }
    const Request r{module, info, view};
    const Verdict verdict = follow(r);
    if (verdict == Verdict::Withhold)
        return put_instead(wire + size);
    if (verdict == Verdict::Answer)
        return substitute(wire + size);
    Bytes again;
    if (display_.journal.on) {
        if (info->reply)
            again = r.copy();
        else
            display_.journal.note(id_, r);
    }
    if (display_.names.moved)
        mismatches += !Translator(display_, Direction::ToReal).request(*module, *info, view);
    if (big) {
        wire[0] = view[0];
        wire[1] = view[1];
        store16(wire + 2, 0);
        store32(wire + 4, big_length);
    }
    sequence_.forwarded();
    if (info->reply) {
        Pending p{Pending::For::App, sequence_.server(), module, info};
        if (module == &core_module() && opcode == GetProperty::kOpcode)
            p.property = r.atom(GetProperty::property);
        p.request = std::move(again);
        p.answer = std::move(look_at_reply_);
        look_at_reply_ = {};
        pending_.push_back(std::move(p));
        last_awaited_ = sequence_.server();
    }
}

size_t Connection::let_pass(ByteQueue& in, size_t available) {
    constexpr size_t kHead = 32; // more than the fixed part of a PutImage, long form included
    if (state_ != State::Running || in.size() < kHead || display_.journal.on)
        return 0;
    uint8_t* wire = in.data();
    const bool big = load16(wire + 2) == 0;
    const size_t size = 4 * (big ? (size_t)load32(wire + 4) : (size_t)load16(wire + 2));
    if (size <= in.size() || size - in.size() > available)
        return 0;
    const ModuleInfo* module = module_of(display_, wire[0]);
    const RequestInfo* info =
        module ? find_request(*module, wire[0] < kFirstExtensionMajor ? wire[0] : wire[1])
               : nullptr;
    if (!info || info->effect != Effect::Plain || info->reply)
        return 0;
    if (display_.names.moved) {
        if (info != &core_module().requests[PutImage::kOpcode])
            return 0;
        Translator t(display_, Direction::ToReal);
        uint8_t* request = big ? wire + 4 : wire; // as in request()
        t.xid(request + PutImage::drawable);
        t.xid(request + PutImage::gc);
    }
    note_use(display_, wire[0], wire[1]);
    const size_t rest = size - in.size();
    to_server_.write(wire, in.size());
    in.clear();
    sequence_.forwarded();
    return rest;
}

// Notes what the request does.
Verdict Connection::follow(const Request& r) {
    if (r.bytes.size() < r.info->fixed)
        return Verdict::Forward; // the server will refuse it for its length
    followed_ = true;
    switch (r.info->effect) {
    case Effect::Tracked:
    case Effect::Answered: {
        Tracking t(*this);
        return r.info->track(t, r);
    }
    case Effect::Kept:
        display_.kept.keep_by_key(id_, r);
        break;
    case Effect::Vetoed:
        display_.vetoes.insert(std::string("request ") + r.info->name + " of extension " +
                               r.module->xname);
        break;
    case Effect::Unknown:
    case Effect::Plain:
        break;
    }
    return Verdict::Forward;
}

// The run so far goes out, then a NoOperation instead of the request that ends at `next`.
void Connection::put_instead(const uint8_t* next) {
    flush_run();
    const uint8_t no_operation[4] = {NoOperation::kOpcode, 0, 1, 0};
    to_server_.write(no_operation, sizeof no_operation);
    run_begin_ = next;
    sequence_.forwarded();
}

// The server is asked GetInputFocus, and its reply exchanged for ours when it comes: so ours takes
// its place in the order of replies without our doing.
void Connection::substitute(const uint8_t* next) {
    flush_run();
    const uint8_t ask[4] = {GetInputFocus::kOpcode, 0, 1, 0};
    to_server_.write(ask, sizeof ask);
    run_begin_ = next;
    sequence_.forwarded();
    Pending p{Pending::For::Substitute, sequence_.server()};
    p.substitute = std::move(substitute_);
    substitute_.clear();
    pending_.push_back(std::move(p));
    last_awaited_ = sequence_.server();
}

void Connection::send(Bytes r, Answer answer, Names reply_names) {
    flush_run();
    const ModuleInfo* module = module_of(display_, r[0]);
    const RequestInfo* info =
        module ? find_request(*module, r[0] < kFirstExtensionMajor ? r[0] : r[1]) : nullptr;
    r.resize(padded(r.size()));
    store16(&r[2], (uint16_t)(r.size() / 4));
    if (info && display_.names.moved)
        mismatches += !Translator(display_, Direction::ToReal).request(*module, *info, r);
    to_server_.write(r.data(), r.size());
    sequence_.injected();
    Pending p{Pending::For::Us, sequence_.server(), module, info};
    p.names = reply_names;
    if (module == &core_module() && r[0] == GetProperty::kOpcode)
        p.property = display_.names.atoms.to_virtual(RealAtom{load32(&r[GetProperty::property])});
    p.answer = std::move(answer);
    p.asked = ++asked_;
    pending_.push_back(std::move(p));
    if (info && info->reply)
        last_awaited_ = sequence_.server();
    keep_countable();
}

void Connection::ask_again() {
    for (Pending& p : unanswered_) {
        Bytes request = p.whom == Pending::For::App ? std::move(p.request)
                                                    : Bytes(Build::core<GetInputFocus>());
        p.request = request;
        store16(&request[2], (uint16_t)(request.size() / 4));
        if (p.whom == Pending::For::App && display_.names.moved)
            mismatches +=
                !Translator(display_, Direction::ToReal).request(*p.module, *p.info, request);
        to_server_.write(request.data(), request.size());
        sequence_.repeated(p.client_number);
        p.server_number = last_awaited_ = sequence_.server();
        pending_.push_back(std::move(p));
    }
    unanswered_.clear();
}

void Connection::send_sync(std::function<void()> done) {
    send(Build::core<GetInputFocus>(), [done = std::move(done)](ByteSpan) { done(); });
}

// Pixmaps whose Free was withheld and that nothing refers to any more.
void Connection::free_released() {
    for (VirtualXid id : display_.resources.take_released())
        send(Build::core<FreePixmap>().xid(FreePixmap::pixmap, id));
}

// Message numbers are 16 bits wide: without an answer now and then, we would lose count.
void Connection::keep_countable() {
    if (sequence_.server() - last_awaited_ > kUncountable)
        send(Build::core<GetInputFocus>());
}

size_t Connection::max_request_bytes() const {
    const uint16_t units = display_.real_setup ? display_.real_setup->max_request_units : 65535;
    return 4 * (size_t)units;
}

} // namespace glckpt::x11
