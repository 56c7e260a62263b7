/* Record batches in, the payloads of their messages out: checked, decompressed and read in one go, with the GIL released.
 *
 * Keeps: every read lies inside the buffers that Python lends for the call or inside what was decompressed, and every write inside
 * memory of a size that was asked for before. What is not plainly in order is left: the call says how many batches it has read,
 * and the way in Python (trailwarden.sources.kafka_records) decides about the next one.
 *
 * lz4 is liblz4's own work, in the shared object of the package `lz4`; where that is not to be found such batches are left, too.
 * Source: Kafka protocol guide, "Record Batch" (magic 2); lz4frame.h of liblz4 1.8 and later.
 */
#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x030B0000
#include <Python.h>
#include <dlfcn.h>
#include <immintrin.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define IDLE_MOST 4                    /* as many calls as are under way at once, most often */
#define MOST_KEPT (8 * 1024 * 1024)   /* bytes */

#include "_kafka_batch.h"
#include "_kafka_room.h"

/* --- what comes back ---------------------------------------------------------------------------------------- */

static Py_ssize_t size_of(const Record *record)
{
    return record->size < 0 ? (Py_ssize_t)sizeof TOMBSTONE - 1 : record->size;
}

/* Which records are joined. Returns 0 where there is no memory for that. */
static int cut_chunks(Reading *reading)
{
    if (reading->chunk_room < reading->count) { /* never more than there are records */
        Chunk *chunks = realloc(reading->chunks, (size_t)reading->count * sizeof *chunks);
        if (chunks == NULL)
            return 0;
        reading->chunks = chunks;
        reading->chunk_room = reading->count;
    }
    reading->chunk_count = 0;
    for (Py_ssize_t each = 0, open = 0; each < reading->count; each++) {
        const Py_ssize_t size = size_of(reading->records + each);
        open = open && size < ALONE && reading->chunks[reading->chunk_count - 1].size < CHUNK;
        if (open) {
            Chunk *last = reading->chunks + reading->chunk_count - 1;
            last->size += 1 + size;
            last->number++;
        } else {
            reading->chunks[reading->chunk_count++] = (Chunk){.number = 1, .size = size};
            open = size < ALONE;
        }
    }
    return 1;
}

static void copy_chunk(const Reading *reading, Py_ssize_t from, Py_ssize_t number, uint8_t *into, int64_t *ends)
{
    Py_ssize_t at = 0;
    for (Py_ssize_t each = 0; each < number; each++) {
        const Record *record = reading->records + from + each;
        const uint8_t *base = record->batch < 0 ? reading->content : reading->batches[record->batch].buf;
        if (each > 0)
            into[at++] = '\n';
        memcpy(into + at, record->size < 0 ? (const uint8_t *)TOMBSTONE : base + record->at, (size_t)size_of(record));
        at += size_of(record);
        ends[each] = at;
    }
}

/* Copied all at once: each time that the lock is given up for it may be waited for. */
static void copy_chunks(const Reading *reading, int64_t *ends)
{
    for (Py_ssize_t each = 0, from = 0; each < reading->chunk_count; from += reading->chunks[each++].number) {
        const Chunk *chunk = reading->chunks + each;
        if (chunk->into != NULL)
            copy_chunk(reading, from, chunk->number, chunk->into, ends + from);
        else
            ends[from] = chunk->size;
    }
}

/* A large payload where it is: to copy it takes as long as to look at it. */
static PyObject *shown(const Reading *reading, const Record *record)
{
    PyObject *start = PyLong_FromSsize_t(record->at), *end = PyLong_FromSsize_t(record->at + record->size);
    PyObject *place = start != NULL && end != NULL ? PySlice_New(start, end, NULL) : NULL;
    PyObject *all = place != NULL ? PyMemoryView_FromObject(reading->held) : NULL;
    PyObject *part = all != NULL ? PyObject_GetItem(all, place) : NULL;
    Py_XDECREF(start);
    Py_XDECREF(end);
    Py_XDECREF(place);
    Py_XDECREF(all);
    return part;
}

/* (text, number of payloads) for each chunk, and the ends of all payloads in their chunks. */
static PyObject *chunks_of(Reading *reading, int64_t *ends)
{
    PyObject *list = PyList_New(0);
    int copied = 0;
    for (Py_ssize_t each = 0, from = 0; list != NULL && each < reading->chunk_count; from += reading->chunks[each++].number) {
        Chunk *chunk = reading->chunks + each;
        const Record *first = reading->records + from;
        const int in_place = first->batch < 0 && first->size >= ALONE;
        PyObject *text = in_place ? shown(reading, first) : PyBytes_FromStringAndSize(NULL, chunk->size);
        chunk->into = text != NULL && !in_place ? (uint8_t *)PyBytes_AsString(text) : NULL;
        copied |= chunk->into != NULL;
        PyObject *item = text != NULL ? Py_BuildValue("(Nn)", text, chunk->number) : NULL;
        if (item == NULL || PyList_Append(list, item) < 0)
            Py_CLEAR(list);
        Py_XDECREF(item);
    }
    if (list != NULL && copied) {
        Py_BEGIN_ALLOW_THREADS
        copy_chunks(reading, ends);
        Py_END_ALLOW_THREADS
    } else if (list != NULL) {
        copy_chunks(reading, ends); /* a few numbers: the lock may cost milliseconds to win back */
    }
    return list;
}

