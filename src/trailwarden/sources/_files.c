/* Many small files in one call: what they are, and what they hold, with the interpreter's lock given up once.
 *
 * Keeps: a content is given only for a regular file whose size and time are those that were expected, before the reading and after it,
 * through one descriptor. For every other file there is None, and `trailwarden.sources.files_batch` tells why, in Python.
 * Every write lies inside a bytes object that was made with the size that was expected.
 *
 * Optional: without it each file is looked at and read by itself.
 */
#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x030B0000
#include <Python.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define MOST_FILES 4096
#define SECOND 1000000000LL
#define LATEST (LLONG_MAX / SECOND - 1) /* seconds before or after 1970, which nanoseconds in 64 bits reach: the year 2262 */

typedef struct {
    PyObject *path;   /* bytes, as the file system has it */
    const char *name; /* of `path` */
    struct stat status;
    long long mtime_ns;
    int beyond;       /* the time that is expected is none that we can tell */
    Py_ssize_t size;
    PyObject *content; /* bytes of `size` */
    char *room;        /* of `content` */
    int good;
} File;

/* Whether `time_of` can tell it. What it cannot tell is left to Python, whose numbers have no end. */
static int has_a_time(const struct stat *status)
{
    return status->st_mtim.tv_sec >= -LATEST && status->st_mtim.tv_sec <= LATEST;
}

static long long time_of(const struct stat *status)
{
    return (long long)status->st_mtim.tv_sec * SECOND + status->st_mtim.tv_nsec;
}

static int is_expected(const File *file, const struct stat *status)
{
    return S_ISREG(status->st_mode) && status->st_size == file->size && !file->beyond && has_a_time(status) && time_of(status) == file->mtime_ns;
}

/* Exactly so many bytes. One more is asked for along with them; what a file has is given whole, so that its size tells the rest. */
static int is_read(int descriptor, char *room, Py_ssize_t size)
{
    Py_ssize_t done = 0;
    char beyond;
    do {
        const struct iovec parts[] = {{room + done, (size_t)(size - done)}, {&beyond, 1}};
        const ssize_t more = readv(descriptor, parts, 2);
        if (more < 0 && errno == EINTR)
            continue;
        if (more <= 0)
            return more == 0 && done == size;
        done += more;
    } while (done < size);
    return done == size;
}

