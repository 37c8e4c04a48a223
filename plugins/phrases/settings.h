/* The settings of phrases: read once, by configure. */
#ifndef SETTINGS_H
#define SETTINGS_H

#include "../c/json.h"

#define MAX_PHRASES 1000
#define MAX_PHRASE 1024      /* bytes of a phrase; the host's own bound */
#define MAX_LISTS 65536      /* PATTERN_BYTES: of all lists that the host compiles for an instance */
#define MAX_TAGS 32          /* phrases to count; all plugins of a request have 64 tags together */

/* What becomes of a phrase: the settings that hold phrases. The others follow. */
enum { DENY, REDACT, STOP, ROUTE, TAG, LISTS, CHANNELS = LISTS, MESSAGE, STOP_MESSAGE, KEYS };

typedef struct phrase {
    text words;
    text value; /* the replacement, or the target */
    u32 setting;
    /* counts of the request in hand, of TAG */
    u32 found;
    u32 part;           /* where it was found last: index of a PART_STRING */
    u32 plain, decoded; /* how often there, and in the PART_DECODED behind it */
} phrase;

/* A list is what is looked for in one go. */
typedef struct list {
    int32_t handle; /* -1: there is nothing to look for */
    u32 count;
    u16 phrases[MAX_PHRASES]; /* of the list's lines: index in settings.phrases */
} list;

static struct {
    phrase phrases[MAX_PHRASES]; /* in the order in which they were written */
    u32 count;
    phrase *tags[MAX_TAGS]; /* those of TAG */
    u32 tagged;
    list request, answer;
    u32 channels; /* bits by CHANNEL_…, of those that are looked at */
    u32 span;     /* bytes that a match in an answer can have at most; 0: there is nothing to look for */
    text deny, stop;
} settings;

static const text keys[KEYS] = {
    {(const u8 *)"deny", 4}, {(const u8 *)"redact", 6}, {(const u8 *)"stop", 4}, {(const u8 *)"route", 5},
    {(const u8 *)"tag", 3}, {(const u8 *)"channels", 8}, {(const u8 *)"message", 7}, {(const u8 *)"stop_message", 12},
};

static const text channels[] = {
    {(const u8 *)"", 0}, {(const u8 *)"instruction", 11}, {(const u8 *)"user", 4}, {(const u8 *)"assistant", 9},
    {(const u8 *)"tool_result", 11}, {(const u8 *)"tool_definition", 15}, {(const u8 *)"tool_arguments", 14},
    {(const u8 *)"document", 8}, {(const u8 *)"parameter", 9},
};

static const u32 channel_count = sizeof channels / sizeof channels[0];

/* index_of is where t stands in a list; count where it does not. */
static u32 index_of(const text *all, u32 count, text t) {
    u32 i = 0;
    while (i < count && !same(all[i], t)) i++;
    return i;
}

static u64 refuse_setting(u32 key, text why) { return refuse(keys[key], why); }

/* refuse_phrase says what is wrong with a phrase of a setting, or with what stands behind it. */
static u64 refuse_phrase(u32 key, text phrase, text why) {
    begin_refusal(keys[key]);
    put_words(TEXT(": the phrase ")), put_quoted(phrase), put_words(why);
    return end_refusal();
}

/* name tells whether t can be the name of a tag or a target. */
static int name(text t) { return t.n > 0 && t.n <= WEIR_MAX_NAME && !control(t); }

/* literal tells whether t stands for itself in a string of JSON: what is replaced may be arguments of a tool call. */
static int literal(text t) {
    for (u32 i = 0; i < t.n; i++)
        if (t.p[i] < 0x20 || t.p[i] == '"' || t.p[i] == '\\') return 0;
    return 1;
}

