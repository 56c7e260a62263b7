/* One record batch of _kafka_records.c: its checksum, its content, its records. Included there, once.
 *
 * What is not plainly in order is answered with 0, and leaves nothing behind.
 */
#define HEAD 61            /* bytes of a batch before its first record */
#define MAGIC 2
#define MOST_BATCHES 256   /* of one call */
#define ALONE (16 * 1024)  /* so large a payload is not joined with others */
#define CHUNK (1024 * 1024)
#define SMALLEST_RECORD 7
#define TOMBSTONE "null"   /* as kafka_records.TOMBSTONE */
#define LZ4_VERSION 100    /* of the interface, as lz4frame.h has it */
#define LZ4_BLOCK (64 * 1024)
#define GROWTH 8           /* CloudTrail's JSON becomes about so many times larger */
#define ENOUGH (16 * 1024 * 1024) /* decompressed by one call: what follows is left for the next one */
enum { CODEC = 7, LZ4 = 3, LOG_TIME = 8 };

typedef struct {
    Py_ssize_t at, size; /* of the value: in `content`, or in the batch where that is not compressed; -1: no value */
    int64_t offset, time;
    Py_ssize_t batch;    /* -1: in `content` */
} Record;

/* Values that become one text. */
typedef struct {
    Py_ssize_t number, size;
    uint8_t *into;
} Chunk;

typedef struct {
    Py_buffer batches[MOST_BATCHES];
    Py_ssize_t number, done;
    Py_ssize_t largest, most;
    PyObject *held;      /* a bytes object: its text is `content`; as long as a payload is shown in it, nothing else is written there */
    uint8_t *content;
    size_t content_size, content_room;
    size_t lacking;      /* room for which a batch waits, because only with the GIL can it be made */
    Record *records;
    Py_ssize_t count, room;
    Chunk *chunks;
    Py_ssize_t chunk_count, chunk_room;
    void *lz4; /* liblz4's state */
} Reading;

typedef struct {
    const uint8_t *data;
    Py_ssize_t at, end;
    int wrong;
} Cursor;

/* --- liblz4 ------------------------------------------------------------------------------------------------- */

static struct {
    size_t (*create)(void **, unsigned);
    size_t (*release)(void *);
    void (*reset)(void *);
    size_t (*decompress)(void *, void *, size_t *, const void *, size_t *, const void *);
    unsigned (*is_error)(size_t);
} lz4;

static int has_lz4;

/* A function of a shared object that is loaded already. dlsym gives an object's address, which POSIX lets stand for a function's. */
static int found(void *object, const char *name, void *place)
{
    void *symbol = dlsym(object, name);
    memcpy(place, &symbol, sizeof symbol);
    return symbol != NULL;
}

static int find_lz4(const char *path)
{
    void *object = dlopen(path, RTLD_LAZY | RTLD_NOLOAD);
    return object != NULL && found(object, "LZ4F_createDecompressionContext", &lz4.create)
        && found(object, "LZ4F_freeDecompressionContext", &lz4.release) && found(object, "LZ4F_resetDecompressionContext", &lz4.reset)
        && found(object, "LZ4F_decompress", &lz4.decompress) && found(object, "LZ4F_isError", &lz4.is_error);
}

/* Room for so much more behind what is in `content`. With the GIL. Returns 0 where there is none. */
static int make_room(Reading *reading, size_t more)
{
    reading->lacking = 0;
    if (reading->content_room - reading->content_size >= more)
        return 1;
    const size_t room = reading->content_size + (more > reading->content_room ? more : reading->content_room);
    PyObject *held = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)room);
    if (held == NULL)
        return 0;
    uint8_t *content = (uint8_t *)PyBytes_AsString(held);
    if (reading->content_size > 0)
        memcpy(content, reading->content, reading->content_size);
    Py_XDECREF(reading->held);
    reading->held = held;
    reading->content = content;
    reading->content_room = room;
    return 1;
}

/* What compressed batches may become. */
static size_t likely_room(const Reading *reading)
{
    size_t room = 0;
    for (Py_ssize_t each = 0; each < reading->number; each++) {
        const Py_buffer *batch = reading->batches + each;
        if (batch->len > HEAD && (((const uint8_t *)batch->buf)[22] & CODEC) != 0)
            room += (size_t)batch->len * GROWTH;
    }
    return room < ENOUGH ? room : ENOUGH;
}

/* One whole frame, behind what is in `content` already; 0 where it is no such thing, or becomes larger than allowed. */
static int unpack(Reading *reading, const uint8_t *data, size_t size)
{
    const size_t limit = reading->content_size + (size_t)reading->most;
    size_t hint = 1;
    if (!has_lz4 || (reading->lz4 == NULL && lz4.is_error(lz4.create(&reading->lz4, LZ4_VERSION))))
        return 0;
    lz4.reset(reading->lz4);
    const size_t start = reading->content_size;
    while (hint != 0) {
        const size_t left = limit - reading->content_size;
        if (reading->content_room - reading->content_size < (left < LZ4_BLOCK ? left : LZ4_BLOCK)) {
            reading->lacking = 2 * (reading->content_size - start) + LZ4_BLOCK;
            return 0;
        }
        size_t taken = size, given = reading->content_room - reading->content_size;
        given = given < left ? given : left;
        hint = lz4.decompress(reading->lz4, reading->content + reading->content_size, &given, data, &taken, NULL);
        if (lz4.is_error(hint) || (hint != 0 && taken == 0 && given == 0))
            return 0;
        data += taken;
        size -= taken;
        reading->content_size += given;
    }
    return size == 0;
}

/* --- a batch ------------------------------------------------------------------------------------------------ */

static uint64_t big_endian(const uint8_t *data, int bytes)
{
    uint64_t value = 0;
    while (bytes-- > 0)
        value = value << 8 | *data++;
    return value;
}

