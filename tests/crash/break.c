/* What a disk, a kernel or an operator can do to a process that writes: laid between it and the C library.
 *
 * LD_PRELOAD loads it. Every call that changes or reads a file below one folder is a point, counted over all threads
 * and child processes. At one of them the process group is killed, interrupted, or told that the call failed. Nothing
 * of Parity is replaced, and native code (Polars, DuckDB, SQLite) is met like Python.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum fault { RECORD, KILL, TEAR, INTERRUPT, FULL, BROKEN, UNANSWERED };

struct plan {
    long at;      /* the point at which it happens; 0: never */
    long seen;    /* points so far */
    long fault;
    long is_full; /* a full disk stays full until the process has ended */
    char below[PATH_MAX];
    char log[PATH_MAX]; /* a line for every point: what, and which file */
};

static struct plan *plan;

/* The plan is a file that every child process maps too. */
void parity_break(const char *path) {
    int (*real_open)(const char *, int, ...) = dlsym(RTLD_NEXT, "open");
    int descriptor = real_open(path, O_RDWR);
    void *mapped = descriptor < 0 ? MAP_FAILED
                                  : mmap(NULL, sizeof *plan, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    if (descriptor >= 0) close(descriptor);
    plan = mapped == MAP_FAILED ? NULL : mapped;
}

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("PARITY_BREAK");
    if (path) parity_break(path);
}

static int is_below(const char *path) {
    size_t length = strlen(plan->below);
    return strncmp(path, plan->below, length) == 0 && (path[length] == '/' || path[length] == 0);
}

static int by_descriptor(int descriptor, char *path) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    if (length <= 0) return 0;
    path[length] = 0;
    return is_below(path);
}

static int by_name(int folder, const char *name, char *path) {
    if (!name) return 0;
    if (name[0] == '/') {
        snprintf(path, PATH_MAX, "%s", name);
        return is_below(path);
    }
    char parent[PATH_MAX];
    if (folder == AT_FDCWD ? !getcwd(parent, sizeof parent) : (by_descriptor(folder, parent), 0)) return 0;
    snprintf(path, PATH_MAX, "%.2000s/%.2000s", parent, name);
    return is_below(path);
}

static void die(void) {
    kill(0, SIGKILL);
    for (;;) pause();
}

/* A disk writes a sector whole or not at all: what half of a write leaves. */
#define HALF(count) ((count) / 2 / 512 * 512)

/* 0: go on. Else the errno with which the call fails. -1: a write is torn; a call by name is made and said to fail. */
static int point(const char *call, const char *path, int takes_room) {
    long number = __atomic_add_fetch(&plan->seen, 1, __ATOMIC_SEQ_CST);
    if (plan->log[0]) {
        char line[PATH_MAX + 64];
        int length = snprintf(line, sizeof line, "%s %s\n", call, path + strlen(plan->below));
        int (*real_open)(const char *, int, ...) = dlsym(RTLD_NEXT, "open");
        ssize_t (*real_write)(int, const void *, size_t) = dlsym(RTLD_NEXT, "write");
        int log = real_open(plan->log, O_WRONLY | O_CREAT | O_APPEND, 0600);
        if (log >= 0) {
            if (real_write(log, line, (size_t)length) < 0) abort();
            close(log);
        }
    }
    if (plan->is_full && takes_room) return ENOSPC;
    if (number != plan->at) return 0;
    switch (plan->fault) {
    case KILL:
        die();
        return 0;
    case TEAR:
        if (takes_room == 2) return -1;
        die();
        return 0;
    case INTERRUPT:
        kill(getpid(), SIGINT);
        return 0;
    case FULL:
        plan->is_full = 1;
        return takes_room ? ENOSPC : 0;
    case BROKEN:
        return EIO;
    case UNANSWERED:
        return -1;
    default:
        return 0;
    }
}

#define REAL(name) __typeof__(&name) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)
#define FAIL(code) \
    do { \
        errno = (code); \
        return -1; \
    } while (0)

#define OPENS(name, at, parameters, arguments) \
    int name parameters { \
        va_list rest; \
        va_start(rest, flags); \
        mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0; \
        va_end(rest); \
        REAL(name); \
        char whole[PATH_MAX]; \
        if (plan && flags & (O_CREAT | O_TRUNC) && by_name(at, path, whole)) { \
            int code = point("open", whole, 1); \
            if (code > 0) FAIL(code); \
        } \
        return real arguments; \
    }
OPENS(open, AT_FDCWD, (const char *path, int flags, ...), (path, flags, mode))
OPENS(open64, AT_FDCWD, (const char *path, int flags, ...), (path, flags, mode))
OPENS(openat, folder, (int folder, const char *path, int flags, ...), (folder, path, flags, mode))
OPENS(openat64, folder, (int folder, const char *path, int flags, ...), (folder, path, flags, mode))

