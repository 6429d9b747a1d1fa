/* A disk that is full from the N-th write on, for one process: loaded before the C library (LD_PRELOAD).
 *
 * VTGDATA_FULL_ROOT is the folder below which writes count, VTGDATA_FULL_AT is N; 0 only counts. A write is whatever
 * needs space: bytes of a file, a new file or folder, a link. */
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
#include <sys/uio.h>
#include <unistd.h>

static long seen;

long full_disk_writes(void) { return seen; }

static const char *root(void) {
    const char *named = getenv("VTGDATA_FULL_ROOT");
    return named && *named ? named : NULL;
}

static int full(void) {
    const char *at = getenv("VTGDATA_FULL_AT");
    long wanted = at ? atol(at) : 0, now = __atomic_add_fetch(&seen, 1, __ATOMIC_SEQ_CST);
    if (wanted <= 0 || now < wanted) return 0;
    errno = ENOSPC;
    return 1;
}

static int below(const char *path) {
    const char *top = root();
    char whole[2 * PATH_MAX];
    if (!top || !path) return 0;
    if (*path != '/') {
        if (!getcwd(whole, PATH_MAX)) return 0;
        strncat(strncat(whole, "/", 2), path, PATH_MAX - 2);
        path = whole;
    }
    return strncmp(path, top, strlen(top)) == 0;
}

static int file_below(int fd) {
    char link[64], path[PATH_MAX];
    int kept = errno;
    if (!root()) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t size = readlink(link, path, sizeof path - 1);
    errno = kept;
    if (size <= 0 || *path != '/') return 0; /* a pipe, a socket, an event */
    path[size] = 0;
    return below(path);
}

#define REAL(name) static __typeof__(&name) real; if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)
#define ON_FILE(result, name, fd, kinds, values) \
    result name kinds { REAL(name); if (file_below(fd) && full()) return -1; return real values; }
#define ON_PATH(name, path, kinds, values) \
    int name kinds { REAL(name); if (below(path) && full()) return -1; return real values; }
#define COMMA ,
#define OPENING(name, before, values) \
    int name(before const char *path, int flags, ...) { \
        REAL(name); \
        mode_t mode = 0; \
        if (flags & (O_CREAT | O_TMPFILE)) { va_list more; va_start(more, flags); mode = va_arg(more, mode_t); va_end(more); } \
        if ((flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE) && below(path)) { \
            int there = access(path, F_OK) == 0 && (flags & O_TMPFILE) != O_TMPFILE; \
            if (!there && full()) return -1; \
        } \
        return real values; \
    }

ON_FILE(ssize_t, write, fd, (int fd, const void *data, size_t size), (fd, data, size))
ON_FILE(ssize_t, pwrite, fd, (int fd, const void *data, size_t size, off_t at), (fd, data, size, at))
ON_FILE(ssize_t, pwrite64, fd, (int fd, const void *data, size_t size, off64_t at), (fd, data, size, at))
ON_FILE(ssize_t, writev, fd, (int fd, const struct iovec *parts, int count), (fd, parts, count))
ON_FILE(int, fallocate, fd, (int fd, int mode, off_t at, off_t size), (fd, mode, at, size))
ON_FILE(ssize_t, copy_file_range, out, (int in, off64_t *from, int out, off64_t *to, size_t size, unsigned flags), (in, from, out, to, size, flags))
ON_FILE(ssize_t, sendfile, out, (int out, int in, off_t *from, size_t size), (out, in, from, size))
ON_FILE(ssize_t, sendfile64, out, (int out, int in, off64_t *from, size_t size), (out, in, from, size))
ON_PATH(mkdir, path, (const char *path, mode_t mode), (path, mode))
ON_PATH(link, to, (const char *from, const char *to), (from, to))
ON_PATH(symlink, to, (const char *from, const char *to), (from, to))
OPENING(open, , (path, flags, mode))
OPENING(open64, , (path, flags, mode))
OPENING(openat, int at __attribute__((unused)) COMMA, (at, path, flags, mode))
OPENING(openat64, int at __attribute__((unused)) COMMA, (at, path, flags, mode))
