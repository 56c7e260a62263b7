/* One pass over a log file's bytes at memory speed: its records, the places of one literal, and escapes that could hide a letter.
 *
 * Keeps: every read lies inside the buffer that Python lends for the call, and every write inside arrays whose size is fixed before
 * the pass. The GIL is released meanwhile. What is not certain is answered with None, and then the exact way in Python decides.
 *
 * Built where there is a C compiler for x86-64; elsewhere everything goes the way in Python, which finds the same, slower.
 * The tests compare both ways; `tests/native/fuzz.py` runs this under AddressSanitizer. The pass itself is in _scan_walk.h,
 * compiled once for AVX2 and once for AVX-512.
 */
#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x030B0000
#include <Python.h>
#include "_scan_survey.h"
#include "_scan_payload.h"

/* The caller's hits as numbers. Returns -1 with an exception set. */
static int take_hits(PyObject *hits, Survey *survey)
{
    for (; survey->hit_count < survey->most_hits; survey->hit_count++) {
        PyObject *item = PySequence_GetItem(hits, survey->hit_count);
        if (item == NULL)
            return -1;
        survey->hits[survey->hit_count] = PyNumber_AsSsize_t(item, PyExc_OverflowError);
        Py_DECREF(item);
        if (PyErr_Occurred())
            return -1;
    }
    return 0;
}

static PyObject *places_of(const Survey *survey)
{
    PyObject *list = PyList_New(survey->placed);
    for (Py_ssize_t index = 0; list != NULL && index < survey->placed; index++) {
        const Place *place = survey->places + index;
        PyObject *item = Py_BuildValue("(nnnn)", survey->hits[index], place->start, place->end, place->index);
        if (item == NULL || PyList_SetItem(list, index, item) < 0)
            Py_CLEAR(list);
    }
    return list;
}

/* The arrays, the pass, the answer. */
static PyObject *surveyed(Survey *survey, PyObject *hits)
{
    PyObject *answer = NULL;
    int verdict;
    survey->hits = PyMem_Malloc(((size_t)survey->most_hits + 1) * sizeof *survey->hits);
    survey->places = PyMem_Malloc(((size_t)survey->most_hits + 1) * sizeof *survey->places);
    if (survey->hits == NULL || survey->places == NULL) {
        PyErr_NoMemory();
    } else if (survey->wanted.part != NULL || take_hits(hits, survey) == 0) {
        Py_BEGIN_ALLOW_THREADS
        verdict = walk(survey);
        if (verdict == DONE && survey->unusual && holds_foreign(survey))
            verdict = UNSURE;
        Py_END_ALLOW_THREADS
        if (verdict == DONE) {
            PyObject *places = places_of(survey);
            if (places != NULL)
                answer = Py_BuildValue("(nNO)", survey->count, places, survey->beyond_ascii ? Py_False : Py_True);
        } else {
            answer = Py_NewRef(Py_None);
        }
    }
    PyMem_Free(survey->hits);
    PyMem_Free(survey->places);
    return answer;
}

/* What is wanted, as Python has it: part, texts, before, slots. */
typedef struct {
    Py_buffer part, texts, before, slots;
} Lent;

#define LENT(lent) &(lent).part, &(lent).texts, &(lent).before, &(lent).slots

static Wanted wanted_of(const Lent *lent)
{
    return (Wanted){.part = lent->part.len > 0 ? lent->part.buf : NULL, .part_size = lent->part.len > 0 ? lent->part.len : 1, .texts = lent->texts.buf,
                    .texts_size = lent->texts.len, .before = lent->before.buf, .before_size = lent->before.len, .slots = lent->slots.buf,
                    .slot_count = lent->slots.len / 4};
}

static void give_lent_back(Lent *lent)
{
    PyBuffer_Release(&lent->part);
    PyBuffer_Release(&lent->texts);
    PyBuffer_Release(&lent->before);
    PyBuffer_Release(&lent->slots);
}

PyDoc_STRVAR(survey_doc, "survey(data, first, longest, hideable, wanted, hits) -> tuple[int, list[tuple[int, int, int, int]], bool] | None\n\n"
    "How many records the text from `first` on consists of; for each hit: its offset, and the start, end and index of the record that\n"
    "it lies in; whether all bytes are ASCII. None: not certain. first: 0 for a record a line, else the offset behind the `[`.\n"
    "wanted: what to look for, as `decode.structure.Wanted` has it: part (1 to 64 bytes; hits is then the most places, an int), texts,\n"
    "before, slots; with an empty part hits is a sequence of offsets, ascending.\n"
    "hideable: 256 bytes, not 0 where a `\\u00xx` for that character is reason enough for None. Raises ValueError.");