static void read_whole(File *file)
{
    struct stat after;
    /* Non-blocking: what was a file when it was listed may be a pipe by now. */
    const int descriptor = open(file->name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (descriptor < 0)
        return;
    file->good = fstat(descriptor, &file->status) == 0 && is_expected(file, &file->status) && is_read(descriptor, file->room, file->size)
        && fstat(descriptor, &after) == 0 && is_expected(file, &after);
    close(descriptor);
}

/* The paths as the file system has them. Returns NULL with an exception set. count: of the files. */
static File *files_of(PyObject *paths, Py_ssize_t *count)
{
    *count = PyTuple_Size(paths);
    if (*count > MOST_FILES) {
        PyErr_Format(PyExc_ValueError, "at most %d files at once", MOST_FILES);
        return NULL;
    }
    File *files = calloc((size_t)*count + 1, sizeof *files);
    if (files == NULL)
        PyErr_NoMemory();
    for (Py_ssize_t at = 0; files != NULL && at < *count; at++) {
        char *name;
        Py_ssize_t length;
        if (!PyUnicode_FSConverter(PyTuple_GetItem(paths, at), &files[at].path) || PyBytes_AsStringAndSize(files[at].path, &name, &length) < 0) {
            for (; at >= 0; at--)
                Py_XDECREF(files[at].path);
            free(files);
            return NULL;
        }
        files[at].name = name;
    }
    return files;
}

static void let_go(File *files, Py_ssize_t count)
{
    for (Py_ssize_t at = 0; at < count; at++) {
        Py_XDECREF(files[at].path);
        Py_XDECREF(files[at].content);
    }
    free(files);
}

PyDoc_STRVAR(statuses_doc, "statuses(paths) -> list[tuple[int, int, int] | None]\n\n"
    "Mode, size and time of the last change (nanoseconds) of each of a tuple of paths, links followed; None where stat(2) fails, or the time is none of 64 bits.");

static PyObject *statuses(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *paths;
    Py_ssize_t count;
    if (!PyArg_ParseTuple(args, "O!", &PyTuple_Type, &paths))
        return NULL;
    File *files = files_of(paths, &count);
    if (files == NULL)
        return NULL;
    Py_BEGIN_ALLOW_THREADS
    for (Py_ssize_t at = 0; at < count; at++)
        files[at].good = stat(files[at].name, &files[at].status) == 0 && has_a_time(&files[at].status);
    Py_END_ALLOW_THREADS
    PyObject *answer = PyList_New(count);
    for (Py_ssize_t at = 0; answer != NULL && at < count; at++) {
        const struct stat *status = &files[at].status;
        PyObject *item = files[at].good ? Py_BuildValue("(InL)", (unsigned int)status->st_mode, (Py_ssize_t)status->st_size, time_of(status)) : Py_NewRef(Py_None);
        if (item == NULL || PyList_SetItem(answer, at, item) < 0)
            Py_CLEAR(answer);
    }
    let_go(files, count);
    return answer;
}

/* Room for what is expected of each file. Returns 0 with an exception set. */
static int expect(PyObject *versions, File *files, Py_ssize_t count)
{
    if (PyTuple_Size(versions) != count) {
        PyErr_SetString(PyExc_ValueError, "as many versions as paths");
        return 0;
    }
    for (Py_ssize_t at = 0; at < count; at++) {
        PyObject *version = PyTuple_GetItem(versions, at), *mtime_ns;
        Py_ssize_t length;
        if (!PyTuple_Check(version)) {
            PyErr_SetString(PyExc_TypeError, "a version is a tuple");
            return 0;
        }
        if (!PyArg_ParseTuple(version, "nO", &files[at].size, &mtime_ns))
            return 0;
        files[at].mtime_ns = PyLong_AsLongLongAndOverflow(mtime_ns, &files[at].beyond);
        if (PyErr_Occurred())
            return 0;
        if (files[at].size < 0) {
            PyErr_SetString(PyExc_ValueError, "a size below zero");
            return 0;
        }
        files[at].content = PyBytes_FromStringAndSize(NULL, files[at].size);
        if (files[at].content == NULL || PyBytes_AsStringAndSize(files[at].content, &files[at].room, &length) < 0)
            return 0;
    }
    return 1;
}

PyDoc_STRVAR(contents_doc, "contents(paths, versions) -> list[bytes | None]\n\n"
    "The content of each of a tuple of paths, which is a regular file of the version that stands at the same place of the other tuple:\n"
    "size in bytes, and time of the last change in nanoseconds. None where it is not, or cannot be read.");

static PyObject *contents(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *paths, *versions, *answer = NULL;
    Py_ssize_t count;
    if (!PyArg_ParseTuple(args, "O!O!", &PyTuple_Type, &paths, &PyTuple_Type, &versions))
        return NULL;
    File *files = files_of(paths, &count);
    if (files == NULL)
        return NULL;
    if (expect(versions, files, count)) {
        Py_BEGIN_ALLOW_THREADS
        for (Py_ssize_t at = 0; at < count; at++)
            read_whole(files + at);
        Py_END_ALLOW_THREADS
        answer = PyList_New(count);
        for (Py_ssize_t at = 0; answer != NULL && at < count; at++)
            if (PyList_SetItem(answer, at, Py_NewRef(files[at].good ? files[at].content : Py_None)) < 0)
                Py_CLEAR(answer);
    }
    let_go(files, count);
    return answer;
}

static PyMethodDef methods[] = {
    {"statuses", statuses, METH_VARARGS, statuses_doc},
    {"contents", contents, METH_VARARGS, contents_doc},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "_files", "Many small files in one call; see trailwarden.sources.files_reading.", 0, methods, NULL, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__files(void)
{
    return PyModule_Create(&definition);
}
