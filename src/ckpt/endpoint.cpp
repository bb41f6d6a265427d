#include "ckpt/endpoint.h"
#include "ckpt/stop/threads.h"

namespace glckpt::ckpt {
namespace {

// On the heap and never freed: threads may look here until the very end of the process.
std::vector<Endpoint*>& registry() {
    static auto* all = new std::vector<Endpoint*>();
    return *all;
}

} // namespace

void register_endpoint(Endpoint* endpoint) { registry().push_back(endpoint); }
const std::vector<Endpoint*>& endpoints() { return registry(); }

void keep_endpoint_environment() {
    for (Endpoint* e : endpoints())
        if (const std::string variable = e->environment(); !variable.empty())
            keep_variable(variable);
}

} // namespace glckpt::ckpt
