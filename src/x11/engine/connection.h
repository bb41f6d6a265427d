// One connection of the app: a pure state machine, bytes in, bytes out.
//
// Bytes from either side come in queues; whole messages are taken off the front, noted, rewritten
// in place and passed on in runs as long as nothing has to be put between them. Neither threads
// nor descriptors are known here: src/x11/transport brings and fetches the bytes, and whoever calls
// holds the endpoint's lock.
#pragma once
#include "x11/engine/display.h"
#include "x11/engine/sequence.h"
#include "x11/wire/request.h"
#include <deque>
#include <functional>

namespace glckpt::x11 {

// Where bytes go. They are the callee's after the call.
class Sink {
  public:
    virtual void write(const uint8_t* p, size_t n) = 0;

  protected:
    ~Sink() = default;
};

// Is given the reply or the error, or nothing if the request had neither (known once the server
// has answered a later one).
using Answer = std::function<void(ByteSpan)>;

enum class Names : uint8_t { Virtual, Real }; // of a reply to a request of ours

class Connection {
  public:
    enum class State : uint8_t {
        ClientSetup, // the app's first message has not come yet
        ServerSetup, // the server's answer to it has not
        Running,
        Opaque, // refused, or not X11 as we know it: bytes pass as they are
    };

    Connection(Display& display, ConnectionId id, Sink& to_server, Sink& to_client)
        : display_(display), id_(id), to_server_(to_server), to_client_(to_client) {}

    ConnectionId id() const { return id_; }
    State state() const { return state_; }
    Display& display() { return display_; }

    void from_client(ByteQueue& in);
    // After from_client: `in` is the beginning of a request of which nothing but the head concerns
    // us. If at most `available` bytes of it are to come, its head goes out, `in` is empty, and the
    // caller sends as many bytes as this returns, as they are. 0: bring them all.
    size_t let_pass(ByteQueue& in, size_t available);
    void from_server(ByteQueue& in);
    // So much of what comes next from the server goes to the app as it is; and has gone there.
    size_t passing() const { return passing_; }
    void passed(size_t n) { passing_ -= n; }

    // A request of ours, in virtual names; its length field is filled in. Not answered to the app.
    void send(Bytes request, Answer answer = {}, Names reply_names = Names::Virtual);
    // The cheapest question there is: once it is answered, all before it has been executed.
    void send_sync(std::function<void()> done);

    // The name and data to send instead of the app's in its setup request: the app's are for the
    // server that it thinks it talks to.
    void set_authority(std::string name, Bytes data);
    // To another server, of a connection that is not set up yet: with the app's setup request, if
    // that has come.
    void set_up_again(std::string authority, Bytes data);
    uint32_t virtual_base() const { return virtual_base_; }
    uint32_t real_base() const { return real_base_; }

    // Attaching to another server: its setup request; then its answer.
    Bytes setup_request_for(const std::string& auth_name, const Bytes& auth_data) const;
    void attached(const Setup& real);
    // Of a server that was lost: what the app still waits for is asked again (of the one that
    // attached() was told), before it hears anything else.
    void ask_again();
    // The server is gone: nobody answers our own questions.
    void lost();
    // Whoever asked since then has given up waiting: what is still answered is told to nobody.
    uint64_t asked() const { return asked_; }
    void give_up_asking(uint64_t since);
    // While attaching, the app must not see what our own doings cause.
    void suppress_events(bool on) { suppress_events_ = on; }
    // Shows events, as the server sent them, to `watch` also while they are suppressed.
    void watch_events(std::function<void(ByteSpan)> watch) { watch_ = std::move(watch); }
    // To the app, as an event of the server's with virtual names in it.
    void post_event(ByteSpan event);

    bool big_requests = false;
    size_t max_request_bytes() const;
    SequenceMap& sequence() { return sequence_; }
    bool anything_awaited() const { return !pending_.empty() || passing_ != 0; }
    // Walks whose length did not fit; for tests.
    uint64_t mismatches = 0;

  private:
    friend class Tracking;

    struct Pending {
        enum class For : uint8_t { App, Us, Substitute } whom;
        uint64_t server_number;
        const ModuleInfo* module = nullptr;
        const RequestInfo* info = nullptr;
        VirtualAtom property{};
        Names names = Names::Virtual;
        Answer answer{};    // Us: the answer. App: looks at (and may change) the server's reply
        Bytes substitute{}; // Substitute: what the app gets instead
        Bytes request{};    // App: in virtual names, if it may have to be asked again
        uint64_t client_number = 0; // of one that is asked again
        uint64_t asked = 0;         // Us: the how-manieth
    };

    // Client side (connection_client.cpp).
    bool setup_request(ByteQueue& in);
    void request(uint8_t* wire, size_t size);
    Verdict follow(const Request& r);
    void forward(uint8_t* wire, size_t size, const Request& r, bool rewritten);
    void put_instead(const uint8_t* next);
    void substitute(const uint8_t* next);
    void flush_run();
    void free_released();
    void keep_countable();
    // Server side (connection_server.cpp).
    bool setup_reply(ByteQueue& in);
    bool message(ByteSpan m); // false: not for the app
    bool answer(ByteSpan m, uint64_t number);
    bool answer_to_app(ByteSpan m);
    void retire(uint64_t before);
    bool event(ByteSpan m);
    bool passes_unseen(uint16_t number);
    void flush_to_client(const uint8_t* begin, const uint8_t* end);

    Display& display_;
    ConnectionId id_;
    Sink& to_server_;
    Sink& to_client_;
    State state_ = State::ClientSetup;
    bool suppress_events_ = false;
    std::function<void(ByteSpan)> watch_;
    uint32_t virtual_base_ = 0, real_base_ = 0;
    std::string authority_name_;
    Bytes authority_data_;
    uint8_t setup_header_[12] = {};

    // Requests passed on as they lie in the queue, not yet written.
    const uint8_t *run_begin_ = nullptr, *run_end_ = nullptr;
    SequenceMap sequence_;
    size_t passing_ = 0;        // bytes still to come of a reply whose head the app already has
    uint64_t asked_ = 0;        // requests of our own so far
    uint64_t last_awaited_ = 0; // server number of the last request that has a reply
    std::deque<Pending> pending_;
    std::deque<Pending> unanswered_; // by a server that was lost
    // Set by a tracker, or for one, for the request at hand.
    bool followed_ = false; // it may have let go of something
    Answer look_at_reply_;
    Bytes substitute_;
};

} // namespace glckpt::x11
