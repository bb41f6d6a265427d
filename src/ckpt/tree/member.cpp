#include "ckpt/tree/member.h"
#include "base/own_fds.h"
#include "ckpt/image/archive.h"
#include "ckpt/snapshot.h"
#include "ckpt/text.h"
#include "ckpt/tree/discover.h"
#include "ckpt/tree/wire.h"
#include <csignal>
#include <sys/socket.h>

namespace glckpt::ckpt {
namespace {

constexpr uint64_t kSecond = 1'000'000'000;
constexpr uint64_t kForEver = ~0ull >> 1;

class Follower {
  public:
    explicit Follower(int connection) : connection_(connection) {}
    ~Follower() {
        snapshot_.give_up_writing(); // if it was not waited for
        if (image_fd_ >= 0)
            own_fd_close(image_fd_);
    }

    // False: done, or the connection has ended; what is held is let go.
    bool step() {
        Frame f = receive_frame(connection_, kForEver);
        if (!comes_next(f.op))
            return false; // not a leader, whoever it is
        switch (f.op) {
        case TreeOp::Prepare:
            return prepare(f);
        case TreeOp::Stop:
            return stop();
        case TreeOp::Report:
            return report(f.bytes);
        case TreeOp::Describe:
            return describe(f.bytes);
        case TreeOp::Resume:
            snapshot_.resume_endpoints();
            snapshot_.resume_threads();
            (void)snapshot_.await_writer(nullptr); // the leader hears from the copy itself
            return false;
        case TreeOp::Finish:
            if (f.bytes == "1")
                raw_syscall(SYS_kill, own_pid(), SIGKILL);
            return false;
        default:
            return false;
        }
    }

  private:
    // Each step once, and none before the one that it builds on.
    bool comes_next(TreeOp op) {
        const TreeOp before = done_;
        done_ = op;
        switch (op) {
        case TreeOp::Prepare:
            return before == TreeOp::Joined;
        case TreeOp::Stop:
            return before == TreeOp::Prepare;
        case TreeOp::Report:
            return before == TreeOp::Stop;
        case TreeOp::Describe:
            return before == TreeOp::Report;
        case TreeOp::Resume:
        case TreeOp::Finish:
            return before == TreeOp::Describe;
        default:
            return false;
        }
    }

    bool answer(TreeOp op, const Status& s, const std::string& bytes = {}) {
        const bool sent = s.ok() ? send_frame(connection_, op, bytes)
                                 : send_frame(connection_, TreeOp::Failed, s.why());
        return sent && s.ok();
    }

    bool prepare(Frame& f) {
        TreeOrder order;
        if (!decode(f.bytes, order) || !f.passed.ok())
            return false;
        timeout_s_ = order.timeout_s;
        image_fd_ = own_fd_adopt(f.passed.release(), OwnFd::Skip);
        if (image_fd_ < 0)
            return answer(TreeOp::Prepare, Status::refused("no descriptors left"));
        const Status s = snapshot_.prepare((Profile)order.profile, (ExternalSockets)order.external,
                                           image_fd_, true);
        snapshot_.job().member = true;
        snapshot_.job().parent_image = order.parent;
        snapshot_.job().final = order.final;
        return answer(TreeOp::Prepare, s);
    }

    bool stop() {
        // Before the leader loses patience, who hears then what is in the way.
        const uint64_t deadline = clock_ns(CLOCK_MONOTONIC) + timeout_s_ * (kSecond * 9 / 10);
        return answer(TreeOp::Stop, snapshot_.stop(deadline));
    }

    bool report(const std::string& bytes) {
        TreeLooked before;
        if (!decode(bytes, before))
            return false;
        MemberReport report;
        report.looked = std::move(before.sockets);
        const Status s = snapshot_.report(report);
        return answer(TreeOp::Report, s, encode(report));
    }

    bool describe(const std::string& bytes) {
        TreePart part;
        if (!decode(bytes, part))
            return false;
        if (Status s = snapshot_.describe(&part); !s)
            return answer(TreeOp::Describe, s);
        const MemberDeaths deaths{dead_children()};
        int ends[2];
        if (raw_syscall(SYS_socketpair, AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
            return answer(TreeOp::Describe, Status::refused("no descriptors left"));
        UniqueFd for_leader(ends[0]), for_copy(ends[1]);
        snapshot_.job().leader = for_copy.get();
        auto pid = snapshot_.copy([&] {
            for_leader.release(); // neither is open there
            for_copy.release();
            own_fd_close(image_fd_); // only forgets the number
            image_fd_ = -1;
        });
        if (!pid)
            return answer(TreeOp::Describe, pid.status());
        if (*pid == kRestarted)
            return false; // the connection is not there
        return send_frame(connection_, TreeOp::Describe, encode(deaths), for_leader.get());
    }

    const int connection_;
    Snapshot snapshot_;
    int image_fd_ = -1;
    unsigned timeout_s_ = 10;
    TreeOp done_ = TreeOp::Joined;
};

} // namespace

void follow_leader(int connection) {
    Follower f(connection);
    if (!send_frame(connection, TreeOp::Joined, {}))
        return;
    while (f.step()) {
    }
}

} // namespace glckpt::ckpt
