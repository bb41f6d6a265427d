// From the server to the app.
#include "gen/x11/protocol.h"
#include "x11/engine/connection.h"
#include "x11/engine/translate.h"
#include "x11/track/events.h"

namespace glckpt::x11 {
namespace {

using namespace proto::xproto;

constexpr size_t kMessage = 32;
constexpr uint8_t kError = 0, kReply = 1, kGenericEvent = 35;

size_t message_size(const uint8_t* p) {
    const uint8_t type = p[0] & 0x7f;
    return type == kReply || type == kGenericEvent ? kMessage + 4 * (size_t)load32(p + 4)
                                                   : kMessage;
}

} // namespace

void Connection::from_server(ByteQueue& in) {
    if (state_ == State::ServerSetup && !setup_reply(in))
        return;
    if (state_ != State::Running) {
        to_client_.write(in.data(), in.size());
        in.consume(in.size());
        return;
    }
    const uint8_t* run = in.data();
    uint8_t* at = in.data();
    size_t left = in.size();
    if (passing_) {
        const size_t now = std::min(passing_, left);
        passing_ -= now;
        at += now;
        left -= now;
    }
    while (left >= kMessage) {
        size_t size = message_size(at);
        if (left < size) {
            if (at[0] != kReply || !passes_unseen(load16(at + 2)))
                break;
            // The head is rewritten, the rest follows as it comes.
            message({at, kMessage});
            passing_ = size - left;
            at += left;
            left = 0;
            break;
        }
        if (!message({at, size})) {
            flush_to_client(run, at);
            run = at + size;
        }
        if (!substitute_.empty()) { // in the place of the message just withheld
            to_client_.write(substitute_.data(), substitute_.size());
            substitute_.clear();
        }
        at += size;
        left -= size;
    }
    flush_to_client(run, at);
    in.consume(in.size() - left);
}

// A long reply to the app of which only the head matters need not be complete to be passed on.
bool Connection::passes_unseen(uint16_t number) {
    retire(sequence_.widen(number));
    if (pending_.empty() || (uint16_t)pending_.front().server_number != number)
        return false;
    const Pending& p = pending_.front();
    const RequestInfo& get_image = core_module().requests[GetImage::kOpcode];
    return p.whom == Pending::For::App && !p.answer &&
           (p.info == &get_image || !display_.names.moved);
}

void Connection::flush_to_client(const uint8_t* begin, const uint8_t* end) {
    if (begin != end)
        to_client_.write(begin, (size_t)(end - begin));
}

bool Connection::setup_reply(ByteQueue& in) {
    if (in.size() < 8 || in.size() < setup_reply_size(in.data()))
        return false;
    const size_t size = setup_reply_size(in.data());
    const ByteSpan reply = in.span().first(size);
    const std::optional<Setup> setup = parse_setup(reply);
    if (!setup) { // refused: the reason is the app's to read
        state_ = State::Opaque;
        return true;
    }
    real_base_ = virtual_base_ = setup->base;
    if (!display_.virtual_setup) {
        display_.virtual_setup = display_.real_setup = setup;
        display_.virtual_setup_reply.assign(reply.begin(), reply.end());
        display_.names.ids.set_mask(setup->mask);
        if (!display_.known_clients.empty()) {
            display_.names.ids.set_clients({}, std::move(display_.known_clients));
            display_.names.moved = true;
            virtual_base_ = display_.names.ids.add_client(setup->base);
            rewrite_setup_base(reply, virtual_base_);
        }
        to_client_.write(reply.data(), reply.size());
    } else {
        virtual_base_ = display_.names.ids.add_client(setup->base);
        Bytes shown = display_.virtual_setup_reply;
        rewrite_setup_base(shown, virtual_base_);
        to_client_.write(shown.data(), shown.size());
    }
    in.consume(size);
    state_ = State::Running;
    return true;
}

bool Connection::message(ByteSpan m) {
    const uint8_t type = m[0] & 0x7f;
    if (type == ev::KeymapNotify::kNumber) // the one message without a number
        return !suppress_events_;
    const uint64_t number = sequence_.widen(load16(&m[2]));
    retire(number);
    const bool wanted = m[0] == kError || m[0] == kReply ? answer(m, number) : event(m);
    if (wanted)
        store16(&m[2], (uint16_t)sequence_.to_client(number));
    return wanted;
}

// Requests before `before` will not be answered any more.
void Connection::retire(uint64_t before) {
    while (!pending_.empty() && pending_.front().server_number < before) {
        const Pending done = std::move(pending_.front());
        pending_.pop_front();
        if (done.whom == Pending::For::Us && done.answer)
            done.answer({});
    }
}

bool Connection::answer(ByteSpan m, uint64_t number) {
    if (pending_.empty() || pending_.front().server_number != number) {
        if (display_.names.moved && m[0] == kError)
            Translator(display_, Direction::ToVirtual).error(m);
        return true; // an error of a request that has no reply
    }
    if (pending_.front().whom == Pending::For::App)
        return answer_to_app(m);
    Pending p = std::move(pending_.front());
    pending_.pop_front();
    if (p.whom == Pending::For::Substitute) {
        substitute_ = std::move(p.substitute);
        if (!substitute_.empty())
            store16(&substitute_[2], (uint16_t)sequence_.to_client(number));
    } else if (p.answer) {
        if (m[0] == kReply && display_.names.moved && p.names == Names::Virtual && p.info)
            mismatches += !Translator(display_, Direction::ToVirtual)
                               .reply(*p.module, *p.info, m, p.property);
        p.answer(m);
    }
    return false;
}

bool Connection::answer_to_app(ByteSpan m) {
    Pending& p = pending_.front();
    Translator t(display_, Direction::ToVirtual);
    if (m[0] == kError) {
        if (display_.names.moved)
            t.error(m);
    } else {
        if (p.answer)
            p.answer(m);
        if (display_.names.moved)
            mismatches += !t.reply(*p.module, *p.info, m, p.property) && m.size() > kMessage;
        // One request, many replies; the last has no name.
        if (p.info == &core_module().requests[ListFontsWithInfo::kOpcode] && m[1] != 0)
            return true;
    }
    pending_.pop_front();
    return true;
}

bool Connection::event(ByteSpan m) {
    if (watch_)
        watch_(m);
    if (suppress_events_)
        return false;
    // Also before any move: it learns how far the server's clock is.
    Translator(display_, Direction::ToVirtual).any_event(m);
    return note_event(display_, id_, m);
}

void Connection::post_event(ByteSpan e) {
    store16(&e[2], (uint16_t)sequence_.client());
    to_client_.write(e.data(), e.size());
}

void Connection::attached(const Setup& real) {
    real_base_ = real.base;
    for (Pending& p : pending_) {
        p.client_number = sequence_.to_client(p.server_number);
        if (p.whom == Pending::For::Substitute || !p.request.empty())
            unanswered_.push_back(std::move(p));
    }
    pending_.clear();
    // The app has the head of a reply whose rest will not come.
    for (const Bytes nothing(4096); passing_ > 0;) {
        const size_t n = std::min(passing_, nothing.size());
        to_client_.write(nothing.data(), n);
        passing_ -= n;
    }
    sequence_.new_server();
    last_awaited_ = 0;
}

void Connection::give_up_asking(uint64_t since) {
    for (Pending& p : pending_)
        if (p.whom == Pending::For::Us && p.asked > since)
            p.answer = {};
}

void Connection::lost() {
    std::vector<Answer> to_tell;
    for (Pending& p : pending_)
        if (p.whom == Pending::For::Us && p.answer)
            to_tell.push_back(std::move(p.answer));
    std::erase_if(pending_, [](const Pending& p) { return p.whom == Pending::For::Us; });
    for (const Answer& a : to_tell)
        a({});
}

} // namespace glckpt::x11
