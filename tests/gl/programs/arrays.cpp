// Client arrays that are large: a display list made of more of them than a stream's ring or arena
// holds, and draws whose arrays and indices together are larger than the arena.
#include "frame.h"

constexpr int kPoints = 620'000;

static std::vector<float> cloud(int n, float size) {
    std::vector<float> v((size_t)n * 3);
    for (size_t i = 0; i < v.size(); ++i)
        v[i] = size * ((float)(i * 2654435761u % 10007) / 5003.0f - 1);
    return v;
}

int main(int argc, char** argv) {
    Frames f(96, 64, nullptr);
    glEnableClientState(GL_VERTEX_ARRAY);
    glEnableClientState(GL_COLOR_ARRAY);
    const GLuint list = glGenLists(1);
    glNewList(list, GL_COMPILE);
    for (int i = 0; i < 60; ++i) {
        const auto where = cloud(20'000 + i, 0.3f + 0.01f * (float)i);
        const auto color = cloud(20'000 + i, 1);
        glVertexPointer(3, GL_FLOAT, 0, where.data());
        glColorPointer(3, GL_FLOAT, 0, color.data());
        glDrawArrays(GL_POINTS, i, 20'000);
    }
    glEndList();

    const auto where = cloud(kPoints, 0.9f), color = cloud(kPoints, 1),
               normal = cloud(kPoints, 0.5f);
    std::vector<GLuint> order(1'800'000);
    for (size_t i = 0; i < order.size(); ++i)
        order[i] = (GLuint)(i * 7919 % kPoints);
    for (int i = 0, n = frames_wanted(argc, argv); i < n; ++i) {
        glClearColor(0, 0.02f * (float)(i % 20), 0.3f, 1);
        glClear(GL_COLOR_BUFFER_BIT);
        glRotatef(5, 0, 0, 1);
        if (i % 10 == 1)
            glCallList(list);
        if (i % 20 == 5) {
            glVertexPointer(3, GL_FLOAT, 0, where.data());
            glColorPointer(3, GL_FLOAT, 0, color.data());
            glEnableClientState(GL_NORMAL_ARRAY);
            glNormalPointer(GL_FLOAT, 0, normal.data());
            glDrawArrays(GL_POINTS, 0, kPoints);
            glDrawElements(GL_POINTS, (GLsizei)order.size(), GL_UNSIGNED_INT, order.data());
            glDisableClientState(GL_NORMAL_ARRAY);
        }
        f.done();
    }
    return 0;
}
