/* The pass of _scan.c for one instruction set: included once with NAME and TARGET for AVX2, and once, with WIDE, for AVX-512. */

/* One bit for each of 64 bytes. With the bits 0x26 set, the brackets are 0x7f; so are `Y`, `_`, `y` and DEL, of which none stands outside
 * of a string in JSON. Signed, a byte below 0x20 is a control character or the part of a letter beyond ASCII. */
TARGET static inline Masks NAME(masks_of)(const uint8_t *block)
{
#ifdef WIDE
    const __m512i bytes = _mm512_loadu_si512(block);
    return (Masks){
        .quotes = _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8('"')),
        .backslashes = _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8('\\')),
        .brackets = _mm512_cmpeq_epi8_mask(_mm512_or_si512(bytes, _mm512_set1_epi8(0x26)), _mm512_set1_epi8(0x7f)),
        .low = _mm512_cmplt_epi8_mask(bytes, _mm512_set1_epi8(0x20)),
    };
#else
    Masks masks = {0, 0, 0, 0};
    for (int half = 0; half < 2; half++) {
        const __m256i bytes = _mm256_loadu_si256((const __m256i *)(block + 32 * half));
        const __m256i set = _mm256_or_si256(bytes, _mm256_set1_epi8(0x26));
#define BITS(vector) ((uint64_t)(uint32_t)_mm256_movemask_epi8(vector) << (32 * half))
        masks.quotes |= BITS(_mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('"')));
        masks.backslashes |= BITS(_mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('\\')));
        masks.brackets |= BITS(_mm256_cmpeq_epi8(set, _mm256_set1_epi8(0x7f)));
        masks.low |= BITS(_mm256_cmpgt_epi8(_mm256_set1_epi8(0x20), bytes));
#undef BITS
    }
    return masks;
#endif
}

/* Where the part may begin in a block: its first byte and its last one stand at the right distance. Reads part_size - 1 bytes more. */
TARGET static inline uint64_t NAME(possible)(const uint8_t *block, const uint8_t *part, Py_ssize_t part_size)
{
    const uint8_t *behind = block + part_size - 1;
#ifdef WIDE
    return _mm512_cmpeq_epi8_mask(_mm512_loadu_si512(block), _mm512_set1_epi8((char)part[0]))
        & _mm512_cmpeq_epi8_mask(_mm512_loadu_si512(behind), _mm512_set1_epi8((char)part[part_size - 1]));
#else
    uint64_t places = 0;
    for (int half = 0; half < 2; half++) {
        const __m256i front = _mm256_loadu_si256((const __m256i *)(block + 32 * half));
        const __m256i back = _mm256_loadu_si256((const __m256i *)(behind + 32 * half));
        const __m256i both = _mm256_and_si256(_mm256_cmpeq_epi8(front, _mm256_set1_epi8((char)part[0])),
                                              _mm256_cmpeq_epi8(back, _mm256_set1_epi8((char)part[part_size - 1])));
        places |= (uint64_t)(uint32_t)_mm256_movemask_epi8(both) << (32 * half);
    }
    return places;
#endif
}

/* The bytes from each opening quote on to before its closing one. carry: all ones inside a string at the end of the block. */
TARGET static inline uint64_t NAME(strings_of)(uint64_t quotes, uint64_t *carry)
{
    const __m128i product = _mm_clmulepi64_si128(_mm_set_epi64x(0, (int64_t)quotes), _mm_set1_epi8(-1), 0);
    const uint64_t inside = (uint64_t)_mm_cvtsi128_si64(product) ^ *carry;
    *carry = (uint64_t)((int64_t)inside >> 63);
    return inside;
}

/* The offsets of the bits, appended four at a time: how many there are cannot be predicted, that there are more than four can. */
TARGET static inline Py_ssize_t NAME(append)(Py_ssize_t *brackets, Py_ssize_t count, Py_ssize_t base, uint64_t bits)
{
    const Py_ssize_t more = __builtin_popcountll(bits);
    Py_ssize_t done = 0;
    do {
        for (int each = 0; each < 4; each++) {
            /* Behind the last bit this counts 64: an offset that the next block writes over. */
            brackets[count + done++] = base + (Py_ssize_t)_tzcnt_u64(bits);
            bits = _blsr_u64(bits);
        }
    } while (__builtin_expect(done < more, 0));
    return count + more;
}

/* From the first record on. DONE: the text is records and nothing else, each a balanced object; everything is in `survey` then. */
TARGET static int NAME(walk)(Survey *survey)
{
    Py_ssize_t brackets[PENDING + BLOCK + 4];
    const uint8_t *const data = survey->data, *const part = survey->wanted.part;
    const Py_ssize_t size = survey->size, part_size = survey->wanted.part_size;
    Nesting nesting = {0, 0, 0, 0};
    uint64_t escape_carry = 0, string_carry = 0, beyond_ascii = 0;
    Py_ssize_t controls = 0, pending = 0;
    for (Py_ssize_t base = survey->start; base < size; base += BLOCK) {
        uint8_t rest[2 * BLOCK];
        const uint8_t *block = data + base;
        const Py_ssize_t left = size - base;
        if (left < BLOCK + part_size - 1) {
            memset(rest, ' ', sizeof rest);
            memcpy(rest, block, (size_t)left);
            block = rest;
        }
        const Masks masks = NAME(masks_of)(block);
        const uint64_t possible = part != NULL ? NAME(possible)(block, part, part_size) : 0;
        uint64_t quotes = masks.quotes;
        /* One branch for all that is rare: it comes once in a hundred blocks. */
        if (__builtin_expect((masks.backslashes | masks.low | possible | escape_carry) != 0, 0)) {
            int hidden = 0;
            uint64_t carry = string_carry;
            quotes &= ~escaped_by(survey, base, masks.backslashes, &escape_carry, &hidden);
            if (hidden || (masks.backslashes & ~NAME(strings_of)(quotes, &carry)))
                return UNSURE;
            if (masks.low != 0) {
                const uint64_t control = control_of(block);
                beyond_ascii |= masks.low ^ control;
                controls += __builtin_popcountll(control);
            }
            if (possible != 0 && note_hits(survey, base, possible) == UNSURE)
                return UNSURE;
        }
        const uint64_t outside = ~NAME(strings_of)(quotes, &string_carry);
        pending = NAME(append)(brackets, pending, base, masks.brackets & outside);
        if (pending >= PENDING) {
            if (nest(survey, &nesting, brackets, pending) == UNSURE)
                return UNSURE;
            pending = 0;
        }
    }
    survey->beyond_ascii = beyond_ascii != 0;
    return nest(survey, &nesting, brackets, pending) != UNSURE && nesting.last != 0
        && controls == controls_expected(survey, nesting.last) ? DONE : UNSURE;
}
