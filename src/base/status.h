// Outcomes with a reason. Every failure that can reach a user carries what, which object, why and
// what to do; the message is complete when the Status is made ("fd 9 is a connection to tcp
// 192.0.2.5:5432 (use --ext-sockets=close ...)") and only gets a prefix on its way out.
#pragma once
#include <optional>
#include <string>
#include <utility>

namespace glckpt {

// Exit statuses of the commands; documented in docs/commands.md.
enum class ExitCode : int { Done = 0, Refused = 1, Usage = 2, NotGlckpt = 3, TimedOut = 4 };

class [[nodiscard]] Status {
  public:
    Status() = default; // success
    static Status refused(std::string why) { return {ExitCode::Refused, std::move(why)}; }
    static Status timed_out(std::string why) { return {ExitCode::TimedOut, std::move(why)}; }
    static Status not_glckpt(std::string why) { return {ExitCode::NotGlckpt, std::move(why)}; }

    bool ok() const { return code_ == ExitCode::Done; }
    explicit operator bool() const { return ok(); }
    ExitCode code() const { return code_; }
    const std::string& why() const { return why_; }
    // Puts the failing operation in front: "cannot checkpoint pid 4711: " + why.
    Status with_context(const std::string& prefix) && {
        if (!ok())
            why_ = prefix + ": " + why_;
        return std::move(*this);
    }

  private:
    Status(ExitCode code, std::string why) : code_(code), why_(std::move(why)) {}
    ExitCode code_ = ExitCode::Done;
    std::string why_;
};

template <class T>
class [[nodiscard]] Result {
  public:
    Result(T value) : value_(std::move(value)) {}           // NOLINT: implicit on purpose
    Result(Status failure) : status_(std::move(failure)) {} // NOLINT: implicit on purpose
    bool ok() const { return value_.has_value(); }
    explicit operator bool() const { return ok(); }
    T& operator*() { return *value_; }
    const T& operator*() const { return *value_; }
    T* operator->() { return &*value_; }
    const T* operator->() const { return &*value_; }
    const Status& status() const { return status_; }

  private:
    std::optional<T> value_;
    Status status_;
};

} // namespace glckpt
