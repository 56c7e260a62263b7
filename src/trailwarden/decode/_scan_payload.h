/* From a payload as it came to what its text holds: decompress, hash, survey, without Python. Included by _scan.c alone.
 *
 * Keeps: what is not certain has no answer, and the way in Python decides. Memory: a text that states more than MOST_CONTENT bytes, or
 * more than the limits allow, is not touched. Decompression is libdeflate's and SHA-256 is OpenSSL's: their public functions, found
 * in the shared objects that the packages `deflate` and `hashlib` have loaded already. Nothing is linked, and none of it is copied.
 *
 * https://github.com/ebiggers/libdeflate/blob/master/libdeflate.h, https://docs.openssl.org/3.0/man3/SHA256_Init/
 */
#include <dlfcn.h>
#include <stdlib.h>

#define MOST_CONTENT ((Py_ssize_t)8 << 20) /* larger texts gain nothing by being looked at with others */
#define MOST_KEPT ((Py_ssize_t)32 << 20)   /* bytes of records that one call cuts out */
#define MOST_PLACES 4096                   /* places of wanted texts in one payload */
#define SHORTEST_GZIP 18                   /* header of 10 bytes, footer of 8: RFC 1952 */
#define HEADER_CHECKED 2                   /* FHCRC: a checksum of the header, which libdeflate passes over */
#define DENSEST 1032                       /* deflate cannot do better: 258 bytes a code, two codes of one bit each */
#define SHA256_SIZE 32
#define IDLE_MOST 8
#define IDLE_KEPT ((Py_ssize_t)1 << 20)    /* bytes of `kept` that wait for the next call: few calls cut out more */

static struct {
    void *(*make)(void);
    void (*unmake)(void *);
    int (*gunzip)(void *, const void *, size_t, void *, size_t, size_t *, size_t *); /* 0: sound; the checksum was compared */
    unsigned char *(*sha256)(const unsigned char *, size_t, unsigned char *);
} library; /* set once, when `trailwarden.decode.payloads` is imported */

/* What one call works with; kept for the next call. */
typedef struct {
    void *decompressor;
    uint8_t *content;
    Py_ssize_t room;
    uint8_t *kept; /* the text of each record that was cut out, one behind the other */
    Py_ssize_t kept_size, kept_room;
    Py_ssize_t *hits;
    Place *places;
} Workspace;

/* A record that a wanted text stands in. from: offset of its text in `kept`. */
typedef struct {
    Py_ssize_t index, from, size;
} Cut;

typedef struct {
    Py_buffer lent;
    const uint8_t *data;
    Py_ssize_t size;
    int certain;
    Py_ssize_t content_size, records, cut_count;
    Cut *cuts;
    uint8_t sha256[SHA256_SIZE];
} Payload;

typedef struct {
    Py_ssize_t longest;       /* bytes of a record */
    Py_ssize_t most_content, most_ratio, unsuspicious; /* as decode.allowance has them */
    const uint8_t *hideable;
    Wanted wanted;
    int digest;
} Task;

static void end_workspace(Workspace *space)
{
    if (space->decompressor != NULL)
        library.unmake(space->decompressor);
    free(space->content);
    free(space->kept);
    free(space->hits);
    free(space->places);
    free(space);
}

/* What a call of many matches has taken is not kept for those that come after it. */
static void shrink(Workspace *space)
{
    if (space->kept_room <= IDLE_KEPT)
        return;
    free(space->kept);
    space->kept = NULL;
    space->kept_room = 0;
}

static Workspace *new_workspace(void)
{
    Workspace *space = calloc(1, sizeof *space);
    if (space == NULL)
        return NULL;
    space->decompressor = library.make();
    space->hits = malloc(MOST_PLACES * sizeof *space->hits);
    space->places = malloc(MOST_PLACES * sizeof *space->places);
    if (space->decompressor == NULL || space->hits == NULL || space->places == NULL) {
        end_workspace(space);
        return NULL;
    }
    return space;
}

static Workspace *idle[IDLE_MOST]; /* guarded by the GIL, with which these two are called */

static Workspace *taken_workspace(void)
{
    for (int each = 0; each < IDLE_MOST; each++)
        if (idle[each] != NULL) {
            Workspace *space = idle[each];
            idle[each] = NULL;
            space->kept_size = 0;
            return space;
        }
    return new_workspace();
}

static void give_back(Workspace *space)
{
    shrink(space);
    for (int each = 0; each < IDLE_MOST; each++)
        if (idle[each] == NULL) {
            idle[each] = space;
            return;
        }
    end_workspace(space);
}

/* Room for so many bytes; what was there is kept. Returns 0 where there is none. */
static int has_room(uint8_t **bytes, Py_ssize_t *room, Py_ssize_t wanted)
{
    if (wanted <= *room)
        return 1;
    Py_ssize_t more = *room > 0 ? *room : 1 << 16;
    while (more < wanted)
        more *= 2;
    uint8_t *larger = realloc(*bytes, (size_t)more);
    if (larger == NULL)
        return 0;
    *bytes = larger;
    *room = more;
    return 1;
}