static PyObject *survey(PyObject *Py_UNUSED(module), PyObject *args)
{
    Py_buffer data, hideable;
    Lent lent;
    PyObject *hits, *answer = NULL;
    Py_ssize_t first, longest;
    if (!PyArg_ParseTuple(args, "y*nny*(y*y*y*y*)O", &data, &first, &longest, &hideable, LENT(lent), &hits))
        return NULL;
    const Wanted wanted = wanted_of(&lent);
    const Py_ssize_t most = wanted.part != NULL ? PyNumber_AsSsize_t(hits, PyExc_OverflowError) : PySequence_Size(hits);
    if (PyErr_Occurred()) {
        /* not a number, not a sequence */
    } else if (first < 0 || first > data.len || hideable.len != 256 || most < 0 || most > MOST_HITS || (wanted.part != NULL && !is_sound(&wanted))) {
        PyErr_SetString(PyExc_ValueError, "survey: an argument is out of its range");
    } else {
        Survey state = {.data = data.buf, .size = data.len, .longest = longest, .lines = first == 0, .wanted = wanted,
                        .hideable = hideable.buf, .most_hits = most, .start = first};
        answer = surveyed(&state, hits);
    }
    PyBuffer_Release(&data);
    PyBuffer_Release(&hideable);
    give_lent_back(&lent);
    return answer;
}

/* --- many payloads in one call ---------------------------------------------------------------------------------------------------- */

static PyObject *hexadecimal(const uint8_t *digest)
{
    char text[2 * SHA256_SIZE];
    for (int at = 0; at < SHA256_SIZE; at++) {
        text[2 * at] = "0123456789abcdef"[digest[at] >> 4];
        text[2 * at + 1] = "0123456789abcdef"[digest[at] & 15];
    }
    return PyUnicode_FromStringAndSize(text, sizeof text);
}

static PyObject *answer_for(const Workspace *space, const Task *task, const Payload *payload)
{
    if (!payload->certain)
        return Py_NewRef(Py_None);
    PyObject *cuts = PyList_New(payload->cut_count);
    for (Py_ssize_t each = 0; cuts != NULL && each < payload->cut_count; each++) {
        const Cut *cut = payload->cuts + each;
        PyObject *item = Py_BuildValue("(ny#)", cut->index, space->kept + cut->from, cut->size);
        if (item == NULL || PyList_SetItem(cuts, each, item) < 0)
            Py_CLEAR(cuts);
    }
    PyObject *digest = task->digest ? hexadecimal(payload->sha256) : PyUnicode_FromString("");
    if (cuts == NULL || digest == NULL) {
        Py_XDECREF(cuts);
        Py_XDECREF(digest);
        return NULL;
    }
    return Py_BuildValue("(nnNN)", payload->records, payload->content_size, digest, cuts);
}

/* What nobody can change. Returns 0 with an exception set for anything else. */
static int lent_by(PyObject *payload, Payload *into)
{
    if (PyObject_GetBuffer(payload, &into->lent, PyBUF_SIMPLE) != 0)
        return 0;
    into->data = into->lent.buf;
    into->size = into->lent.len;
    if (!into->lent.readonly)
        PyErr_SetString(PyExc_TypeError, "look: a payload could change while it is looked at");
    return into->lent.readonly;
}

/* payloads: a tuple of bytes, or of views of bytes, which nobody can change meanwhile. */
static PyObject *looked_at(PyObject *payloads, const Task *task)
{
    const Py_ssize_t count = PyTuple_Size(payloads);
    Workspace *space = taken_workspace();
    Payload *each = calloc((size_t)count + 1, sizeof *each);
    PyObject *answer = NULL;
    int ready = space != NULL && each != NULL;
    if (!ready)
        PyErr_NoMemory();
    for (Py_ssize_t at = 0; ready && at < count; at++)
        ready = lent_by(PyTuple_GetItem(payloads, at), each + at);
    if (ready) {
        Py_BEGIN_ALLOW_THREADS
        for (Py_ssize_t at = 0; at < count; at++)
            look_at(space, task, each + at);
        Py_END_ALLOW_THREADS
        answer = PyList_New(count); /* not before: other threads could come across a list of nothing meanwhile */
        for (Py_ssize_t at = 0; answer != NULL && at < count; at++) {
            PyObject *item = answer_for(space, task, each + at);
            if (item == NULL || PyList_SetItem(answer, at, item) < 0)
                Py_CLEAR(answer);
        }
    }
    for (Py_ssize_t at = 0; each != NULL && at < count; at++) {
        free(each[at].cuts);
        PyBuffer_Release(&each[at].lent); /* of one that was never lent it does nothing */
    }
    free(each);
    if (space != NULL)
        give_back(space);
    return answer;
}