/* add adds a phrase, or refuses it. */
static u64 add(u32 key, text words, text value) {
    if (words.n == 0) return refuse_setting(key, TEXT(": a phrase is empty"));
    if (words.n > MAX_PHRASE) return refuse_phrase(key, words, TEXT(" is longer than 1024 bytes"));
    for (u32 i = 0; i < words.n; i++)
        if (words.p[i] == '\n' || words.p[i] == '\r') return refuse_phrase(key, words, TEXT(" holds a line end: a phrase is one line"));
    if (key == REDACT && !literal(value))
        return refuse_phrase(key, words, TEXT(": its replacement holds a quotation mark, a backslash or a control character, which would break the arguments of tool calls"));
    if (key == ROUTE && !name(value)) return refuse_phrase(key, words, TEXT(": its target is no name of 1 to 128 bytes"));
    if (key == TAG && !name(words)) return refuse_phrase(key, words, TEXT(" is to be the name of a tag: it has at most 128 bytes and no control character"));
    for (u32 i = 0; i < settings.count; i++) {
        const phrase *p = &settings.phrases[i];
        if (p->setting == key && same(p->words, words)) return refuse_phrase(key, words, TEXT(" is there twice"));
    }
    if (key == TAG && settings.tagged == MAX_TAGS) return refuse_setting(key, TEXT(": there are more than 32 phrases"));
    if (settings.count == MAX_PHRASES) return refuse_setting(key, TEXT(": with it there are more than 1000 phrases in all"));
    if (key == TAG) settings.tags[settings.tagged++] = &settings.phrases[settings.count];
    settings.phrases[settings.count++] = (phrase){.words = words, .value = value, .setting = key};
    return 0;
}

/* read_phrases reads [phrase, …], or {phrase: value, …} for REDACT and ROUTE. */
static u64 read_phrases(json *j, u32 key) {
    int pairs = key == REDACT || key == ROUTE;
    text needed = key == REDACT  ? TEXT(": an object of phrases and their replacements is needed, all of them strings")
                  : key == ROUTE ? TEXT(": an object of phrases and their targets is needed, all of them strings")
                                 : TEXT(": a list of phrases is needed, all of them strings");
    if (!json_take(j, pairs ? '{' : '[')) return refuse_setting(key, needed);
    if (json_take(j, pairs ? '}' : ']')) return 0;
    do {
        text words, value = TEXT("");
        if (!json_string(j, &words) || (pairs && (!json_take(j, ':') || !json_string(j, &value)))) return refuse_setting(key, needed);
        u64 no = add(key, words, value);
        if (no) return no;
    } while (json_take(j, ','));
    return json_take(j, pairs ? '}' : ']') ? 0 : refuse_setting(key, needed);
}

static u64 read_channels(json *j) {
    text needed = TEXT(": a list of channels is needed: instruction, user, assistant, tool_result, tool_definition, tool_arguments, document, parameter");
    settings.channels = 0;
    if (!json_take(j, '[')) return refuse_setting(CHANNELS, needed);
    do {
        text t;
        if (!json_string(j, &t)) return refuse_setting(CHANNELS, needed);
        u32 channel = index_of(channels, channel_count, t);
        if (t.n == 0 || channel == channel_count) {
            begin_refusal(keys[CHANNELS]);
            put_words(TEXT(": there is no channel ")), put_quoted(t), put_words(needed);
            return end_refusal();
        }
        settings.channels |= 1u << channel;
    } while (json_take(j, ','));
    return json_take(j, ']') ? 0 : refuse_setting(CHANNELS, needed);
}

static u64 read_message(json *j, u32 key) {
    text t;
    if (!json_string(j, &t) || t.n == 0 || t.n > WEIR_MAX_MESSAGE) return refuse_setting(key, TEXT(": a string of 1 to 1024 bytes is needed"));
    *(key == MESSAGE ? &settings.deny : &settings.stop) = t;
    return 0;
}

static u64 read_setting(json *j, u32 key) {
    switch (key) {
    case CHANNELS: return read_channels(j);
    case MESSAGE:
    case STOP_MESSAGE: return read_message(j, key);
    default: return read_phrases(j, key);
    }
}

/* read_settings reads the object of settings. */
static u64 read_settings(text config) {
    json j = {config.p, config.p + config.n};
    text broken = TEXT("the settings are not one object of JSON");
    u32 had = 0;
    if (!json_take(&j, '{')) return refuse(broken, TEXT(""));
    if (!json_take(&j, '}')) {
        do {
            text t;
            if (!json_string(&j, &t) || !json_take(&j, ':')) return refuse(broken, TEXT(""));
            u32 key = index_of(keys, KEYS, t);
            if (key == KEYS || had >> key & 1) {
                begin_refusal(TEXT(""));
                put_quoted(t);
                put_words(key == KEYS ? TEXT(": there is no such setting; there are deny, redact, stop, route, tag, channels, message and stop_message")
                                      : TEXT(": the setting is there twice"));
                return end_refusal();
            }
            had |= 1u << key;
            u64 no = read_setting(&j, key);
            if (no) return no;
        } while (json_take(&j, ','));
        if (!json_take(&j, '}')) return refuse(broken, TEXT(""));
    }
    return json_over(&j) ? 0 : refuse(broken, TEXT(""));
}

#endif
