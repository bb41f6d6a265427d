// One checkpoint, from the checkpoint thread: preflight, stop, drain, describe, fork, resume; the
// copy writes the image (write_job.h).
#pragma once
#include "base/status.h"
#include "ckpt/endpoint.h"
#include "ckpt/settings.h"
#include <functional>
#include <string>

namespace glckpt::ckpt {

enum class Afterwards { Continue, StayStopped, Kill };

enum class ImageKind { AsSet, Full, Incremental }; // AsSet: by --full-every

struct CheckpointRequest {
    std::string output; // empty: a name in the settings' folder
    Profile profile = Profile::Raw;
    ExternalSockets external = ExternalSockets::Refuse;
    Afterwards afterwards = Afterwards::Continue;
    unsigned timeout_s = 10;
    ImageKind kind = ImageKind::AsSet;
};

struct CheckpointResult {
    std::string image;
    uint64_t bytes = 0;
    bool incremental = false;
    const char* way = "forked"; // Snapshot::way
    double pause_ms = 0, total_ms = 0;
    std::string other_pids; // of the tree, each after ", "
    bool restarted = false; // this is another process now, made from the image
};

// Phase by name, and how much of it is done (0..1; negative: unknown).
using Progress = std::function<void(const char* phase, double done)>;

// `before_release` runs when the image is durable, with the threads still held if they are to
// stay stopped or be killed: the answer to the requester goes out there.
Result<CheckpointResult> take_checkpoint(const CheckpointRequest& request, const Settings& settings,
                                         const Progress& progress,
                                         const std::function<void(const CheckpointResult&)>& done);

// Once, from the constructor: which descriptors the program was started with.
void note_inherited_descriptors();

// Live operations: the app's threads stopped, every endpoint drained, `request` given to the
// endpoint called `endpoint` ("gl", "x11"), everything resumed. `meet`, if there is one, is called
// in between, when all is drained: other processes of the tree do the same, and may add to it.
using Meet = std::function<Status(AttachRequest&)>;
Status reattach(const char* endpoint, const AttachRequest& request, unsigned timeout_s,
                const Meet& meet = {});

} // namespace glckpt::ckpt
