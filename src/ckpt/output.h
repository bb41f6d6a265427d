// The file an image is written to: opened under a temporary name before anything stops, so that a
// folder which cannot be written is a refusal and no pause; removed again unless committed.
#pragma once
#include "base/status.h"
#include "ckpt/settings.h"

namespace glckpt::ckpt {

class Output {
  public:
    // `wanted` empty: <folder>/<program>-<pid>-<n>.gck with the next free n.
    static Result<Output> open(const std::string& wanted, const Settings& settings);
    Output(Output&& o) noexcept;
    Output& operator=(Output&&) = delete;
    ~Output();
    int fd() const { return fd_.get(); }
    const std::string& final_name() const { return final_; }
    const std::string& temporary() const { return temporary_; }
    bool unnamed() const { return unnamed_; }
    void committed() { temporary_.clear(); } // the writer has renamed it
    void forget(); // in a restarted process: neither the descriptor nor the file is ours

  private:
    Output() = default;
    UniqueFd fd_;
    std::string final_, temporary_;
    bool unnamed_ = false; // the file has no name yet; `temporary_` is for the moment of the commit
};

// Does the name look like one of those that are made for this program?
bool is_own_name(const std::string& image, const std::string& folder);

} // namespace glckpt::ckpt