/* ``half``: the arguments of which half is written when a write is torn. */
#define WRITES(name, parameters, arguments, half) \
    ssize_t name parameters; \
    ssize_t name parameters { \
        REAL(name); \
        char whole[PATH_MAX]; \
        if (plan && by_descriptor(to, whole)) { \
            int code = point("write", whole, 2); \
            if (code > 0) FAIL(code); \
            if (code < 0) real half, die(); \
        } \
        return real arguments; \
    }
WRITES(write, (int to, const void *bytes, size_t count), (to, bytes, count), (to, bytes, HALF(count)))
WRITES(pwrite, (int to, const void *bytes, size_t count, off_t at), (to, bytes, count, at), (to, bytes, HALF(count), at))
WRITES(pwrite64, (int to, const void *bytes, size_t count, off64_t at), (to, bytes, count, at),
       (to, bytes, HALF(count), at))
WRITES(writev, (int to, const struct iovec *parts, int count), (to, parts, count), (to, parts, count - 1))
WRITES(sendfile, (int to, int from, off_t *at, size_t count), (to, from, at, count), (to, from, at, HALF(count)))
WRITES(sendfile64, (int to, int from, off64_t *at, size_t count), (to, from, at, count), (to, from, at, HALF(count)))
WRITES(copy_file_range, (int from, off64_t *from_at, int to, off64_t *at, size_t count, unsigned flags),
       (from, from_at, to, at, count, flags), (from, from_at, to, at, HALF(count), flags))

#define ON_DESCRIPTOR(name, call, room, parameters, arguments) \
    int name parameters { \
        REAL(name); \
        char whole[PATH_MAX]; \
        if (plan && by_descriptor(to, whole)) { \
            int code = point(call, whole, room); \
            if (code > 0) FAIL(code); \
        } \
        return real arguments; \
    }
ON_DESCRIPTOR(fsync, "fsync", 0, (int to), (to))
ON_DESCRIPTOR(fdatasync, "fsync", 0, (int to), (to))
ON_DESCRIPTOR(ftruncate, "truncate", 1, (int to, off_t length), (to, length))
ON_DESCRIPTOR(ftruncate64, "truncate", 1, (int to, off64_t length), (to, length))
ON_DESCRIPTOR(fchmod, "chmod", 0, (int to, mode_t mode), (to, mode))

/* A damaged sector is met when it is read. */
#define READ(name, parameters, arguments) \
    ssize_t name parameters { \
        REAL(name); \
        char whole[PATH_MAX]; \
        if (plan && by_descriptor(from, whole)) { \
            int code = point("read", whole, 0); \
            if (code > 0) FAIL(code); \
        } \
        return real arguments; \
    }
READ(read, (int from, void *bytes, size_t count), (from, bytes, count))
READ(pread, (int from, void *bytes, size_t count, off_t at), (from, bytes, count, at))
READ(pread64, (int from, void *bytes, size_t count, off64_t at), (from, bytes, count, at))

#define ON_NAME(name, call, room, folder, path, parameters, arguments) \
    int name parameters { \
        REAL(name); \
        char whole[PATH_MAX]; \
        if (plan && by_name(folder, path, whole)) { \
            int code = point(call, whole, room); \
            if (code > 0) FAIL(code); \
            if (code < 0) { \
                real arguments; \
                FAIL(EIO); \
            } \
        } \
        return real arguments; \
    }
ON_NAME(mkdir, "mkdir", 1, AT_FDCWD, path, (const char *path, mode_t mode), (path, mode))
ON_NAME(mkdirat, "mkdir", 1, folder, path, (int folder, const char *path, mode_t mode), (folder, path, mode))
ON_NAME(rmdir, "rmdir", 0, AT_FDCWD, path, (const char *path), (path))
ON_NAME(unlink, "unlink", 0, AT_FDCWD, path, (const char *path), (path))
ON_NAME(unlinkat, "unlink", 0, folder, path, (int folder, const char *path, int flags), (folder, path, flags))
ON_NAME(chmod, "chmod", 0, AT_FDCWD, path, (const char *path, mode_t mode), (path, mode))
ON_NAME(link, "link", 1, AT_FDCWD, other, (const char *path, const char *other), (path, other))
ON_NAME(linkat, "link", 1, to, other, (int from, const char *path, int to, const char *other, int flags),
        (from, path, to, other, flags))
ON_NAME(rename, "rename", 0, AT_FDCWD, other, (const char *path, const char *other), (path, other))
ON_NAME(renameat, "rename", 0, to, other, (int from, const char *path, int to, const char *other),
        (from, path, to, other))
ON_NAME(renameat2, "rename", 0, to, other,
        (int from, const char *path, int to, const char *other, unsigned flags), (from, path, to, other, flags))
