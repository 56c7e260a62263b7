/* Memory that an answer is received into, and that is bytes afterwards: each copy of some mebibytes would be made in the loop.
 *
 * Keeps: whoever has a view of it keeps it alive.
 */
#ifndef TRAILWARDEN_KAFKA_ROOM_H
#define TRAILWARDEN_KAFKA_ROOM_H

typedef struct {
    PyObject_HEAD
    PyObject *content; /* bytes; nobody else has them before `content()` */
} Room;

static PyObject *room_type; /* made when the module is loaded */

static int room_getbuffer(PyObject *self, Py_buffer *view, int flags)
{
    PyObject *content = ((Room *)self)->content;
    return PyBuffer_FillInfo(view, self, PyBytes_AsString(content), PyBytes_Size(content), 0, flags);
}

static void room_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    Py_CLEAR(((Room *)self)->content);
    PyObject_Free(self);
    Py_DECREF(type);
}

static PyObject *room_content(PyObject *self, PyObject *Py_UNUSED(nothing))
{
    return Py_NewRef(((Room *)self)->content);
}

PyDoc_STRVAR(room_content_doc, "content() -> bytes\n\nIts bytes, not a copy. Nobody may write into it any more.");

static PyMethodDef room_methods[] = {
    {"content", room_content, METH_NOARGS, room_content_doc},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot room_slots[] = {
    {Py_bf_getbuffer, room_getbuffer},
    {Py_tp_dealloc, room_dealloc},
    {Py_tp_methods, room_methods},
    {0, NULL},
};

static PyType_Spec room_spec = {
    "trailwarden.sources._kafka_records.Room", sizeof(Room), 0,
    Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION | Py_TPFLAGS_IMMUTABLETYPE, room_slots,
};

PyDoc_STRVAR(room_doc, "room(size) -> Room\n\nMemory of so many bytes, whatever they are, to be written into. Raises ValueError, OverflowError, MemoryError.");

static PyObject *room(PyObject *Py_UNUSED(module), PyObject *size)
{
    const Py_ssize_t wanted = PyNumber_AsSsize_t(size, PyExc_OverflowError);
    if (wanted < 0)
        return PyErr_Occurred() ? NULL : PyErr_Format(PyExc_ValueError, "room: a negative size");
    PyObject *content = PyBytes_FromStringAndSize(NULL, wanted);
    Room *made = content != NULL ? PyObject_New(Room, (PyTypeObject *)room_type) : NULL;
    if (made == NULL) {
        Py_XDECREF(content);
        return NULL;
    }
    made->content = content;
    return (PyObject *)made;
}

#endif