__attribute__((target("sse4.2"))) static uint32_t checksum(const uint8_t *data, size_t size)
{
    uint64_t crc = 0xffffffff, eight;
    for (; size >= sizeof eight; size -= sizeof eight, data += sizeof eight) {
        memcpy(&eight, data, sizeof eight);
        crc = _mm_crc32_u64(crc, eight);
    }
    while (size-- > 0)
        crc = _mm_crc32_u8((uint32_t)crc, *data++);
    return ~(uint32_t)crc;
}

/* A number of a record: zigzag, seven bits a byte, the lowest first. */
static int64_t number_at(Cursor *cursor)
{
    uint64_t value = 0;
    for (int shift = 0; shift < 64 && cursor->at < cursor->end; shift += 7) {
        const uint8_t letter = cursor->data[cursor->at++];
        value |= (uint64_t)(letter & 0x7f) << shift;
        if (letter < 0x80)
            return (int64_t)(value >> 1) ^ -(int64_t)(value & 1);
    }
    cursor->wrong = 1;
    return 0;
}

/* Bytes that are preceded by their number; -1 where there are none. Returns how many. */
static int64_t pass(Cursor *cursor, int nothing_allowed)
{
    const int64_t size = number_at(cursor);
    if (size < -nothing_allowed || size > cursor->end - cursor->at)
        cursor->wrong = 1;
    else if (size > 0)
        cursor->at += (Py_ssize_t)size;
    return size;
}

static int read_record(Cursor *cursor, Record *record)
{
    const int64_t length = number_at(cursor);
    if (cursor->wrong || length < SMALLEST_RECORD - 1 || length > cursor->end - cursor->at)
        return 0;
    if (cursor->data[cursor->at] >= 0x80)
        return 0; /* attributes, which are not used; aiokafka reads them as a number of several bytes, and then the rest is another */
    Cursor inner = {cursor->data, cursor->at + 1, cursor->at + (Py_ssize_t)length, 0};
    record->time = (int64_t)((uint64_t)record->time + (uint64_t)number_at(&inner));
    record->offset = (int64_t)((uint64_t)record->offset + (uint64_t)number_at(&inner));
    pass(&inner, 1); /* the key */
    record->size = (Py_ssize_t)pass(&inner, 1);
    record->at = inner.at - (record->size > 0 ? record->size : 0);
    const int64_t headers = number_at(&inner);
    if (headers < 0)
        return 0;
    for (int64_t each = 0; each < headers && !inner.wrong; each++) {
        const int64_t key = pass(&inner, 0);
        for (Py_ssize_t at = inner.at - (Py_ssize_t)key; !inner.wrong && at < inner.at; at++)
            inner.wrong = inner.data[at] >= 0x80; /* whether it is UTF-8, which it must be, is for the way in Python to say */
        pass(&inner, 1);
    }
    cursor->at = inner.at;
    return !inner.wrong && inner.at == inner.end;
}

/* Whether a batch is plainly in order; its records are appended then, else nothing is. */
static int read_batch(Reading *reading, Py_ssize_t index)
{
    const Py_buffer *batch = reading->batches + index;
    const uint8_t *data = batch->buf;
    if (batch->len < HEAD || data[16] != MAGIC || checksum(data + 21, (size_t)batch->len - 21) != big_endian(data + 17, 4))
        return 0;
    const int attributes = data[22];
    const uint64_t first_time = big_endian(data + 27, 8), newest = big_endian(data + 35, 8), count = big_endian(data + 57, 4);
    Cursor cursor = {data, HEAD, batch->len, 0};
    if ((attributes & CODEC) == LZ4) {
        const size_t start = reading->content_size;
        if (!unpack(reading, data + HEAD, (size_t)batch->len - HEAD))
            return 0;
        cursor = (Cursor){reading->content, (Py_ssize_t)start, (Py_ssize_t)reading->content_size, 0};
    } else if ((attributes & CODEC) != 0) {
        return 0;
    }
    if (count > (uint64_t)(cursor.end - cursor.at) / SMALLEST_RECORD)
        return 0;
    if (reading->room - reading->count < (Py_ssize_t)count) {
        const Py_ssize_t room = 2 * reading->room + (Py_ssize_t)count;
        Record *records = realloc(reading->records, (size_t)room * sizeof *records);
        if (records == NULL)
            return 0;
        reading->records = records;
        reading->room = room;
    }
    for (uint64_t each = 0; each < count; each++) {
        Record *record = reading->records + reading->count + each;
        *record = (Record){.offset = (int64_t)big_endian(data, 8), .time = (int64_t)first_time, .batch = cursor.data == data ? index : -1};
        if (!read_record(&cursor, record) || record->size > reading->largest)
            return 0;
        if (attributes & LOG_TIME)
            record->time = (int64_t)newest;
    }
    if (cursor.at != cursor.end)
        return 0;
    reading->count += (Py_ssize_t)count;
    return 1;
}

static void read_on(Reading *reading)
{
    for (; reading->done < reading->number && reading->content_size <= ENOUGH; reading->done++) {
        const size_t before = reading->content_size;
        if (!read_batch(reading, reading->done)) {
            reading->content_size = before;
            break;
        }
    }
}

/* With the GIL, which is given up for the work. Returns 0 where there is no memory for it. */
static int read_all(Reading *reading)
{
    int enough = make_room(reading, likely_room(reading));
    while (enough) {
        Py_BEGIN_ALLOW_THREADS
        read_on(reading);
        Py_END_ALLOW_THREADS
        if (reading->lacking == 0)
            break;
        enough = make_room(reading, reading->lacking); /* and that batch again, from its beginning */
    }
    return enough;
}
