/* phrases: what becomes of requests and answers that hold given phrases. README.md is its page. */
#include "choice.h"

#define BIT(setting) (1u << (setting))

u64 weir_manifest(void) {
    text json = TEXT("{\"name\":\"phrases\",\"version\":\"1.0.0\",\"sections\":{\"request\":[\"messages\",\"text\"],\"delta\":[\"text\"]},"
                     "\"guard\":true,\"on_error\":\"deny\"}");
    return (u64)(u32)json.p << 32 | json.n;
}

/* ---- settings ---- */

/* refuse_replacements refuses a replacement that would be found fault with itself, at once or when the conversation comes back. */
static u64 refuse_replacements(const list *l) {
    if (l->handle < 0) return 0;
    for (u32 i = 0; i < settings.count; i++) {
        const phrase *p = &settings.phrases[i], *q;
        if (p->setting != REDACT) continue;
        search s = begin_search(l, p->value);
        u32 start, end;
        while ((q = next_match(&s, &start, &end))) {
            if (q->setting == ROUTE || q->setting == TAG) continue;
            begin_refusal(keys[REDACT]);
            put_words(TEXT(": the replacement ")), put_quoted(p->value), put_words(TEXT(" holds the phrase ")), put_quoted(q->words);
            put_words(TEXT(" of ")), put_words(keys[q->setting]);
            return end_refusal();
        }
    }
    return 0;
}

u64 weir_on_configure(const void *frame, u32 size) {
    const u32 request = BIT(DENY) | BIT(REDACT) | BIT(ROUTE) | BIT(TAG), answer = BIT(REDACT) | BIT(STOP);
    settings.deny = TEXT("this request holds a phrase that the policy forbids");
    settings.stop = TEXT("this answer holds a phrase that the policy forbids");
    settings.channels = ~0u;
    u64 no = read_settings(section(frame, WEIR_SECTION_CONFIG));
    if (no) return no;
    if (settings.count == 0) return refuse(TEXT("there is no phrase: give deny, redact, stop, route or tag some"), TEXT(""));
    u32 bytes = lines(request) + lines(answer);
    if (bytes > MAX_LISTS) {
        begin_refusal(TEXT("deny, redact, stop, route and tag: all phrases have "));
        put_decimal(bytes);
        put_words(TEXT(" bytes together, more than 65536; a line end counts for each, and those of redact count twice"));
        return end_refusal();
    }
    if (!compile(&settings.request, request) || !compile(&settings.answer, answer))
        return refuse(TEXT("deny, redact, stop, route and tag: the host cannot compile the phrases"), TEXT(""));
    for (u32 i = 0; i < settings.answer.count; i++) {
        u32 n = span(settings.phrases[settings.answer.phrases[i]].words);
        if (n > settings.span) settings.span = n;
    }
    no = refuse_replacements(&settings.request);
    return no ? no : refuse_replacements(&settings.answer);
}

/* ---- requests ---- */

/* What is known of the request in hand beside its edits. */
static struct {
    const weir_part *parts;
    const phrase *route;

    u32 string;   /* the PART_STRING looked at last */
    u32 literals; /* phrases to redact in it that its decoded twin shows at the same place */
    u32 reached;  /* how far its escapes were read */
    u32 twin, hidden; /* the PART_DECODED looked at last, and the phrases to redact in it */
} request;

static int short_escape(u8 c) { return c == '"' || c == '\\' || c == '/' || c == 'b' || c == 'f' || c == 'n' || c == 'r' || c == 't'; }

/* stands_for_itself tells whether a range of a part of JSON is no part of an escape and has none in it: then the
 * same text is in the part's decoded twin. It is asked in the order of starts. */
