/*
 * Phone numbers as they come out of SIP, and E.164 (ITU-T E.164: "+", then
 * at most 15 digits, the first of them not 0).
 */
#ifndef TEL_DOMAIN_NUMBER_H
#define TEL_DOMAIN_NUMBER_H

#include <stdbool.h>

#include "base/limits.h"
#include "base/str.h"

/* An E.164 number and its NUL; "" when there is none. */
struct tel_e164 {
	char text[TEL_MAX_E164 + 1];
};

/*
 * Normalise what SIP or a person wrote. Accepted: a `sip:`, `sips:` or
 * `tel:` scheme, a host behind '@', parameters behind ';', and the visual
 * separators of RFC 3966 (space, '-', '.', '(', ')'). Of what remains:
 *   +<7-15 digits>     is taken as it is,
 *   00<7-15 digits>    is an international call written by hand,
 *   <8-15 digits>      without '+' is E.164 whose '+' the carrier dropped,
 * always with a first digit other than 0. National numbers (leading 0),
 * extensions and names are not guessed at: false, and *out is "".
 */
bool tel_e164_parse(struct tel_str raw, struct tel_e164 *out);

/*
 * A user part ("0190123456@example.com") that switches dial although it is
 * not in E.164: seven digits or more, and besides them nothing but '+', '*',
 * '#' and visual separators. Shorter ones are extensions.
 */
bool tel_number_is_dialled(struct tel_str raw);

/* Strict: exactly "+" and 7-15 digits, the first not 0, nothing else. */
bool tel_e164_is_strict(struct tel_str text);

static inline struct tel_str tel_e164_str(const struct tel_e164 *n)
{
	return n->text[0] ? tel_str_from(n->text) : TEL_STR_NONE;
}

/* Enough for any number or user part, masked, and its NUL. */
#define TEL_NUMBER_MASKED 64

/*
 * For logs: keeps the first three and the last two characters of a number
 * ("+15*****00"), of a shorter one only its length. Returns `out`.
 */
char *tel_number_mask(struct tel_str number, char out[TEL_NUMBER_MASKED]);

#endif
