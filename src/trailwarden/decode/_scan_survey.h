/* The pass itself: what one text holds, told without Python. Included by _scan.c alone, which says what it keeps.
 *
 * Every read lies inside the text, and every write inside arrays whose size is fixed before the pass.
 */
#include <immintrin.h>
#include <stdint.h>
#include <string.h>

#define BLOCK 64
#define LONGEST_PART 64
#define LONGEST_VALUE 128
#define DEEPEST 63 /* the kinds of the open brackets are kept as the bits of one word */
#define MOST_HITS 65536
#define PENDING 256 /* brackets that are collected before they are looked at: what lies between them is in the first-level cache still */

#define RECORD "{\"eventVersion\":\"1."
#define IDENTITY "\",\"userIdentity\":{" /* follows two more characters in what CloudTrail writes to S3 */
#define FOREIGN "\"eventSource\":\"aws:" /* an SES notification begins like a record */
#define BEGINS_A_VALUE "\"-0123456789tfn{["
#define SIZE_OF(literal) ((Py_ssize_t)sizeof(literal) - 1)

enum { GO_ON, DONE, UNSURE };

typedef struct {
    Py_ssize_t start, end, index; /* of the record; index from 0 */
} Place;

/* What to look for: texts that have a part in common, or values of one member.
 *
 * Texts: `texts` has, for each place of the part in one, its offset there, the text's size, the text. Values: the part is the end of
 * `"key"`, what stands before it is the rest; `texts` has, for each value, its size and its bytes, and `slots` says where it is. */
typedef struct {
    const uint8_t *part; /* NULL where the caller gives the hits */
    Py_ssize_t part_size; /* 1 to LONGEST_PART */
    const uint8_t *texts, *before, *slots;
    Py_ssize_t texts_size, before_size, slot_count; /* slots: 4 bytes each, little-endian, one more than the offset in `texts`, or 0 */
} Wanted;

typedef struct {
    const uint8_t *data;
    Py_ssize_t size;
    Py_ssize_t longest;       /* bytes that a record may have */
    int lines;                /* a record a line; else all in one array */
    Wanted wanted;
    const uint8_t *hideable;  /* 256 bytes: not 0 for a character that an escape must not hide */
    Py_ssize_t *hits;         /* offsets, ascending */
    Place *places;            /* of the record of each hit, as far as `placed` */
    Py_ssize_t hit_count, most_hits, placed;
    Py_ssize_t count, start;  /* records so far; where the next one must begin */
    int unusual, beyond_ascii;
} Survey;

typedef struct {
    uint64_t quotes, backslashes, brackets, low;
} Masks;

static int stands_at(const Survey *survey, Py_ssize_t at, const char *literal, Py_ssize_t length)
{
    return at <= survey->size - length && memcmp(survey->data + at, literal, (size_t)length) == 0;
}