PyDoc_STRVAR(look_doc, "look(payloads, longest, limits, hideable, wanted, digest) -> list[tuple[int, int, str, list[tuple[int, bytes]]] | None]\n\n"
    "For each of a tuple of bytes or views of bytes, with the lock given up once for all: how many records it has, the size of its text, the SHA-256 of\n"
    "the text (hexadecimal; empty unless digest), and index and text of each record in which a wanted text stands. None: not certain.\n"
    "limits: most bytes of a text, most bytes out for a byte in, and the bytes up to which no ratio is asked for. The rest as in `survey`.\n"
    "Raises ValueError, TypeError, and RuntimeError where `libraries` has not found what it takes.");

static PyObject *look(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *payloads, *answer = NULL;
    Py_buffer hideable;
    Lent lent;
    Task task;
    if (!PyArg_ParseTuple(args, "O!n(nnn)y*(y*y*y*y*)p", &PyTuple_Type, &payloads, &task.longest, &task.most_content, &task.most_ratio,
                          &task.unsuspicious, &hideable, LENT(lent), &task.digest))
        return NULL;
    task.wanted = wanted_of(&lent);
    if (library.gunzip == NULL || (task.digest && library.sha256 == NULL)) {
        PyErr_SetString(PyExc_RuntimeError, "look: a library is missing");
    } else if (hideable.len != 256 || task.wanted.part == NULL || !is_sound(&task.wanted) || task.most_ratio < 1) {
        PyErr_SetString(PyExc_ValueError, "look: an argument is out of its range");
    } else {
        task.hideable = hideable.buf;
        answer = looked_at(payloads, &task);
    }
    PyBuffer_Release(&hideable);
    give_lent_back(&lent);
    return answer;
}

/* A function of a shared object that is loaded already. dlsym gives an object's address, which POSIX lets stand for a function's. */
static int found(const char *path, const char *name, void *place)
{
    void *object = dlopen(path, RTLD_LAZY | RTLD_NOLOAD), *symbol = object != NULL ? dlsym(object, name) : NULL;
    memcpy(place, &symbol, sizeof symbol);
    return symbol != NULL;
}

PyDoc_STRVAR(libraries_doc, "libraries(deflate, hashes) -> tuple[bool, bool]\n\n"
    "Look for libdeflate and for OpenSSL's SHA-256 in two shared objects that Python has loaded: their paths, None for one not to be looked at.\n"
    "Returns whether each is there, found now or before.");

static PyObject *libraries(PyObject *Py_UNUSED(module), PyObject *args)
{
    const char *deflate, *hashes;
    if (!PyArg_ParseTuple(args, "zz", &deflate, &hashes))
        return NULL;
    if (deflate != NULL && !(found(deflate, "libdeflate_alloc_decompressor", &library.make) && found(deflate, "libdeflate_free_decompressor", &library.unmake)
                             && found(deflate, "libdeflate_gzip_decompress_ex", &library.gunzip)))
        library.gunzip = NULL;
    if (hashes != NULL)
        found(hashes, "SHA256", &library.sha256);
    return Py_BuildValue("(NN)", PyBool_FromLong(library.gunzip != NULL), PyBool_FromLong(library.sha256 != NULL));
}

PyDoc_STRVAR(narrow_doc, "narrow(yes) -> bool\n\nUse AVX2 even where there is AVX-512, for tests. Returns whether AVX-512 is used now.");

static PyObject *narrow(PyObject *Py_UNUSED(module), PyObject *yes)
{
    const int wanted = PyObject_IsTrue(yes);
    if (wanted < 0)
        return NULL;
    wide = !wanted && __builtin_cpu_supports("avx512bw");
    return PyBool_FromLong(wide);
}

static PyMethodDef methods[] = {
    {"survey", survey, METH_VARARGS, survey_doc},
    {"look", look, METH_VARARGS, look_doc},
    {"libraries", libraries, METH_VARARGS, libraries_doc},
    {"narrow", narrow, METH_O, narrow_doc},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "_scan", "One pass over a log file at memory speed; see trailwarden.decode.structure.", 0, methods,
    NULL, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__scan(void)
{
    __builtin_cpu_init();
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("pclmul") || !__builtin_cpu_supports("bmi")) {
        PyErr_SetString(PyExc_ImportError, "this processor lacks AVX2, PCLMUL or BMI");
        return NULL;
    }
    wide = __builtin_cpu_supports("avx512bw");
    return PyModule_Create(&definition);
}