/* Whether so much may come out of the payload. */
static int is_allowed(const Task *task, const Payload *payload, Py_ssize_t size)
{
    const Py_ssize_t by_ratio = payload->size > PY_SSIZE_T_MAX / task->most_ratio ? PY_SSIZE_T_MAX : payload->size * task->most_ratio;
    return size <= MOST_CONTENT && size <= task->most_content && (size <= task->unsuspicious || size <= by_ratio);
}

/* The text of a payload that is exactly one sound gzip member, or not compressed; NULL where it is anything else. */
static const uint8_t *content_of(Workspace *space, const Task *task, Payload *payload)
{
    const uint8_t *data = payload->data;
    const Py_ssize_t size = payload->size;
    if (size == 0 || data[0] != 0x1f) {
        payload->content_size = size;
        return is_allowed(task, payload, size) ? data : NULL;
    }
    if (size < SHORTEST_GZIP || data[1] != 0x8b || (data[3] & HEADER_CHECKED) != 0)
        return NULL;
    const Py_ssize_t stated = (Py_ssize_t)(data[size - 4] | (uint32_t)data[size - 3] << 8 | (uint32_t)data[size - 2] << 16 | (uint32_t)data[size - 1] << 24);
    if (stated == 0 || stated / DENSEST > size || !is_allowed(task, payload, stated) || !has_room(&space->content, &space->room, stated))
        return NULL;
    size_t taken = 0, made = 0;
    if (library.gunzip(space->decompressor, data, (size_t)size, space->content, (size_t)stated, &taken, &made) != 0
        || taken != (size_t)size || made != (size_t)stated)
        return NULL;
    payload->content_size = stated;
    return space->content;
}

/* Copy out each record that a place lies in, once. Returns 0 where there is no room for it. */
static int cut_out(Workspace *space, Payload *payload, const Survey *survey)
{
    payload->cuts = survey->placed > 0 ? malloc((size_t)survey->placed * sizeof *payload->cuts) : NULL;
    if (survey->placed > 0 && payload->cuts == NULL)
        return 0;
    for (Py_ssize_t each = 0; each < survey->placed; each++) {
        const Place *place = survey->places + each;
        const Py_ssize_t size = place->end - place->start;
        if (payload->cut_count > 0 && payload->cuts[payload->cut_count - 1].index == place->index)
            continue;
        if (space->kept_size + size > MOST_KEPT || !has_room(&space->kept, &space->kept_room, space->kept_size + size))
            return 0;
        memcpy(space->kept + space->kept_size, survey->data + place->start, (size_t)size);
        payload->cuts[payload->cut_count++] = (Cut){place->index, space->kept_size, size};
        space->kept_size += size;
    }
    return 1;
}

/* Whether a text is UTF-8: RFC 3629, section 4. */
static int is_utf8(const uint8_t *text, Py_ssize_t size)
{
    for (Py_ssize_t at = 0; at < size;) {
        const uint8_t lead = text[at];
        if (lead < 0x80) {
            at++;
            continue;
        }
        const int more = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : 1;
        if (lead < 0xc2 || lead > 0xf4 || more >= size - at)
            return 0;
        const uint8_t least = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80, most = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
        if (text[at + 1] < least || text[at + 1] > most)
            return 0;
        for (int each = 2; each <= more; each++)
            if ((text[at + each] & 0xc0) != 0x80)
                return 0;
        at += more + 1;
    }
    return 1;
}

#define FIRST_LINE RECORD
#define FIRST_OF_ARRAY "{\"Records\":["

/* Everything about one payload; `certain` stays 0 where there is a doubt. */
static void look_at(Workspace *space, const Task *task, Payload *payload)
{
    const uint8_t *content = content_of(space, task, payload);
    if (content == NULL)
        return;
    Survey survey = {.data = content, .size = payload->content_size, .longest = task->longest, .wanted = task->wanted,
                     .hideable = task->hideable, .hits = space->hits,
                     .places = space->places, .most_hits = MOST_PLACES};
    if (stands_at(&survey, 0, FIRST_LINE, SIZE_OF(FIRST_LINE)))
        survey.lines = 1;
    else if (stands_at(&survey, 0, FIRST_OF_ARRAY RECORD, SIZE_OF(FIRST_OF_ARRAY RECORD)))
        survey.start = SIZE_OF(FIRST_OF_ARRAY);
    else
        return;
    if (walk(&survey) != DONE || (survey.unusual && holds_foreign(&survey)) || (survey.beyond_ascii && !is_utf8(content, survey.size)))
        return;
    if (task->digest && library.sha256(content, (size_t)survey.size, payload->sha256) == NULL)
        return; /* OpenSSL may lack memory, or be told to refuse */
    payload->records = survey.count;
    payload->certain = cut_out(space, payload, &survey);
}
