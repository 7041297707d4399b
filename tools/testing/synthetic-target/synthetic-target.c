/*
 * A process whose memory is that of a Python which was never run.
 *
 * It maps an image that was laid out elsewhere to the address the image wants, copies the start of it to where a reader
 * looks for the runtime, gives each thread state a thread with its ids, says "ready", and ends with its standard input.
 *
 * Compiled with -DPY_VERSION_HEX, -DPY_VERSION (text) and -DRUNTIME_SIZE.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#if PY_VERSION_HEX >= 0x03070000
/* Since 3.10 the runtime has a section of its own. */
#if PY_VERSION_HEX >= 0x030a0000
__attribute__((section(".PyRuntime")))
#endif
char _PyRuntime[RUNTIME_SIZE] __attribute__((aligned(16))) = {0};
#define runtime _PyRuntime
#else
/* The list of interpreters is a static variable; the thread state that has the GIL is not. */
static char interp_head[8] __attribute__((used, aligned(8)));
char _PyThreadState_Current[8] __attribute__((aligned(8)));
void *PyInterpreterState_Head(void) { return *(void *volatile *)interp_head; }
#endif

#if PY_VERSION_HEX >= 0x030b0000
const unsigned long Py_Version = PY_VERSION_HEX;
#endif
static char version[] = PY_VERSION " (main, Jan  1 2000, 00:00:00) [GCC]";
const char *Py_GetVersion(void) { return version; }
#if PY_VERSION_HEX < 0x03000000
void PyUnicodeUCS4_FromUnicode(void) {}
#endif

struct header {
    uint64_t runtime_size;
    uint64_t base;
    uint64_t size;
    uint64_t threads;
};

struct thread_ids {
    uint64_t *thread_id;
    uint64_t *native_thread_id; /* NULL where the version has none */
};

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static void read_all(int file, void *target, size_t size)
{
    for (char *next = target; size > 0;) {
        ssize_t count = read(file, next, size);
        if (count <= 0) fail("read");
        next += count;
        size -= count;
    }
}

static pthread_barrier_t started;

static void *idle(void *argument)
{
    struct thread_ids *ids = argument;
    *ids->thread_id = (uint64_t)pthread_self();
    if (ids->native_thread_id) *ids->native_thread_id = syscall(SYS_gettid);
    pthread_barrier_wait(&started);
    for (;;) pause();
}

int main(int argc, char **argv)
{
    struct header header;
    int file = argc > 1 ? open(argv[1], O_RDONLY) : -1;
    if (file < 0) fail("open");
    read_all(file, &header, sizeof header);
    struct thread_ids *threads = calloc(header.threads + 1, sizeof *threads);
    read_all(file, threads, header.threads * sizeof *threads);

    char *start = malloc(header.runtime_size);
    read_all(file, start, header.runtime_size);
    void *memory = mmap((void *)header.base, header.size, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    if (memory != (void *)header.base) fail("mmap");
    read_all(file, memory, header.size);
#ifdef runtime
    memcpy(runtime, start, header.runtime_size);
#else
    memcpy(interp_head, start, 8);
    memcpy(_PyThreadState_Current, start + 8, 8);
#endif
    free(start);

    pthread_barrier_init(&started, NULL, header.threads > 0 ? header.threads : 1);
    for (uint64_t index = 1; index < header.threads; index++) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, idle, &threads[index])) fail("pthread_create");
    }
    if (header.threads > 0) {
        *threads[0].thread_id = (uint64_t)pthread_self();
        if (threads[0].native_thread_id) *threads[0].native_thread_id = syscall(SYS_gettid);
    }
    pthread_barrier_wait(&started);
    puts("ready");
    fflush(stdout);
    while (getchar() != EOF) {}
    return 0;
}