static int stands_for_itself(u32 start, u32 end) {
    text t = choice.in;
    while (request.reached < start) {
        const u8 *p = t.p + request.reached;
        u32 left = t.n - request.reached, n = 1;
        if (*p == '\\' && left > 1) {
            if (p[1] == 'u') n = left >= 6 && hex4(p + 2) < 0x10000 ? 6 : 1;
            else if (short_escape(p[1])) n = 2;
        }
        request.reached += n;
    }
    if (request.reached > start) return 0;
    for (u32 i = start; i < end; i++)
        if (t.p[i] == '\\') return 0;
    return 1;
}

/* redact chooses a match in a part, or says that it cannot be edited there: it is in an object, or spelled by escapes that only
 * the decoded twin of a string shows. Every literal match in the string is one in the twin, so as many there are all. */
static outcome redact(const phrase *p, u32 k, u32 start, u32 end) {
    switch (request.parts[k].kind) {
    case WEIR_PART_STRING:
        if (request.parts[k].channel == WEIR_CHANNEL_TOOL_ARGUMENTS) request.literals += stands_for_itself(start, end);
        return consider(p, start, end);
    case WEIR_PART_DECODED:
        if (request.twin != k) request.twin = k, request.hidden = 0;
        return ++request.hidden > (request.string + 1 == k ? request.literals : 0) ? LOCKED : PASSED;
    default: return LOCKED;
    }
}

/* count counts a phrase. What a string and its decoded twin both show counts once. */
static void count(phrase *p, u32 k) {
    int decoded = request.parts[k].kind == WEIR_PART_DECODED;
    if (p->part != k - (decoded ? 1 : 0)) p->part = k - (decoded ? 1 : 0), p->plain = p->decoded = 0;
    if (decoded ? ++p->decoded > p->plain : ++p->plain) p->found++;
}

/* enter begins a part. */
static void enter(u32 k, text in) {
    choose_in(k, in);
    if (request.parts[k].kind == WEIR_PART_STRING) request.string = k, request.literals = request.reached = 0;
}

/* inspect looks at the parts from first to last, whose texts lie one behind the other. */
static outcome inspect(text arena, u32 first, u32 last) {
    const weir_part *part = request.parts;
    u32 base = part[first].offset, k = first, start, end;
    search s = begin_search(&settings.request, (text){arena.p + base, part[last].offset + part[last].length - base});
    outcome o = PASSED;
    enter(k, (text){arena.p + base, part[k].length});
    for (phrase *p; o == PASSED && (p = next_match(&s, &start, &end));) {
        start += base, end += base;
        for (; o == PASSED && part[k].offset + part[k].length <= start; enter(k, (text){arena.p + part[k].offset, part[k].length})) o = chosen_all(), k++;
        if (o != PASSED) return o;
        if (end > part[k].offset + part[k].length) continue; /* two texts make it */
        switch (p->setting) {
        case DENY: return FOUND;
        case REDACT: o = redact(p, k, start - part[k].offset, end - part[k].offset); break;
        case ROUTE: if (request.route == 0 || p < request.route) request.route = p; break;
        default: count(p, k);
        }
    }
    return o == PASSED ? chosen_all() : o;
}

static int looked_at(const weir_part *p) { return settings.channels >> p->channel & 1; }

/* inspect_all looks at all parts of channels that are looked at, as many as lie together in one go. */
static outcome inspect_all(text arena, u32 n, int crowded) {
    begin_choice(WEIR_ACTION_EDIT, crowded);
    request.route = 0, request.string = request.twin = WEIR_NONE - 1;
    for (u32 i = 0; i < settings.tagged; i++) settings.tags[i]->found = 0, settings.tags[i]->part = WEIR_NONE;
    outcome o = PASSED;
    for (u32 i = 0; i < n && o == PASSED; i++) {
        if (!looked_at(&request.parts[i])) continue;
        u32 first = i;
        while (i + 1 < n && looked_at(&request.parts[i + 1]) && request.parts[i + 1].offset == request.parts[i].offset + request.parts[i].length) i++;
        o = inspect(arena, first, i);
    }
    return o;
}

static u64 deny(text why) {
    begin_verdict();
    begin_action(WEIR_ACTION_DENY), put_u32(0), put_text(TEXT("")), put_text(why), end_action();
    return end_verdict();
}