static int digit(uint8_t letter)
{
    if (letter >= '0' && letter <= '9')
        return letter - '0';
    letter |= 0x20;
    return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

/* Whether the escape at a backslash is a `\u00xx` that hides one of the characters looked for (RFC 8259, section 7). */
static int hides(const Survey *survey, Py_ssize_t at)
{
    if (!stands_at(survey, at, "\\u00", 4) || at > survey->size - 6)
        return 0;
    const int high = digit(survey->data[at + 4]), low = digit(survey->data[at + 5]);
    return high >= 0 && low >= 0 && survey->hideable[high * 16 + low];
}

/* The bytes of a block that a backslash escapes. carry: the first byte of the next block is one. *hidden: a letter could be. */
static uint64_t escaped_by(const Survey *survey, Py_ssize_t base, uint64_t backslashes, uint64_t *carry, int *hidden)
{
    uint64_t escaped = *carry;
    *carry = 0;
    backslashes &= ~escaped;
    while (backslashes != 0) {
        const int at = __builtin_ctzll(backslashes);
        *hidden |= hides(survey, base + at);
        if (at == BLOCK - 1) {
            *carry = 1;
            break;
        }
        escaped |= 2ULL << at;
        backslashes &= ~(3ULL << at);
    }
    return escaped;
}

#include "_scan_wanted.h"

/* Those of the possible places in a block where a text stands. Returns UNSURE when there are too many. */
static int note_hits(Survey *survey, Py_ssize_t base, uint64_t possible)
{
    for (; possible != 0; possible &= possible - 1) {
        const Py_ssize_t at = base + __builtin_ctzll(possible);
        const int verdict = is_wanted(survey, at);
        if (verdict == GO_ON)
            continue;
        if (verdict == UNSURE || survey->hit_count == survey->most_hits)
            return UNSURE;
        survey->hits[survey->hit_count++] = at;
    }
    return GO_ON;
}

static int begin_record(Survey *survey, Py_ssize_t at)
{
    if (at != survey->start || !stands_at(survey, at, RECORD, SIZE_OF(RECORD)))
        return UNSURE;
    survey->unusual |= !stands_at(survey, at + SIZE_OF(RECORD) + 2, IDENTITY, SIZE_OF(IDENTITY));
    return GO_ON;
}

/* Whether nothing follows but at most the end of a line. */
static int ends_at(const Survey *survey, Py_ssize_t at)
{
    return at == survey->size || (at == survey->size - 1 && stands_at(survey, at, "\n", 1))
        || (at == survey->size - 2 && stands_at(survey, at, "\r\n", 2));
}

static int end_record(Survey *survey, Py_ssize_t last)
{
    const Py_ssize_t start = survey->start, next = last + 1;
    if (next - start > survey->longest)
        return UNSURE;
    for (; survey->placed < survey->hit_count && survey->hits[survey->placed] <= last; survey->placed++)
        survey->places[survey->placed] = (Place){start, next, survey->count};
    survey->count++;
    survey->start = next + 1;
    if (survey->lines) {
        if (next == survey->size || (next + 1 == survey->size && stands_at(survey, next, "\n", 1)))
            return DONE;
        return stands_at(survey, next, "\n", 1) ? GO_ON : UNSURE;
    }
    if (stands_at(survey, next, "]}", 2))
        return ends_at(survey, next + 2) ? DONE : UNSURE;
    return stands_at(survey, next, ",", 1) ? GO_ON : UNSURE;
}

/* What the brackets so far have opened. kinds: a bit for each open one, 1 for an object, the innermost lowest. last: of the last record. */
typedef struct {
    uint64_t kinds, wrong;
    Py_ssize_t depth, last;
} Nesting;

/* Follow the brackets at some offsets. Branches only where a record begins or ends: which way a bracket goes cannot be predicted. */
static int nest(Survey *survey, Nesting *nesting, const Py_ssize_t *brackets, Py_ssize_t count)
{
    uint64_t kinds = nesting->kinds, wrong = nesting->wrong;
    Py_ssize_t depth = nesting->depth;
    for (Py_ssize_t each = 0; each < count && nesting->last == 0; each++) {
        const uint64_t letter = survey->data[brackets[each]]; /* `[` 5b, `{` 7b, `]` 5d, `}` 7d; what else the mask let in is wrong */
        const uint64_t is_object = letter >> 5 & 1, opens = letter >> 1 & 1;
        wrong |= (~(letter >> 1 ^ letter >> 2) & 1) | (uint64_t)(depth > DEEPEST) | ((opens ^ 1) & (kinds ^ is_object));
        if (depth <= 1 - (Py_ssize_t)opens) {
            const int verdict = opens ? begin_record(survey, brackets[each]) : depth == 0 ? UNSURE : end_record(survey, brackets[each]);
            if (verdict == UNSURE || wrong)
                return UNSURE;
            if (verdict == DONE)
                nesting->last = brackets[each];
        }
        kinds = opens ? kinds << 1 | is_object : kinds >> 1;
        depth += 2 * (Py_ssize_t)opens - 1;
    }
    *nesting = (Nesting){kinds, wrong, depth, nesting->last};
    return wrong ? UNSURE : GO_ON;
}

static uint64_t control_of(const uint8_t *block)
{
    uint64_t control = 0;
    for (int at = 0; at < BLOCK; at++)
        control |= (uint64_t)(block[at] < 0x20) << at;
    return control;
}

/* How many control characters the text has when they stand between lines and at its end alone. */
static Py_ssize_t controls_expected(const Survey *survey, Py_ssize_t last)
{
    const Py_ssize_t behind = survey->size - last - 1 - (survey->lines ? 0 : SIZE_OF("]}"));
    return behind + (survey->lines ? survey->count - 1 : 0);
}

#define NAME(name) name##_avx2
#define TARGET __attribute__((target("avx2,pclmul,bmi,popcnt")))
#include "_scan_walk.h"
#undef NAME
#undef TARGET
#define WIDE
#define NAME(name) name##_avx512
#define TARGET __attribute__((target("avx512bw,avx512f,avx2,pclmul,bmi,popcnt")))
#include "_scan_walk.h"

static int wide; /* set once, when the module is imported */

static int walk(Survey *survey)
{
    return wide ? walk_avx512(survey) : walk_avx2(survey);
}

/* Whether an SES notification may be among the records: asked only where one does not begin as CloudTrail writes it. */
static int holds_foreign(const Survey *survey)
{
    for (Py_ssize_t at = 0; at <= survey->size - SIZE_OF(FOREIGN); at++) {
        const uint8_t *quote = memchr(survey->data + at, '"', (size_t)(survey->size - SIZE_OF(FOREIGN) + 1 - at));
        if (quote == NULL)
            return 0;
        at = quote - survey->data;
        if (stands_at(survey, at, FOREIGN, SIZE_OF(FOREIGN)))
            return 1;
    }
    return 0;
}
