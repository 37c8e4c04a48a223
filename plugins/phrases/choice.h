/* Which matches are replaced, and the edits that do it.
 *
 * Of matches that overlap the one that begins first counts, of those that begin together the longest, and a phrase of stop before all: so a text says the
 * same whatever pieces it comes in.
 */
#ifndef CHOICE_H
#define CHOICE_H

#include "search.h"

/* FEW edits stand for themselves. Where there are more, those of a text become one, which has what is between them in it. */
#define FEW 1024
#define MOST 4000 /* of MAX_ACTIONS, some of which tags need */

/* What became of a look at texts. */
typedef enum { PASSED, FOUND, LOCKED, CROWDED, TOO_MANY } outcome;

static struct {
    u32 kind;    /* EDIT or DELTA_EDIT */
    int crowded; /* edits of a text become one */
    u32 edits;

    /* the text in hand */
    u32 index;
    text in;
    const phrase *chosen; /* not written yet: a longer one may begin where it does; null: none */
    u32 start, end;       /* of the one chosen last */
    u32 until;            /* what is before that was edited */
    u32 length;           /* where the length of the edit being written stands in the verdict; 0: there is none */
} choice;

static void begin_choice(u32 kind, int crowded) {
    choice.kind = kind, choice.crowded = crowded, choice.edits = 0;
    begin_verdict();
}

static void choose_in(u32 index, text in) {
    choice.index = index, choice.in = in, choice.chosen = 0, choice.start = choice.end = choice.until = choice.length = 0;
}

static void close_edit(void) {
    if (choice.length == 0) return;
    u32 offset;
    __builtin_memcpy(&offset, verdict.p + choice.length - 4, 4);
    patch(choice.length, choice.until - offset);
    patch(choice.length + 4, verdict.n - choice.length - 8);
    end_action();
    choice.length = 0;
}

static void open_edit(u32 offset) {
    begin_action(choice.kind);
    put_u32(choice.index), put_u32(offset);
    choice.length = verdict.n;
    put_u32(0), put_u32(0);
    choice.edits++;
}

/* settle writes the edit that was chosen. */
static outcome settle(void) {
    const phrase *p = choice.chosen;
    choice.chosen = 0;
    if (p == 0) return PASSED;
    if (p->setting == STOP) return FOUND;
    if (choice.crowded && choice.length != 0) {
        put_bytes(choice.in.p + choice.until, choice.start - choice.until);
    } else {
        close_edit();
        open_edit(choice.start);
    }
    put_words(p->value);
    choice.until = choice.end;
    if (verdict.full || choice.edits > MOST) return TOO_MANY;
    return choice.edits > FEW && !choice.crowded ? CROWDED : PASSED;
}

/* consider takes the next match of the text in hand, in the order of starts. */
static outcome consider(const phrase *p, u32 start, u32 end) {
    if (choice.chosen && start == choice.start) {
        if (choice.chosen->setting != STOP && (p->setting == STOP || end > choice.end)) choice.chosen = p, choice.end = end;
        return PASSED;
    }
    if (start < choice.end) return PASSED; /* that is replaced already */
    outcome o = settle();
    choice.chosen = p, choice.start = start, choice.end = end;
    return o;
}

/* chosen_all ends the text in hand. */
static outcome chosen_all(void) {
    outcome o = settle();
    if (!verdict.full) close_edit();
    return o;
}

#endif