static void put_route(text target) { begin_action(WEIR_ACTION_ROUTE), put_u32(WEIR_BY_NAME), put_text(target), end_action(); }

static void put_tags(void) {
    for (u32 i = 0; i < settings.tagged; i++) {
        const phrase *p = settings.tags[i];
        if (p->found == 0) continue;
        begin_action(WEIR_ACTION_TAG);
        put_text(p->words);
        u32 at = verdict.n;
        put_u32(0), put_decimal(p->found);
        patch(at, verdict.n - at - 4);
        end_action();
    }
}

u64 weir_on_request(const void *frame, u32 size) {
    text parts = section(frame, WEIR_SECTION_MESSAGES), arena = section(frame, WEIR_SECTION_TEXT);
    if (settings.request.handle < 0) return 0;
    request.parts = (const weir_part *)parts.p;
    u32 n = parts.n / sizeof(weir_part);
    outcome o = inspect_all(arena, n, 0);
    if (o == CROWDED) o = inspect_all(arena, n, 1);
    if (o == PASSED) {
        if (request.route) put_route(request.route->value);
        put_tags();
        if (verdict.full) o = TOO_MANY;
    }
    switch (o) {
    case PASSED: return end_verdict();
    case FOUND: return deny(settings.deny);
    case LOCKED: return deny(TEXT("this request holds a phrase that the policy redacts, in a place where it cannot be redacted"));
    default: return deny(TEXT("this request holds more phrases that the policy redacts than can be redacted"));
    }
}

/* ---- answers ---- */

/* watch looks at an entry of a batch. Where final is not set the string may go on: what begins in its last bytes is not decided yet, and
 * hold says how many that are. */
static outcome watch(u32 index, text in, int final, u32 *hold) {
    u32 decided = final ? in.n : in.n < settings.span ? 0 : in.n - settings.span + 1, start, end;
    search s = begin_search(&settings.answer, in);
    outcome o = PASSED;
    choose_in(index, in);
    for (const phrase *p; o == PASSED && (p = next_match(&s, &start, &end)) && start < decided;) o = consider(p, start, end);
    if (o == PASSED) o = chosen_all();
    if (choice.end > decided) decided = choice.end;
    if (in.n - decided > *hold) *hold = in.n - decided;
    return o;
}

static outcome watch_all(text arena, text deltas, int crowded) {
    const weir_batch *batch = (const weir_batch *)deltas.p;
    const weir_delta *delta = (const weir_delta *)(batch + 1);
    int final = (batch->flags & (WEIR_DELTA_FLAG_FINAL | WEIR_DELTA_FLAG_COMPLETE)) != 0;
    u32 hold = 0;
    outcome o = PASSED;
    begin_choice(WEIR_ACTION_DELTA_EDIT, crowded);
    for (u32 i = 0; i < batch->count && o == PASSED; i++) o = watch(i, (text){arena.p + delta[i].offset, delta[i].length}, final, &hold);
    if (o == PASSED && hold > 0) begin_action(WEIR_ACTION_HOLD), put_u32(hold), end_action();
    return o == PASSED && verdict.full ? TOO_MANY : o;
}

static u64 stop(text why) {
    begin_verdict();
    begin_action(WEIR_ACTION_STOP), put_text(TEXT("")), put_text(why), end_action();
    return end_verdict();
}

u64 weir_on_delta(const void *frame, u32 size) {
    text deltas = section(frame, WEIR_SECTION_DELTA), arena = section(frame, WEIR_SECTION_TEXT);
    if (settings.answer.handle < 0) return 0;
    outcome o = watch_all(arena, deltas, 0);
    if (o == CROWDED) o = watch_all(arena, deltas, 1);
    switch (o) {
    case PASSED: return end_verdict();
    case FOUND: return stop(settings.stop);
    default: return stop(TEXT("this answer holds more phrases that the policy redacts than can be redacted"));
    }
}