static PyObject *answer_of(Reading *reading)
{
    const Py_ssize_t size = reading->count * (Py_ssize_t)sizeof(int64_t);
    PyObject *ends = PyBytes_FromStringAndSize(NULL, size), *offsets = PyBytes_FromStringAndSize(NULL, size);
    PyObject *times = PyBytes_FromStringAndSize(NULL, size), *chunks = NULL;
    if (ends != NULL && offsets != NULL && times != NULL) {
        int64_t *offset = (int64_t *)PyBytes_AsString(offsets), *time = (int64_t *)PyBytes_AsString(times);
        for (Py_ssize_t each = 0; each < reading->count; each++) {
            offset[each] = reading->records[each].offset;
            time[each] = reading->records[each].time;
        }
        chunks = chunks_of(reading, (int64_t *)PyBytes_AsString(ends));
    }
    if (chunks != NULL)
        return Py_BuildValue("(nNNNN)", reading->done, chunks, ends, offsets, times);
    Py_XDECREF(ends);
    Py_XDECREF(offsets);
    Py_XDECREF(times);
    return NULL;
}

PyDoc_STRVAR(read_doc, "read(batches, largest, most) -> tuple[int, list[tuple[bytes | memoryview, int]], bytes, bytes, bytes]\n\n"
    "How many of the batches were read, from the first on; their payloads, in chunks of several with a line end between each two (and\n"
    "how many), or alone: a large one as a view, whose memory is used again when nobody has one any more; and for each payload, as int64: where it ends in its chunk, its offset, its time. It stops before a batch that\n"
    "is not plainly in order, or has a payload longer than `largest` or more than `most` bytes. Raises ValueError.");

static Reading *idle[IDLE_MOST]; /* what earlier calls have worked with; guarded by the GIL */

static void let_go(Reading *reading)
{
    Py_CLEAR(reading->held);
    reading->content = NULL;
    reading->content_room = 0;
}

/* Whether somebody looks at a payload in it, so that nothing may be written there. */
static int is_shown(const Reading *reading)
{
    return reading->held != NULL && Py_REFCNT(reading->held) > 1;
}

static Reading *taken(void)
{
    int chosen = -1;
    for (int each = 0; each < IDLE_MOST && (chosen < 0 || is_shown(idle[chosen])); each++)
        if (idle[each] != NULL && (chosen < 0 || !is_shown(idle[each])))
            chosen = each;
    if (chosen < 0)
        return calloc(1, sizeof(Reading));
    Reading *reading = idle[chosen];
    idle[chosen] = NULL;
    if (is_shown(reading))
        let_go(reading);
    return reading;
}

/* Kept for the next call, but for memory beyond what a run needs. */
static void give_back(Reading *reading)
{
    for (Py_ssize_t each = 0; each < reading->number; each++)
        PyBuffer_Release(reading->batches + each);
    reading->number = reading->done = reading->count = 0;
    reading->content_size = reading->lacking = 0;
    if (reading->content_room > MOST_KEPT)
        let_go(reading);
    if ((size_t)reading->room * sizeof *reading->records > MOST_KEPT) {
        free(reading->records);
        free(reading->chunks);
        reading->records = NULL;
        reading->chunks = NULL;
        reading->room = reading->chunk_room = 0;
    }
    for (int each = 0; each < IDLE_MOST; each++) {
        if (idle[each] == NULL) {
            idle[each] = reading;
            return;
        }
    }
    if (reading->lz4 != NULL)
        lz4.release(reading->lz4);
    let_go(reading);
    free(reading->records);
    free(reading->chunks);
    free(reading);
}

static PyObject *read_batches(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *batches, *answer = NULL;
    Reading *reading = taken();
    if (reading == NULL)
        return PyErr_NoMemory();
    if (PyArg_ParseTuple(args, "Onn", &batches, &reading->largest, &reading->most)) {
        const Py_ssize_t number = PySequence_Size(batches);
        if (number > MOST_BATCHES || reading->largest < 0 || reading->most < 0)
            PyErr_SetString(PyExc_ValueError, "read: an argument is out of its range");
        while (reading->number < number && !PyErr_Occurred()) {
            PyObject *item = PySequence_GetItem(batches, reading->number);
            if (item != NULL && PyObject_GetBuffer(item, reading->batches + reading->number, PyBUF_SIMPLE) == 0)
                reading->number++;
            Py_XDECREF(item);
        }
        if (!PyErr_Occurred())
            answer = read_all(reading) && cut_chunks(reading) ? answer_of(reading) : PyErr_NoMemory();
    }
    give_back(reading);
    return answer;
}

PyDoc_STRVAR(library_doc, "library(path) -> bool\n\nLook for liblz4 in a shared object that Python has loaded. Returns whether it is there.");

static PyObject *library(PyObject *Py_UNUSED(module), PyObject *path)
{
    PyObject *encoded = NULL;
    if (!PyUnicode_FSConverter(path, &encoded))
        return NULL;
    has_lz4 = find_lz4(PyBytes_AsString(encoded));
    Py_DECREF(encoded);
    return PyBool_FromLong(has_lz4);
}

static PyMethodDef methods[] = {
    {"library", library, METH_O, library_doc},
    {"read", read_batches, METH_VARARGS, read_doc},
    {"room", room, METH_O, room_doc},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "_kafka_records", "Record batches read as a whole; see trailwarden.sources.kafka_reading.", 0, methods,
    NULL, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__kafka_records(void)
{
    __builtin_cpu_init();
    if (!__builtin_cpu_supports("sse4.2")) {
        PyErr_SetString(PyExc_ImportError, "this processor lacks SSE4.2");
        return NULL;
    }
    room_type = PyType_FromSpec(&room_spec);
    return room_type != NULL ? PyModule_Create(&definition) : NULL;
}
