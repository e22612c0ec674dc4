/* Makes a disk full, or one that may not be written, at a chosen call. Loaded before the C library (LD_PRELOAD), so
 * that Python, SQLite and SQLCipher all meet it. Only calls about files below one folder count. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

static char root[PATH_MAX];
static long seen, nth;   /* nth 0: only count */
static int armed, number, stays, writable_only;
static char struck[PATH_MAX + 64];

/* Count from now on below `folder`; the `at`th call fails with `error`, and with `forever` each one after it.
 * With `also_freeing` calls that need no space count too: on a disk that may not be written they fail as well. */
void faults_arm(const char *folder, long at, int error, int forever, int also_freeing) {
    snprintf(root, sizeof root, "%s", folder);
    seen = 0; nth = at; number = error; stays = forever; writable_only = also_freeing;
    struck[0] = 0;
    armed = 1;
}
long faults_end(void) { armed = 0; return seen; }
const char *faults_struck(void) { return struck; }

static int below(const char *path) {
    size_t length = strlen(root);
    return !strncmp(path, root, length) && (path[length] == '/' || path[length] == 0);
}

static int fails_path(const char *call, const char *path, int needs_space) {
    if (!armed || path == NULL || (!needs_space && !writable_only)) return 0;
    char here[PATH_MAX * 2];
    if (path[0] != '/') {
        if (getcwd(here, PATH_MAX) == NULL) return 0;
        strncat(here, "/", 2); strncat(here, path, PATH_MAX - 1);
        path = here;
    }
    if (!below(path)) return 0;
    long me = __sync_add_and_fetch(&seen, 1);
    if (nth == 0 || (stays ? me < nth : me != nth)) return 0;
    if (struck[0] == 0) snprintf(struck, sizeof struck, "%s %s", call, path + strlen(root));
    errno = number;
    return 1;
}

static int fails_fd(const char *call, int fd, int needs_space) {
    if (!armed) return 0;
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return fails_path(call, path, needs_space);
}

static int fails_open(const char *path, int flags) {
    if (!armed || !(flags & (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC))) return 0;
    int old = errno;
    int makes = (flags & O_CREAT) && access(path, F_OK) != 0;
    errno = old;
    return fails_path(makes ? "make" : "open to write", path, makes);
}

#define REAL(type, name, ...) \
    static type (*real)(__VA_ARGS__); \
    if (real == NULL) real = (type (*)(__VA_ARGS__))dlsym(RTLD_NEXT, name)

#define OPEN(name) \
    int name(const char *path, int flags, ...) { \
        REAL(int, #name, const char *, int, ...); \
        va_list rest; va_start(rest, flags); \
        mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0; \
        va_end(rest); \
        return fails_open(path, flags) ? -1 : real(path, flags, mode); \
    }
OPEN(open)
OPEN(open64)

#define OPENAT(name) \
    int name(int folder, const char *path, int flags, ...) { \
        REAL(int, #name, int, const char *, int, ...); \
        va_list rest; va_start(rest, flags); \
        mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0; \
        va_end(rest); \
        return folder == AT_FDCWD && fails_open(path, flags) ? -1 : real(folder, path, flags, mode); \
    }
OPENAT(openat)
OPENAT(openat64)

ssize_t write(int fd, const void *data, size_t size) {
    REAL(ssize_t, "write", int, const void *, size_t);
    return fails_fd("write", fd, 1) ? -1 : real(fd, data, size);
}
#define PWRITE(name, offset) \
    ssize_t name(int fd, const void *data, size_t size, offset at) { \
        REAL(ssize_t, #name, int, const void *, size_t, offset); \
        return fails_fd("write", fd, 1) ? -1 : real(fd, data, size, at); \
    }
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

ssize_t sendfile(int out, int in, off_t *at, size_t size) {
    REAL(ssize_t, "sendfile", int, int, off_t *, size_t);
    return fails_fd("write", out, 1) ? -1 : real(out, in, at, size);
}
ssize_t sendfile64(int out, int in, off64_t *at, size_t size) {
    REAL(ssize_t, "sendfile64", int, int, off64_t *, size_t);
    return fails_fd("write", out, 1) ? -1 : real(out, in, at, size);
}
#define FD(name) \
    int name(int fd) { \
        REAL(int, #name, int); \
        return fails_fd(#name, fd, 1) ? -1 : real(fd); \
    }
FD(fsync)
FD(fdatasync)

#define TRUNCATE(name, offset) \
    int name(int fd, offset size) { \
        REAL(int, #name, int, offset); \
        struct stat now; \
        int grows = armed && fstat(fd, &now) == 0 && size > now.st_size; \
        return fails_fd("truncate", fd, grows) ? -1 : real(fd, size); \
    }
TRUNCATE(ftruncate, off_t)
TRUNCATE(ftruncate64, off64_t)

int rename(const char *old, const char *new) {
    REAL(int, "rename", const char *, const char *);
    return fails_path("rename", new, 1) ? -1 : real(old, new);
}
int mkdir(const char *path, mode_t mode) {
    REAL(int, "mkdir", const char *, mode_t);
    return fails_path("mkdir", path, 1) ? -1 : real(path, mode);
}
int unlink(const char *path) {
    REAL(int, "unlink", const char *);
    return fails_path("unlink", path, 0) ? -1 : real(path);
}
int rmdir(const char *path) {
    REAL(int, "rmdir", const char *);
    return fails_path("rmdir", path, 0) ? -1 : real(path);
}
int chmod(const char *path, mode_t mode) {
    REAL(int, "chmod", const char *, mode_t);
    return fails_path("chmod", path, 0) ? -1 : real(path, mode);
}
int fchmod(int fd, mode_t mode) {
    REAL(int, "fchmod", int, mode_t);
    return fails_fd("chmod", fd, 0) ? -1 : real(fd, mode);
}
int fchmodat(int folder, const char *path, mode_t mode, int flags) {
    REAL(int, "fchmodat", int, const char *, mode_t, int);
    return folder == AT_FDCWD && fails_path("chmod", path, 0) ? -1 : real(folder, path, mode, flags);
}
