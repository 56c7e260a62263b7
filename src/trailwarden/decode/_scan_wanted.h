/* Whether what is looked for stands at a place, and whether it was written as it should be. Included by _scan_survey.h alone. */

/* Whether one of the texts stands around a place of the part. */
static int in_a_text(const Survey *survey, Py_ssize_t at)
{
    const Wanted *wanted = &survey->wanted;
    for (Py_ssize_t each = 0; each < wanted->texts_size; each += 2 + wanted->texts[each + 1]) {
        const uint8_t *text = wanted->texts + each;
        if (at >= text[0] && stands_at(survey, at - text[0], (const char *)text + 2, text[1]))
            return 1;
    }
    return 0;
}

static uint64_t eight(const uint8_t *bytes)
{
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
    return word;
}

/* A slot for a value, from its size, its last eight bytes and the eight before its middle; of a short one these begin in the key, which
 * is the same for all. decode.structure has it, too. */
static Py_ssize_t slot_of(const uint8_t *value, Py_ssize_t size, Py_ssize_t slot_count)
{
    const uint64_t mixed = eight(value + size - 8) * 0x9E3779B97F4A7C15 + eight(value + size / 2 - 8) + (uint64_t)size;
    return (Py_ssize_t)((mixed * 0xD6E8FEB86659FD93) >> 32) & (slot_count - 1);
}

static Py_ssize_t offset_in(const uint8_t *slots, Py_ssize_t slot)
{
    return (Py_ssize_t)(slots[4 * slot] | (uint32_t)slots[4 * slot + 1] << 8 | (uint32_t)slots[4 * slot + 2] << 16 | (uint32_t)slots[4 * slot + 3] << 24) - 1;
}

static int is_a_value(const Wanted *wanted, const uint8_t *value, Py_ssize_t size)
{
    for (Py_ssize_t slot = slot_of(value, size, wanted->slot_count);; slot = (slot + 1) & (wanted->slot_count - 1)) {
        const Py_ssize_t offset = offset_in(wanted->slots, slot);
        if (offset < 0)
            return 0;
        const uint8_t *text = wanted->texts + offset;
        if (text[0] == size && memcmp(text + 1, value, (size_t)size) == 0)
            return 1;
    }
}

/* Whether the part at a place ends the key, and one of the values follows. UNSURE where it is not written as CloudTrail writes it. */
static int has_a_value(const Survey *survey, Py_ssize_t at)
{
    const Wanted *wanted = &survey->wanted;
    if (at < wanted->before_size || memcmp(survey->data + at - wanted->before_size, wanted->before, (size_t)wanted->before_size) != 0)
        return GO_ON;
    const Py_ssize_t next = at + wanted->part_size;
    const uint8_t *behind = survey->data + next;
    if (next >= survey->size)
        return UNSURE;
    if (behind[0] == ',' || behind[0] == '}' || behind[0] == ']')
        return GO_ON; /* a value, not a key */
    if (behind[0] != ':' || next >= survey->size - 2 || memchr(BEGINS_A_VALUE, behind[1], SIZE_OF(BEGINS_A_VALUE)) == NULL)
        return UNSURE;
    if (behind[1] != '"')
        return GO_ON;
    const Py_ssize_t left = survey->size - next - 2;
    const uint8_t *value = behind + 2, *end = memchr(value, '"', (size_t)(left < LONGEST_VALUE + 1 ? left : LONGEST_VALUE + 1));
    return end != NULL && end > value && is_a_value(wanted, value, end - value) ? DONE : GO_ON;
}

/* Whether one of the texts or values stands at a place of the part: DONE, GO_ON where none does, or UNSURE. */
static int is_wanted(const Survey *survey, Py_ssize_t at)
{
    if (!stands_at(survey, at, (const char *)survey->wanted.part, survey->wanted.part_size))
        return GO_ON;
    if (survey->wanted.slot_count > 0)
        return has_a_value(survey, at);
    return in_a_text(survey, at) ? DONE : GO_ON;
}

/* Whether the texts are written as they should be, so that nothing outside of them is read. head: bytes before each. */
static int are_texts(const Wanted *wanted, Py_ssize_t head)
{
    Py_ssize_t each = 0;
    while (each + head <= wanted->texts_size) {
        const Py_ssize_t size = wanted->texts[each + head - 1];
        if (head == 1 && (size < 1 || size > LONGEST_VALUE))
            return 0;
        each += head + size;
    }
    return each == wanted->texts_size && each > 0;
}

/* Likewise for the slots: as many as a power of two, some of them empty, the others inside of the texts; and the key so long that what
 * `slot_of` reads begins in it. */
static int are_slots(const Wanted *wanted)
{
    const Py_ssize_t count = wanted->slot_count;
    int empty = 0;
    for (Py_ssize_t slot = 0; slot < count; slot++) {
        const Py_ssize_t offset = offset_in(wanted->slots, slot);
        empty |= offset < 0;
        if (offset >= wanted->texts_size || (offset >= 0 && offset + 1 + wanted->texts[offset] > wanted->texts_size))
            return 0;
    }
    return empty && (count & (count - 1)) == 0 && wanted->before_size + wanted->part_size >= 6;
}

static int is_sound(const Wanted *wanted)
{
    return wanted->part_size >= 1 && wanted->part_size <= LONGEST_PART && are_texts(wanted, wanted->slot_count > 0 ? 1 : 2)
        && (wanted->slot_count == 0 || are_slots(wanted));
}
